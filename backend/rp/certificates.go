package rp

import (
	"bytes"
	"crypto/x509"
	encodingasn1 "encoding/asn1"
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
// apple and android-key are verified here (apple.go, android.go) and no validity
// is asked of them: Apple's leaves live for days, Android's certificates carry
// dates that mean nothing.

var (
	errCertificate = errors.New("not an X.509 certificate")
	errNames       = errors.New("its issuer is not the next one's subject")
	errAAGUID      = errors.New("the AAGUID extension is no octet string of 16 bytes")
)

// oidAAGUID is id-fido-gen-ce-aaguid (WebAuthn 8.2.1, 8.3.1).
var oidAAGUID = encodingasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}

// judgeCertificates checks key, order and validity of a statement's certificates.
// It gives the leaf, nil if the statement has none, and the statement for the
// library. attestation-invalid.
func judgeCertificates(format string, statement map[string]any, at time.Time) (*x509.Certificate, map[string]any, error) {
	certificates, err := presentedChain(format, statement)
	if err != nil || len(certificates) == 0 {
		return nil, statement, err
	}
	leaf := certificates[0]
	if format == formatPacked || format == formatTPM || format == formatAndroid {
		if _, err := newLeafKey(statement["alg"].(int64), leaf); err != nil {
			return nil, nil, err
		}
	}
	if format == formatApple || format == formatAndroid {
		return leaf, statement, nil
	}
	if err := checkAAGUIDForm(leaf); err != nil && format != formatU2F {
		return nil, nil, refuse(mfa.CodeAttestationInvalid, "%s: x5c[0]: %w", format, err)
	}
	statement = maps.Clone(statement)
	widened, err := judgeValidity(format, statement["x5c"].([]any), at)
	statement["x5c"] = widened
	return leaf, statement, err
}

// judgeValidity gives copies of the certificates that are always valid.
func judgeValidity(format string, chain []any, at time.Time) ([]any, error) {
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
	return widened, nil
}

// checkOrder holds each certificate against the next, which must have issued it
// (WebAuthn 8.2: the chain in order, leaf first). The library looks at the first
// alone. A signature by SHA-1 proves nothing either way and is passed over; the
// names are compared all the same.
func checkOrder(chain []*x509.Certificate) error {
	for i, issuer := range chain[1:] {
		issued := chain[i]
		if !bytes.Equal(issued.RawIssuer, issuer.RawSubject) {
			return errNames
		}
		var weak x509.InsecureAlgorithmError
		if err := issued.CheckSignatureFrom(issuer); err != nil && !errors.As(err, &weak) {
			return err
		}
	}
	return nil
}

// checkAAGUIDForm wants the AAGUID extension, if there is one, to be an octet
// string of 16 bytes and nothing behind it. The library compares the 16 bytes.
func checkAAGUIDForm(leaf *x509.Certificate) error {
	value, found := extensionOf(leaf, oidAAGUID)
	if found && (len(value) != 2+16 || value[0] != encodingasn1.TagOctetString || value[1] != 16) {
		return errAAGUID
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
