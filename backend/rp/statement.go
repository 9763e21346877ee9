package rp

import (
	"bytes"
	"strings"

	"github.com/google/go-tpm/tpm2"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Attestation statement formats (WebAuthn section 8).
const (
	formatNone      = "none"
	formatPacked    = "packed"
	formatTPM       = "tpm"
	formatAndroid   = "android-key"
	formatSafetyNet = "android-safetynet"
	formatU2F       = "fido-u2f"
	formatApple     = "apple"
	formatCompound  = "compound"
	maxSubStatement = 8
	maxCertificates = 8
)

// member is one entry of a statement's CDDL.
type member uint8

const (
	mustAlgorithm member = iota + 1
	mayAlgorithm
	mustBytes
	mustText
	mustCertificates
	mayCertificates
)

// statements is the CDDL of section 8, closed: an entry that is not there is
// refused, since whoever put it there meant something that nobody checks.
//
// ECDAA is missing because no authenticator ships it. Apple's early statements carry
// an alg.
var statements = map[string]map[string]member{
	formatNone:      {},
	formatPacked:    {"alg": mustAlgorithm, "sig": mustBytes, "x5c": mayCertificates},
	formatTPM:       {"ver": mustText, "alg": mustAlgorithm, "x5c": mustCertificates, "sig": mustBytes, "certInfo": mustBytes, "pubArea": mustBytes},
	formatAndroid:   {"alg": mustAlgorithm, "sig": mustBytes, "x5c": mustCertificates},
	formatSafetyNet: {"ver": mustText, "response": mustBytes},
	formatU2F:       {"sig": mustBytes, "x5c": mustCertificates},
	formatApple:     {"alg": mayAlgorithm, "x5c": mustCertificates},
}

// checkStatement holds a statement against its format's CDDL, so that go-webauthn
// never has to guess. attestation-format, attestation-invalid.
func checkStatement(format string, statement any) error {
	if format != formatCompound {
		return checkSimpleStatement(format, statement)
	}
	subs, isArray := statement.([]any)
	if !isArray || len(subs) < 2 || len(subs) > maxSubStatement {
		return refuse(mfa.CodeAttestationInvalid, "compound: no list of 2 to %d statements", maxSubStatement)
	}
	for _, item := range subs {
		sub, _ := item.(map[string]any)
		subFormat, isText := sub["fmt"].(string)
		if !isText || len(sub) != 2 || subFormat == formatCompound || subFormat == formatNone {
			return refuse(mfa.CodeAttestationInvalid, "compound: no statement of a format that may stand inside")
		}
		if err := checkSimpleStatement(subFormat, sub["attStmt"]); err != nil {
			return err
		}
	}
	return nil
}

func checkSimpleStatement(format string, statement any) error {
	cddl, known := statements[format]
	if !known {
		return mfa.Fail(mfa.CodeAttestationFormat, "format", shorten(format)).Because(errorf("attestation format %.32q", format))
	}
	entries, isMap := statement.(map[string]any)
	if !isMap {
		return refuse(mfa.CodeAttestationInvalid, "%s: the statement is no map", format)
	}
	for name := range entries {
		if _, allowed := cddl[name]; !allowed {
			return refuse(mfa.CodeAttestationInvalid, "%s: entry %.32q", format, name)
		}
	}
	for name, want := range cddl {
		value, found := entries[name]
		if !found && (want == mayAlgorithm || want == mayCertificates) {
			continue
		}
		if !want.fits(value) {
			return refuse(mfa.CodeAttestationInvalid, "%s: entry %s is missing or of another type", format, name)
		}
	}
	if format == formatTPM {
		return checkPublicArea(entries["pubArea"].([]byte))
	}
	return nil
}

// checkPublicArea refuses bytes behind a TPMT_PUBLIC. The library would pass over
// them, and the name in certInfo does not cover them.
func checkPublicArea(raw []byte) error {
	area, err := tpm2.Unmarshal[tpm2.TPMTPublic](raw)
	if err != nil || !bytes.Equal(tpm2.Marshal(area), raw) {
		return refuse(mfa.CodeAttestationInvalid, "tpm: pubArea is not one TPMT_PUBLIC")
	}
	return nil
}

func (m member) fits(value any) bool {
	switch m {
	case mustAlgorithm, mayAlgorithm:
		_, ok := value.(int64) // every registered signature algorithm is negative
		return ok
	case mustBytes:
		b, ok := value.([]byte)
		return ok && len(b) > 0
	case mustText:
		_, ok := value.(string)
		return ok
	default:
		list, ok := value.([]any)
		for _, item := range list {
			der, isBytes := item.([]byte)
			ok = ok && isBytes && len(der) > 0
		}
		return ok && len(list) > 0 && len(list) <= maxCertificates
	}
}

// shorten keeps a name from outside fit for a parameter.
func shorten(format string) string {
	return strings.ToValidUTF8(format[:min(len(format), 32)], "")
}
