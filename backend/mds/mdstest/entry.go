package mdstest

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"maps"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Entry is one entry of a BLOB. Fields that are empty are left out.
type Entry struct {
	AAGUID         mfa.AAGUID
	AAID           string
	KeyIDs         [][]byte
	Name           string
	Protocol       string // fido2 unless set
	Roots          []*x509.Certificate
	Reports        []Report
	Certifications map[string]int // of getInfo
	Transports     []string       // of getInfo
	Hints          []string       // attachmentHint
	Firmware       uint32
	Since          string // YYYY-MM-DD; 2024-01-01 unless set
	Icon           string // data: address

	// More goes into the entry, MoreStatement into its statement, over what stands above.
	More, MoreStatement map[string]any
	// Raw is the entry instead of all this.
	Raw any
}

// Report is a status report as it stands in a BLOB: member names and values.
type Report map[string]any

// Status is a report with a status and the day it begins; an empty day is left out.
func Status(status, day string) Report {
	r := Report{"status": status}
	if day != "" {
		r["effectiveDate"] = day
	}
	return r
}

// FIPS is a FIPS140_CERTIFIED_Ln report of revision 2 or 3.
func FIPS(revision, level int, day string) Report {
	return Status(fmt.Sprintf("FIPS140_CERTIFIED_L%d", level), day).With("fipsRevision", revision)
}

// With is a copy with one member more.
func (r Report) With(name string, value any) Report {
	r = maps.Clone(r)
	r[name] = value
	return r
}

func (e Entry) json() any {
	if e.Raw != nil {
		return e.Raw
	}
	statement := map[string]any{
		"description": e.Name, "protocolFamily": "fido2", "schema": 3, "authenticatorVersion": e.Firmware,
		"upv": []any{map[string]int{"major": 1, "minor": 1}}, "authenticationAlgorithms": []string{"secp256r1_ecdsa_sha256_raw"},
		"publicKeyAlgAndEncodings": []string{"cose"}, "attestationTypes": []string{"basic_full"},
		"userVerificationDetails": []any{[]any{map[string]string{"userVerificationMethod": "presence_internal"}}},
		"keyProtection":           []string{"hardware", "secure_element"}, "matcherProtection": []string{"on_chip"}, "tcDisplay": []string{},
		"attachmentHint": e.Hints, "attestationRootCertificates": append([]string{}, Chain(e.Roots...)...),
	}
	entry := map[string]any{"metadataStatement": statement, "timeOfLastStatusChange": "2024-01-01", "statusReports": append([]Report{}, e.Reports...)}
	if e.Since != "" {
		entry["timeOfLastStatusChange"] = e.Since
	}
	if e.Protocol != "" {
		statement["protocolFamily"] = e.Protocol
	}
	if !e.AAGUID.IsZero() {
		entry["aaguid"], statement["aaguid"] = e.AAGUID.String(), e.AAGUID.String()
	}
	if e.AAID != "" {
		entry["aaid"] = e.AAID
	}
	var ids []string
	for _, id := range e.KeyIDs {
		ids = append(ids, hex.EncodeToString(id))
	}
	if ids != nil {
		entry["attestationCertificateKeyIdentifiers"] = ids
	}
	info := map[string]any{"versions": []string{"FIDO_2_1"}, "options": map[string]bool{"rk": true}}
	if e.Transports != nil {
		info["transports"] = e.Transports
	}
	if e.Certifications != nil {
		info["certifications"] = e.Certifications
	}
	statement["authenticatorGetInfo"] = info
	if e.Icon != "" {
		statement["icon"] = e.Icon
	}
	maps.Copy(statement, e.MoreStatement)
	maps.Copy(entry, e.More)
	return entry
}

// Model is an AAGUID for tests, made of a number.
func Model(n int) mfa.AAGUID {
	id := mfa.AAGUID{0x6b, 0x65, 0x79, 0x66}
	binary.BigEndian.PutUint32(id[12:], uint32(n))
	return id
}

// Icon is a data: address of a PNG with one grey pixel and a comment that makes it as
// long as wanted, in bytes of the address, or a little more.
func Icon(size int) string {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		body := append([]byte(kind), data...)
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data))))
		b.Write(body)
		b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
	}
	chunk("IHDR", []byte{0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0})
	chunk("tEXt", append([]byte("Comment\x00"), bytes.Repeat([]byte{'x'}, max(0, size*3/4-100))...))
	chunk("IDAT", []byte{0x78, 0x9c, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81})
	chunk("IEND", nil)
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())
}
