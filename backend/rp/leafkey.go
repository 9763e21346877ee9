package rp

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"

	"github.com/keyferry/keyferry/backend/mfa"
)

// newLeafKey is the key of an attestation certificate, to be used with one COSE
// algorithm. Key type and curve must be those of the algorithm (RFC 9053 section
// 2.1): by a certificate's key alone an ES256 signature verifies on any curve,
// and WebAuthn 5.8.5 ties ES256 to P-256. attestation-invalid.
func newLeafKey(algorithm int64, leaf *x509.Certificate) (*publicKey, error) {
	s, known := schemes[algorithm]
	if !known {
		return nil, refuse(mfa.CodeAttestationInvalid, "algorithm %d cannot be verified with a certificate", algorithm)
	}
	fits := false
	switch key := leaf.PublicKey.(type) {
	case *ecdsa.PublicKey:
		fits = s.keyType == typeEC2 && key.Curve == ellipticCurves[s.curve]
	case ed25519.PublicKey:
		fits = s.keyType == typeOKP
	case *rsa.PublicKey:
		fits = s.keyType == typeRSA && key.N.BitLen() <= maxRSABits
	}
	if !fits {
		return nil, refuse(mfa.CodeAttestationInvalid, "algorithm %d is not for the %v key of x5c[0]", algorithm, leaf.PublicKeyAlgorithm)
	}
	return &publicKey{algorithm, s, leaf.PublicKey}, nil
}

// equals tells whether both are the same key, whatever they are used for.
func (k *publicKey) equals(leaf *x509.Certificate) bool {
	switch key := k.key.(type) {
	case *ecdsa.PublicKey:
		return key.Equal(leaf.PublicKey)
	case ed25519.PublicKey:
		return key.Equal(leaf.PublicKey)
	case *rsa.PublicKey:
		return key.Equal(leaf.PublicKey)
	}
	return false
}
