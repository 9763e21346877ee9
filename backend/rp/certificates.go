package rp

import (
	"bytes"
	"crypto/x509"
	"errors"
	"maps"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/keyferry/keyferry/backend/mfa"
)

// go-webauthn holds the certificates of packed, fido-u2f and tpm statements
// against the machine's clock. Here the moment is part of the question
// (Expectation.At): a ceremony can be judged again later, and a test does not
// depend on the year. So validity is judged here, and the library is handed
// copies that are always valid. For these formats it reads only the key and the
// names of a certificate and never a signature over one; a test holds on to that.
//
// apple and android-key are handed over as they are: there the library checks
// signatures up to the vendor's root, and looks past expiry by itself.

var errCertificate = errors.New("not an X.509 certificate")

// judgeCertificates checks validity and order of a statement's certificates and
// gives the statement for the library. attestation-invalid.
func judgeCertificates(format string, statement map[string]any, at time.Time) (map[string]any, error) {
	chain, _ := statement["x5c"].([]any)
	if len(chain) == 0 || format == formatApple || format == formatAndroid {
		return statement, nil
	}
	widened := make([]any, len(chain))
	for i, der := range chain {
		always, notBefore, notAfter, err := widenValidity(der.([]byte))
		if err != nil {
			return nil, refuse(mfa.CodeAttestationInvalid, "%s: x5c[%d]: %w", format, i, err)
		}
		if at.Before(notBefore) || at.After(notAfter) {
			return nil, refuse(mfa.CodeAttestationInvalid, "%s: x5c[%d] is valid from %v to %v only", format, i, notBefore, notAfter)
		}
		widened[i] = always
	}
	if err := checkOrder(chain); err != nil {
		return nil, refuse(mfa.CodeAttestationInvalid, "%s: x5c: %w", format, err)
	}
	statement = maps.Clone(statement)
	statement["x5c"] = widened
	return statement, nil
}

// checkOrder holds each certificate against the next, which must have issued it
// (WebAuthn 8.2: the chain in order, leaf first). The library looks at the first
// alone. A signature by SHA-1 proves nothing either way and is passed over.
func checkOrder(chain []any) error {
	if len(chain) == 1 {
		return nil
	}
	var issued *x509.Certificate
	for _, der := range chain {
		c, err := x509.ParseCertificate(der.([]byte))
		if err != nil {
			return err
		}
		if issued != nil {
			var weak x509.InsecureAlgorithmError
			if err := issued.CheckSignatureFrom(c); err != nil && !errors.As(err, &weak) {
				return err
			}
		}
		issued = c
	}
	return nil
}

// widenValidity copies a certificate with a validity of 1950 to at least 2049,
// and gives the one it had (RFC 5280 section 4.1.2.5).
func widenValidity(der []byte) (always []byte, notBefore, notAfter time.Time, err error) {
	always = bytes.Clone(der)
	input := cryptobyte.String(always)
	var certificate, tbs, validity cryptobyte.String
	ok := input.ReadASN1(&certificate, asn1.SEQUENCE) && input.Empty() &&
		certificate.ReadASN1(&tbs, asn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) && // version
		tbs.SkipASN1(asn1.INTEGER) && // serial number
		tbs.SkipASN1(asn1.SEQUENCE) && // signature algorithm
		tbs.SkipASN1(asn1.SEQUENCE) && // issuer
		tbs.ReadASN1(&validity, asn1.SEQUENCE) &&
		replaceTime(&validity, &notBefore, "500101000000Z", "19500101000000Z") &&
		replaceTime(&validity, &notAfter, "491231235959Z", "99991231235959Z") &&
		validity.Empty()
	if !ok {
		return nil, notBefore, notAfter, errCertificate
	}
	return always, notBefore, notAfter, nil
}

// replaceTime reads a UTCTime or GeneralizedTime and writes another of the same
// kind and length into its place.
func replaceTime(s *cryptobyte.String, t *time.Time, utc, generalized string) bool {
	before := *s
	replacement := utc
	switch {
	case s.PeekASN1Tag(asn1.UTCTime):
		if !s.ReadASN1UTCTime(t) {
			return false
		}
	case s.PeekASN1Tag(asn1.GeneralizedTime):
		if replacement = generalized; !s.ReadASN1GeneralizedTime(t) {
			return false
		}
	default:
		return false
	}
	const header = 2 // tag and short length
	if element := before[:len(before)-len(*s)]; len(element) == header+len(replacement) {
		copy(element[header:], replacement)
		return true
	}
	return false
}
