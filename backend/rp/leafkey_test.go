package rp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// leafOf is a leaf that issued itself, for any key.
func leafOf(tb testing.TB, signer crypto.Signer, extensions ...pkix.Extension) []byte {
	tb.Helper()
	leaf := &x509.Certificate{SerialNumber: big.NewInt(3), NotBefore: certFrom, NotAfter: certTo, BasicConstraintsValid: true,
		Subject: pkix.Name{Country: []string{"SE"}, Organization: []string{"Test"},
			OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: "Test leaf"},
		ExtraExtensions: extensions}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, signer.Public(), signer)
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

func signWith(signer crypto.Signer, hash crypto.Hash, pss bool, message []byte) []byte {
	var opts crypto.SignerOpts = hash
	if pss {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	if hash != 0 {
		h := hash.New()
		h.Write(message)
		message = h.Sum(nil)
	}
	signature, err := signer.Sign(rand.Reader, message, opts)
	if err != nil {
		panic(err)
	}
	return signature
}

// Every algorithm on every kind of key: only those that belong together may
// verify, although each signature is good for the key and the algorithm's hash.
func TestPackedAlgorithmFitsLeaf(t *testing.T) {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaves := map[string]crypto.Signer{"Ed25519": edwards, "RSA": rsaTestKey()}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		leaves[curve.Params().Name] = key
	}
	fits := map[int64]string{algES256: "P-256", -35: "P-384", -36: "P-521", algEdDSA: "Ed25519",
		algRS256: "RSA", -258: "RSA", -259: "RSA", -37: "RSA", -38: "RSA", -39: "RSA"}
	s := newSoft(t, algES256)
	for name, signer := range leaves {
		der := leafOf(t, signer)
		for algorithm, key := range fits {
			t.Run(fmt.Sprint(name, algorithm), func(t *testing.T) {
				scheme := schemes[algorithm]
				hash := scheme.hash
				switch {
				case name == "Ed25519":
					hash = 0
				case hash == 0:
					hash = crypto.SHA256
				}
				checkPacked(t, s, der, algorithm, key == name, func(message []byte) []byte {
					return signWith(signer, hash, scheme.pss && name == "RSA", message)
				})
			})
		}
		t.Run(name+" without curve", func(t *testing.T) {
			for _, algorithm := range []int64{algES256K, -53, -1} {
				checkPacked(t, s, der, algorithm, false, func(message []byte) []byte {
					hash := crypto.SHA256
					if name == "Ed25519" {
						hash = 0
					}
					return signWith(signer, hash, false, message)
				})
			}
		})
	}
}

func checkPacked(t *testing.T, s *soft, leaf []byte, algorithm int64, good bool, sign func([]byte) []byte) {
	t.Helper()
	e := testExpectation()
	e.At = certMid
	m := s.startRegistration(e)
	m.format = formatPacked
	m.statement = func(authData, hash []byte) any {
		return map[string]any{"alg": algorithm, "sig": sign(slices.Concat(authData, hash)), "x5c": [][]byte{leaf}}
	}
	_, err := VerifyRegistration(e, m.registrationJSON())
	code := mfa.CodeAttestationInvalid
	if good {
		code = ""
	}
	wantCode(t, err, code)
}

// A self attestation is verified as an assertion is: PSS salts are as long as the hash.
func TestSelfAttestationRules(t *testing.T) {
	for algorithm := range schemes {
		t.Run(fmt.Sprint(algorithm), func(t *testing.T) {
			s, e := newSoft(t, algorithm), testExpectation()
			_, err := VerifyRegistration(e, s.startRegistration(e).selfAttestation().registrationJSON())
			wantCode(t, err, "")
			m := s.startRegistration(e).selfAttestation()
			good := m.statement
			m.statement = func(authData, hash []byte) any {
				statement := good(authData, hash).(map[string]any)
				statement["alg"] = algorithm - 1
				return statement
			}
			_, err = VerifyRegistration(e, m.registrationJSON())
			wantCode(t, err, mfa.CodeAttestationInvalid)
			if !schemes[algorithm].pss {
				return
			}
			for _, salt := range []int{20, schemes[algorithm].hash.Size() - 1, rsa.PSSSaltLengthAuto} {
				m := s.startRegistration(e)
				m.format = formatPacked
				m.statement = func(authData, hash []byte) any {
					h := schemes[algorithm].hash.New()
					h.Write(slices.Concat(authData, hash))
					signature, err := rsa.SignPSS(rand.Reader, rsaTestKey(), schemes[algorithm].hash, h.Sum(nil), &rsa.PSSOptions{SaltLength: salt})
					if err != nil {
						t.Fatal(err)
					}
					return map[string]any{"alg": algorithm, "sig": signature}
				}
				_, err = VerifyRegistration(e, m.registrationJSON())
				wantCode(t, err, mfa.CodeAttestationInvalid)
			}
		})
	}
}

func TestAAGUIDExtensionIsExact(t *testing.T) {
	s, signer := newSoft(t, algES256), testKey(t)
	octets, err := asn1.Marshal(s.aaguid[:])
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		value []byte
		good  bool
	}{
		"exact":          {octets, true},
		"a byte behind":  {append(slices.Clone(octets), 0), false},
		"twice":          {slices.Concat(octets, octets), false},
		"long length":    {slices.Concat([]byte{4, 0x81, 16}, s.aaguid[:]), false},
		"17 octets":      {slices.Concat([]byte{4, 17}, s.aaguid[:], []byte{0}), false},
		"nothing inside": {[]byte{4, 0}, false},
		"empty":          {[]byte{}, false},
		"a bit string":   {slices.Concat([]byte{3, 16}, s.aaguid[:]), false},
	} {
		t.Run(name, func(t *testing.T) {
			der := leafOf(t, signer, pkix.Extension{Id: oidAAGUID, Value: row.value})
			checkPacked(t, s, der, algES256, row.good, func(message []byte) []byte { return signWith(signer, crypto.SHA256, false, message) })
		})
	}
}

// The root's key signed the leaf, but the leaf names another issuer.
func TestChainNames(t *testing.T) {
	rootKey, leafKey := testKey(t), testKey(t)
	root := func(name string) *x509.Certificate {
		c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: certFrom, NotAfter: certTo,
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
		der, err := x509.CreateCertificate(rand.Reader, c, c, &rootKey.PublicKey, rootKey)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		return c
	}
	one, other := root("One"), root("Other")
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: certFrom, NotAfter: certTo}, one, &leafKey.PublicKey, rootKey)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkOrder([]*x509.Certificate{leaf, one}); err != nil {
		t.Error(err)
	}
	if err := checkOrder([]*x509.Certificate{leaf, other}); err == nil {
		t.Error("a leaf of another issuer was taken")
	}
}
