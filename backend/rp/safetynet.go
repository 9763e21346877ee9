package rp

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/keyferry/keyferry/backend/mfa"
)

// What SafetyNet's answer must say (WebAuthn 8.5). Google has switched it off; old
// phones that still have an answer are verified as a legacy.
const (
	safetyNetHost    = "attest.android.com"
	safetyNetPackage = "com.google.android.gms" // any other app may ask too, for any nonce
	safetyNetSkew    = time.Minute              // clocks of phone and computer
)

var (
	errToken     = errors.New("not three parts in base64url")
	errHeader    = errors.New("the header is not alg and x5c")
	errPayload   = errors.New("the payload is not what SafetyNet writes")
	errHost      = errors.New("the certificate is not for " + safetyNetHost)
	errNonce     = errors.New("the nonce is not that of this ceremony")
	errProfile   = errors.New("the device does not match a certified profile")
	errPackage   = errors.New("another app than Google Play services asked")
	errTimestamp = errors.New("it was not made during this ceremony")
)

// safetyNet is SafetyNet's answer, a JWS in compact form (RFC 7515 section 7.1),
// before anything of it is believed.
type safetyNet struct {
	algorithm int64
	chain     []*x509.Certificate // leaf first
	signed    []byte
	signature []byte // in the form in which publicKey verifies

	nonce          []byte
	made           time.Time
	profileMatches bool
	packageName    string
}

func readSafetyNet(response []byte) (s safetyNet, err error) {
	parts := bytes.SplitN(response, []byte{'.'}, 4)
	if len(parts) != 3 {
		return s, errToken
	}
	s.signed = response[:len(parts[0])+1+len(parts[1])]
	texts := make([][]byte, 3)
	for i, part := range parts {
		if texts[i], err = decode(part); err != nil {
			return s, errors.Join(errToken, err)
		}
	}
	if err := s.readHeader(texts[0]); err != nil {
		return s, err
	}
	s.signature = texts[2]
	if s.algorithm == algES256 {
		if s.signature, err = derSignature(texts[2]); err != nil {
			return s, err
		}
	}
	return s, s.readPayload(texts[1])
}

// readHeader takes the certificates from x5c and from nowhere else. A header that
// points at another key, or that makes members critical, means something that is
// not done here.
func (s *safetyNet) readHeader(text []byte) error {
	header, err := readJSON(text)
	if err != nil {
		return errors.Join(errHeader, err)
	}
	for _, elsewhere := range []string{"crit", "jku", "jwk", "x5u"} {
		if header.get(elsewhere).kind != jsonAbsent {
			return errHeader
		}
	}
	switch alg := header.get("alg"); {
	case alg.kind == jsonText && string(alg.text) == "RS256":
		s.algorithm = algRS256
	case alg.kind == jsonText && string(alg.text) == "ES256":
		s.algorithm = algES256
	default:
		return errHeader
	}
	list := header.get("x5c")
	if list.kind != jsonArray || len(list.items) == 0 || len(list.items) > maxCertificates {
		return errHeader
	}
	for _, item := range list.items {
		der, err := standardBase64(item)
		if err != nil {
			return errors.Join(errHeader, err)
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		s.chain = append(s.chain, certificate)
	}
	return checkOrder(s.chain)
}

func (s *safetyNet) readPayload(text []byte) error {
	payload, err := readJSON(text)
	if err != nil {
		return errors.Join(errPayload, err)
	}
	if s.nonce, err = standardBase64(payload.get("nonce")); err != nil {
		return errors.Join(errPayload, err)
	}
	timestamp, packageName := payload.get("timestampMs"), payload.get("apkPackageName")
	milliseconds, err := strconv.ParseInt(string(timestamp.text), 10, 64)
	if err != nil || timestamp.kind != jsonNumber || packageName.kind != jsonText {
		return errPayload
	}
	s.made, s.packageName = time.UnixMilli(milliseconds), string(packageName.text)
	s.profileMatches = payload.get("ctsProfileMatch").kind == jsonTrue
	return nil
}

// verifySafetyNet checks an android-safetynet statement (WebAuthn 8.5) up to the
// trust in its root, which is not judged here: go-webauthn would ask the machine's
// certificate store. attestation-invalid.
func (o *attestationObject) verifySafetyNet(statement map[string]any, clientDataHash []byte, at time.Time) error {
	refused := func(err error) error { return refuse(mfa.CodeAttestationInvalid, "android-safetynet: %w", err) }
	if statement["ver"].(string) == "" {
		return refuse(mfa.CodeAttestationInvalid, "android-safetynet: no version")
	}
	s, err := readSafetyNet(statement["response"].([]byte))
	if err != nil {
		return refused(err)
	}
	key, err := newLeafKey(s.algorithm, s.chain[0])
	if err != nil {
		return err
	}
	if err := key.verify(s.signed, s.signature); err != nil {
		return refused(err)
	}
	nonce := sha256.Sum256(slices.Concat(o.data.raw, clientDataHash))
	switch {
	case !slices.Contains(s.chain[0].DNSNames, safetyNetHost):
		return refused(errHost)
	case subtle.ConstantTimeCompare(s.nonce, nonce[:]) != 1:
		return refused(errNonce)
	case !s.profileMatches:
		return refused(errProfile)
	case s.packageName != safetyNetPackage:
		return refused(errPackage)
	case s.made.After(at.Add(safetyNetSkew)) || s.made.Before(at.Add(-DefaultChallengeLife-safetyNetSkew)):
		return refused(errTimestamp)
	}
	for i, c := range s.chain {
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return refuse(mfa.CodeAttestationInvalid, "android-safetynet: x5c[%d] is valid from %v to %v only", i, c.NotBefore, c.NotAfter)
		}
	}
	return nil
}

func standardBase64(v jsonValue) ([]byte, error) {
	if v.kind != jsonText {
		return nil, base64.CorruptInputError(0)
	}
	return base64.StdEncoding.Strict().DecodeString(string(v.text))
}

// derSignature writes a signature of JWS, r and s in 32 bytes each (RFC 7518 section
// 3.4), as the DER that WebAuthn has.
func derSignature(raw []byte) ([]byte, error) {
	if len(raw) != 64 {
		return nil, errToken
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[:32]))
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[32:]))
	})
	return b.Bytes()
}
