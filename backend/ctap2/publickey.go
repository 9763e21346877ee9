package ctap2

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// Members of a COSE_Key (RFC 9052 section 7, RFC 9053 section 7, RFC 8230 section 4).
const (
	coseKty = 1
	coseAlg = 3
	coseCrv = -1 // OKP, EC2
	coseX   = -2
	coseY   = -3
	coseN   = -1 // RSA
	coseE   = -2

	ktyOKP = 1
	ktyEC2 = 2
	ktyRSA = 3

	crvP256    = 1
	crvEd25519 = 6

	coordinate = 32
	minRSABits = 2048
	maxRSABits = 8192
)

// ErrKeyUnsupported says that a key is of an algorithm that is not known here.
var ErrKeyUnsupported = errors.New("ctap2: key of another algorithm")

var errKey = errors.New("ctap2: COSE key")

// KeyAlgorithm gives the COSE algorithm that a COSE_Key names, whatever it is.
func KeyAlgorithm(cose []byte) (int64, error) {
	f, err := openMap(cose, "COSE key", false)
	if err != nil {
		return 0, err
	}
	f.need(coseAlg)
	alg := f.integer(coseAlg)
	return alg, f.err()
}

// ParsePublicKey reads a COSE_Key of ES256 (*ecdsa.PublicKey on P-256), EdDSA
// (ed25519.PublicKey) or RS256 (*rsa.PublicKey). It refuses what could not be
// verified or is not safe: a kty or curve that does not fit the algorithm, a
// coordinate that has not 32 bytes, a point off the curve, an RSA modulus outside
// 2048 to 8192 bits or with an even or tiny exponent. Another algorithm is
// ErrKeyUnsupported. Ed25519 points of small order are left to the relying party.
func ParsePublicKey(cose []byte) (key crypto.PublicKey, alg int64, err error) {
	f, err := openMap(cose, "COSE key", false)
	if err != nil {
		return nil, 0, err
	}
	f.need(coseKty, coseAlg)
	alg = f.integer(coseAlg)
	kty := f.integer(coseKty)
	switch {
	case f.err() != nil:
	case alg == ES256:
		key, err = es256Key(f, kty)
	case alg == EdDSA:
		key, err = edDSAKey(f, kty)
	case alg == RS256:
		key, err = rs256Key(f, kty)
	default:
		return nil, alg, ErrKeyUnsupported
	}
	if f.err() != nil {
		err = f.err()
	}
	if err != nil {
		return nil, alg, fmt.Errorf("%w: %w", errKey, err)
	}
	return key, alg, nil
}

func es256Key(f fields, kty int64) (crypto.PublicKey, error) {
	f.need(coseCrv, coseX, coseY)
	x, y := f.bytes(coseX, coordinate, coordinate), f.bytes(coseY, coordinate, coordinate)
	if kty != ktyEC2 || f.integer(coseCrv) != crvP256 || f.err() != nil {
		return nil, errors.New("not a P-256 key")
	}
	point := append(append([]byte{4}, x...), y...)
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

func edDSAKey(f fields, kty int64) (crypto.PublicKey, error) {
	f.need(coseCrv, coseX)
	x := f.bytes(coseX, ed25519.PublicKeySize, ed25519.PublicKeySize)
	if kty != ktyOKP || f.integer(coseCrv) != crvEd25519 || f.err() != nil {
		return nil, errors.New("not an Ed25519 key")
	}
	return ed25519.PublicKey(x), nil
}

func rs256Key(f fields, kty int64) (crypto.PublicKey, error) {
	f.need(coseN, coseE)
	n, e := f.bytes(coseN, minRSABits/8, maxRSABits/8), f.bytes(coseE, 1, 4)
	if kty != ktyRSA || f.err() != nil {
		return nil, errors.New("not an RSA key")
	}
	exponent := int(new(big.Int).SetBytes(e).Int64())
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: exponent}
	if key.N.BitLen() < minRSABits || key.N.Bit(0) == 0 || exponent < 3 || exponent&1 == 0 || exponent > 1<<31-1 {
		return nil, errors.New("an RSA key that is not safe")
	}
	return key, nil
}

// EncodePublicKey writes a COSE_Key for ES256, EdDSA or RS256, by the key's type.
func EncodePublicKey(key crypto.PublicKey) ([]byte, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			return nil, err
		}
		if k.Curve != elliptic.P256() {
			return nil, ErrKeyUnsupported
		}
		return ctapcbor.Marshal(message{coseKty: ktyEC2, coseAlg: ES256, coseCrv: crvP256,
			coseX: point[1 : 1+coordinate], coseY: point[1+coordinate:]})
	case ed25519.PublicKey:
		return ctapcbor.Marshal(message{coseKty: ktyOKP, coseAlg: EdDSA, coseCrv: crvEd25519, coseX: []byte(k)})
	case *rsa.PublicKey:
		return ctapcbor.Marshal(message{coseKty: ktyRSA, coseAlg: RS256, coseN: k.N.Bytes(), coseE: big.NewInt(int64(k.E)).Bytes()})
	}
	return nil, ErrKeyUnsupported
}
