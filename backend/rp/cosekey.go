package rp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha1" // RS1, for attestation of old TPMs and foreign vectors; never offered
	"crypto/sha256"
	_ "crypto/sha512"
	"math/big"

	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Labels and key types of a COSE_Key (RFC 9052 section 7, RFC 9053 section 7, RFC 8230).
const (
	labelType      = 1
	labelAlgorithm = 3
	labelCurve     = -1 // of an EC2 or OKP key
	labelX         = -2
	labelY         = -3
	labelN         = -1 // of an RSA key
	labelE         = -2

	typeOKP = 1
	typeEC2 = 2
	typeRSA = 3
)

// RSA bounds. 2048 bits is the least that is still allowed anywhere; 8192 keeps
// a check under a millisecond.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// scheme is how one COSE algorithm is verified.
type scheme struct {
	keyType int64
	curve   int64 // EC2, OKP
	hash    crypto.Hash
	pss     bool
}

// schemes are the algorithms verified here. ES256K is left to go-webauthn.
var schemes = map[int64]scheme{
	algES256: {keyType: typeEC2, curve: 1, hash: crypto.SHA256},
	-35:      {keyType: typeEC2, curve: 2, hash: crypto.SHA384},
	-36:      {keyType: typeEC2, curve: 3, hash: crypto.SHA512},
	-9:       {keyType: typeEC2, curve: 1, hash: crypto.SHA256}, // RFC 9864: curve in the name
	-51:      {keyType: typeEC2, curve: 2, hash: crypto.SHA384},
	-52:      {keyType: typeEC2, curve: 3, hash: crypto.SHA512},
	algEdDSA: {keyType: typeOKP, curve: 6},
	-19:      {keyType: typeOKP, curve: 6},
	algRS256: {keyType: typeRSA, hash: crypto.SHA256},
	-258:     {keyType: typeRSA, hash: crypto.SHA384},
	-259:     {keyType: typeRSA, hash: crypto.SHA512},
	-65535:   {keyType: typeRSA, hash: crypto.SHA1},
	-37:      {keyType: typeRSA, hash: crypto.SHA256, pss: true},
	-38:      {keyType: typeRSA, hash: crypto.SHA384, pss: true},
	-39:      {keyType: typeRSA, hash: crypto.SHA512, pss: true},
}

const algES256K = -47

var ellipticCurves = map[int64]elliptic.Curve{1: elliptic.P256(), 2: elliptic.P384(), 3: elliptic.P521()}

// publicKey is a credential key that can verify: its algorithm is known, fits
// the key type, and the numbers make a key nobody can trivially sign for.
type publicKey struct {
	algorithm int64
	scheme    scheme
	key       any // *ecdsa.PublicKey, ed25519.PublicKey, *rsa.PublicKey, or go-webauthn's
}

// readPublicKey reads a stored key: a COSE_Key, or the 65 bytes of a U2F key
// that was stored before CTAP2. key-unusable.
func readPublicKey(data []byte) (*publicKey, error) {
	if len(data) == 65 && data[0] == 4 {
		return ellipticKey(algES256, schemes[algES256], data[1:33], data[33:])
	}
	var labels map[int64]any
	if err := attestationCBOR.Unmarshal(data, &labels); err != nil {
		return nil, unusable("encoding", "%w", err)
	}
	return newPublicKey(labels)
}

// newPublicKey checks a COSE_Key. key-unusable, with why one of encoding,
// algorithm, type, private, member, curve, point, modulus, exponent.
func newPublicKey(labels map[int64]any) (*publicKey, error) {
	keyType, _ := integer(labels[labelType])
	algorithm, hasAlgorithm := integer(labels[labelAlgorithm])
	if !hasAlgorithm {
		return nil, unusable("algorithm", "no algorithm")
	}
	if algorithm == algES256K {
		return secp256k1Key(labels)
	}
	s, known := schemes[algorithm]
	if !known {
		return nil, unusable("algorithm", "algorithm %d cannot be verified", algorithm)
	}
	if keyType != s.keyType {
		return nil, unusable("type", "key type %d with algorithm %d", keyType, algorithm)
	}
	if err := checkLabels(labels, s.keyType); err != nil {
		return nil, err
	}
	if s.keyType == typeRSA {
		return rsaKey(algorithm, s, labels)
	}
	if curve, _ := integer(labels[labelCurve]); curve != s.curve {
		return nil, unusable("curve", "curve %d with algorithm %d", curve, algorithm)
	}
	x, _ := labels[labelX].([]byte)
	if s.keyType == typeOKP {
		return edwardsKey(algorithm, s, x)
	}
	y, _ := labels[labelY].([]byte)
	return ellipticKey(algorithm, s, x, y)
}

// checkLabels refuses every label beyond those of the key type: WebAuthn 6.5.1
// allows no other, and one of them would be the private key.
func checkLabels(labels map[int64]any, keyType int64) error {
	want, private := 5, int64(-4) // EC2: kty, alg, crv, x, y
	switch keyType {
	case typeOKP:
		want = 4
	case typeRSA:
		want, private = 4, -3
	}
	if _, found := labels[private]; found {
		return unusable("private", "it carries its private part")
	}
	if len(labels) != want {
		return unusable("member", "%d members, expected %d", len(labels), want)
	}
	return nil
}

func ellipticKey(algorithm int64, s scheme, x, y []byte) (*publicKey, error) {
	curve := ellipticCurves[s.curve]
	size := (curve.Params().BitSize + 7) / 8
	if len(x) != size || len(y) != size {
		return nil, unusable("point", "coordinates of %d and %d bytes, expected %d", len(x), len(y), size)
	}
	point := make([]byte, 0, 1+2*66)
	point = append(append(append(point, 4), x...), y...)
	key, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, unusable("point", "%w", err)
	}
	return &publicKey{algorithm, s, key}, nil
}

func edwardsKey(algorithm int64, s scheme, x []byte) (*publicKey, error) {
	if len(x) != ed25519.PublicKeySize {
		return nil, unusable("point", "Ed25519 key of %d bytes", len(x))
	}
	if err := checkEdwardsPoint(x); err != nil {
		return nil, unusable("point", "%w", err)
	}
	return &publicKey{algorithm, s, ed25519.PublicKey(x)}, nil
}

func rsaKey(algorithm int64, s scheme, labels map[int64]any) (*publicKey, error) {
	// RFC 8230 wants the shortest form; keys with leading zeros are about all the same.
	n, _ := labels[labelN].([]byte)
	e, _ := labels[labelE].([]byte)
	if len(n) > 1+maxRSABits/8 {
		return nil, unusable("modulus", "modulus of %d bytes", len(n))
	}
	modulus := new(big.Int).SetBytes(n)
	if bits := modulus.BitLen(); bits < minRSABits || bits > maxRSABits || modulus.Bit(0) == 0 {
		return nil, unusable("modulus", "modulus of %d bits, lowest bit %d", bits, modulus.Bit(0))
	}
	// An odd exponent of at least 3 that fits 31 bits, which is what crypto/rsa
	// verifies with. With 1 the signature would be the message.
	if len(e) > 4 {
		return nil, unusable("exponent", "exponent of %d bytes", len(e))
	}
	exponent := 0
	for _, b := range e {
		exponent = exponent<<8 | int(b)
	}
	if exponent < 3 || exponent > 1<<31-1 || exponent&1 == 0 {
		return nil, unusable("exponent", "exponent %d", exponent)
	}
	return &publicKey{algorithm, s, &rsa.PublicKey{N: modulus, E: exponent}}, nil
}

// secp256k1Key reads an ES256K key, which the standard library knows nothing of.
func secp256k1Key(labels map[int64]any) (*publicKey, error) {
	if keyType, _ := integer(labels[labelType]); keyType != typeEC2 {
		return nil, unusable("type", "key type %d with ES256K", keyType)
	}
	if curve, _ := integer(labels[labelCurve]); curve != int64(webauthncose.Secp256k1) {
		return nil, unusable("curve", "curve %d with ES256K", curve)
	}
	if err := checkLabels(labels, typeEC2); err != nil {
		return nil, err
	}
	encoded, err := ctapcbor.Marshal(labels)
	if err != nil {
		return nil, unusable("encoding", "%w", err)
	}
	key, err := webauthncose.ParsePublicKey(encoded)
	if err != nil {
		return nil, unusable("point", "%w", err)
	}
	return &publicKey{algorithm: algES256K, key: key}, nil
}

// verify checks signature over message. ECDSA signatures are DER and nothing but
// DER (WebAuthn 6.5.5). signature-invalid.
func (k *publicKey) verify(message, signature []byte) error {
	valid := false
	switch key := k.key.(type) {
	case *ecdsa.PublicKey:
		valid = ecdsa.VerifyASN1(key, k.digest(message), signature)
	case ed25519.PublicKey:
		valid = ed25519.Verify(key, message, signature)
	case *rsa.PublicKey:
		if k.scheme.pss {
			options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
			valid = rsa.VerifyPSS(key, k.scheme.hash, k.digest(message), signature, options) == nil
		} else {
			valid = rsa.VerifyPKCS1v15(key, k.scheme.hash, k.digest(message), signature) == nil
		}
	default:
		valid, _ = webauthncose.VerifySignature(k.key, message, signature)
	}
	if !valid {
		return refuse(mfa.CodeSignatureInvalid, "the signature of %d bytes does not verify", len(signature))
	}
	return nil
}

func (k *publicKey) digest(message []byte) []byte {
	if k.scheme.hash == crypto.SHA256 {
		sum := sha256.Sum256(message)
		return sum[:]
	}
	h := k.scheme.hash.New()
	h.Write(message)
	return h.Sum(nil)
}

// integer reads a CBOR integer as fxamacker/cbor hands it over.
func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case uint64:
		return int64(n), n < 1<<63
	}
	return 0, false
}

// encodeKey writes labels as canonical CBOR, the form in which keys are stored.
// They hold integers and byte strings only, which can always be written.
func encodeKey(labels map[int64]any) []byte { return ctapcbor.MustMarshal(labels) }
