package virtualauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io"

	"github.com/keyferry/keyferry/backend/ctap2"
)

const (
	rsaBits    = 2048
	scalarSize = 32
)

var errAlgorithm = errors.New("virtualauth: key of an unknown algorithm")

// newKey makes a private key in the form in which it is kept: ES256 the 32-byte
// scalar, EdDSA the 32-byte seed, RS256 PKCS #1. The first two come from r, so
// that a test with a fixed source gets the same keys; the standard library's own
// generators ignore the source they are given, and RSA has only that.
func newKey(alg int64, r io.Reader) ([]byte, error) {
	switch alg {
	case ctap2.RS256:
		key, err := rsa.GenerateKey(rand.Reader, rsaBits)
		if err != nil {
			return nil, err
		}
		return x509.MarshalPKCS1PrivateKey(key), nil
	case ctap2.ES256, ctap2.EdDSA:
		for {
			key := make([]byte, scalarSize)
			if _, err := io.ReadFull(r, key); err != nil {
				return nil, err
			}
			if _, err := parseKey(alg, key); err == nil {
				return key, nil // a scalar of zero or past the order: once in 2^32 tries
			}
		}
	}
	return nil, errAlgorithm
}

// parseKey reads what newKey made.
func parseKey(alg int64, key []byte) (crypto.Signer, error) {
	switch alg {
	case ctap2.ES256:
		return ecdsa.ParseRawPrivateKey(elliptic.P256(), key)
	case ctap2.EdDSA:
		if len(key) != ed25519.SeedSize {
			return nil, errAlgorithm
		}
		return ed25519.NewKeyFromSeed(key), nil
	case ctap2.RS256:
		return x509.ParsePKCS1PrivateKey(key)
	}
	return nil, errAlgorithm
}

// signWith signs a message as its COSE algorithm wants. No randomness goes in:
// ECDSA is deterministic (RFC 6979), which lets tests compare signatures.
func signWith(key crypto.Signer, message []byte) ([]byte, error) {
	if _, ok := key.(ed25519.PrivateKey); ok {
		return key.Sign(nil, message, crypto.Hash(0))
	}
	digest := sha256.Sum256(message)
	return key.Sign(nil, digest[:], crypto.SHA256)
}
