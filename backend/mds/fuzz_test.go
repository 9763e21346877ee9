package mds_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
)

// Whatever the file is: a failure of ours, and never a BLOB that was not signed.
func FuzzJWT(f *testing.F) {
	s := mdstest.New(f)
	good := s.Blob(mdstest.Entry{AAGUID: mdstest.Model(1), Name: "One"})
	f.Add(good)
	f.Add([]byte("..."))
	f.Add([]byte("eyJhbGciOiJub25lIn0.e30."))
	f.Add(bytes.Replace(good, []byte("."), []byte(".."), 1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := mds.Open(raw, s.Anchors(), mdstest.Now)
		if err == nil && !bytes.Equal(bytes.TrimRight(raw, " \t\r\n"), good) {
			t.Fatalf("taken: %q", raw)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "metadata-") {
			t.Fatal(err)
		}
	})
}

// Whatever was signed: a failure of ours, or a Metadata that survives its index and
// whose entries are found again.
func FuzzEntries(f *testing.F) {
	f.Add([]byte(`{"no":1,"nextUpdate":"2026-12-01","entries":[{"aaguid":"6b657966-0000-0000-0000-000000000001","metadataStatement":{"description":"x\u00e9\ud83d\ude00","icon":"data:,"},` +
		`"statusReports":[{"status":"FIDO_CERTIFIED_L1","effectiveDate":"2024-01-01","sunsetDate":null,"authenticatorVersion":1e1,"batchCertificate":"MII="}],"timeOfLastStatusChange":"2024-01-01"}]}`))
	f.Add([]byte(`{"no":1,"entries":[null,7,[],{"aaid":"a#b","statusReports":[]},{"aaid":"A#B","statusReports":[{"status":"REVOKED"}]}]}`))
	f.Add([]byte(`{"no":1,"entries":[{"attestationCertificateKeyIdentifiers":["00","zz"],"statusReports":[],"metadataStatement":{"authenticatorGetInfo":{"certifications":{"FIDO":3}}}}]}`))
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(string(mdstest.New(f).Blob(mdstest.Entry{AAGUID: mdstest.Model(1), Reports: []mdstest.Report{mdstest.FIPS(2, 2, "")}})), ".")[1])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Fuzz(func(t *testing.T, payload []byte) {
		raw := []byte("e30." + base64.RawURLEncoding.EncodeToString(payload) + ".AA")
		m, err := mds.Read(payload)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "metadata-") {
				t.Fatal(err)
			}
			return
		}
		back, err := mds.Load(m.Index())
		if err != nil || show(back) != show(m) {
			t.Fatalf("%v\n%s\n%s", err, show(m), show(back))
		}
		for _, model := range m.Models() {
			model.Certificates(mdstest.Now, 0)
			model.Refused(mdstest.Now, 1, [][]byte{{0x30}})
			if again, ok := m.ByID(model.ID); !ok || again != model {
				t.Fatalf("%q is not found", model.ID)
			}
			if _, err := mds.Details(raw, model); err != nil {
				t.Fatalf("%q: %v", model.ID, err)
			}
		}
	})
}

// Whatever the index is, summed up rightly even: a failure of ours or a Metadata.
func FuzzLoad(f *testing.F) {
	index := mdstest.New(f).Open(mdstest.Many(f, 5)...).Index()
	f.Add(index[:len(index)-sha256.Size])
	f.Add([]byte("KFMX\x01"))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _ = mds.Load(body)
		sum := sha256.Sum256(body)
		m, err := mds.Load(append(body, sum[:]...))
		if err != nil {
			if err.Error() != "metadata-malformed" {
				t.Fatal(err)
			}
			return
		}
		for _, model := range m.Models() {
			model.Roots()
			model.Certificates(mdstest.Now, 0)
			_, _ = mds.Details([]byte("e30.e30.AA"), model)
		}
	})
}
