package ctap2

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	"testing"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

func sampleKey(t testing.TB) ctapcbor.RawMessage {
	t.Helper()
	scalar := make([]byte, 32)
	scalar[31] = 7
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	if err != nil {
		t.Fatal(err)
	}
	cose, err := EncodePublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return cose
}

func TestAuthenticatorData(t *testing.T) {
	plain := AuthenticatorData{Flags: FlagUP | FlagUV, SignCount: 0x01020304}
	full := plain
	full.Attested = &AttestedCredential{AAGUID: mfa.AAGUID{1}, CredentialID: []byte{5, 6}, PublicKey: sampleKey(t)}
	full.Extensions = ctapcbor.MustMarshal(map[string]any{"credProtect": 2})
	only := plain
	only.Extensions = full.Extensions
	cut := func(b []byte, n int) []byte { return b[:len(b)-n] }
	flag := func(b []byte, f Flags) []byte { b = bytes.Clone(b); b[32] ^= byte(f); return b }
	at := func(b []byte, i int, v ...byte) []byte { b = bytes.Clone(b); copy(b[i:], v); return b }
	bare := full
	bare.Extensions = nil
	named := func(n int) []byte { // otherwise whole, so that only the length of the ID is at fault
		d, a := bare, *bare.Attested
		a.CredentialID = make([]byte, n)
		d.Attested = &a
		return d.Encode()
	}
	for _, c := range []struct {
		name string
		in   []byte
		ok   bool
	}{
		{"assertion", plain.Encode(), true},
		{"registration", full.Encode(), true},
		{"registration without extensions", bare.Encode(), true},
		{"assertion with extensions", only.Encode(), true},
		{"36 bytes", plain.Encode()[:36], false},
		{"trailing byte", append(plain.Encode(), 0), false},
		{"trailing byte after extensions", append(full.Encode(), 0), false},
		{"AT without data", flag(plain.Encode(), FlagAT), false},
		{"ED without data", flag(plain.Encode(), FlagED), false},
		{"data without AT", flag(bare.Encode(), FlagAT), false},
		{"extensions without ED", flag(only.Encode(), FlagED), false},
		{"cut key", cut(bare.Encode(), 1), false},
		{"cut extensions", cut(full.Encode(), 1), false},
		{"credential ID of 1023 bytes", named(1023), true},
		{"empty credential ID", named(0), false},
		{"credential ID of 1024 bytes", named(1024), false},
		{"credential ID over the end", at(bare.Encode(), 53, 3, 255), false},
		{"key is no map", append(at(bare.Encode(), 53, 0, 2)[:57], 0x80), false},
		{"key with doubled member", append(at(bare.Encode(), 53, 0, 2)[:57], 0xa2, 1, 2, 1, 2), false},
		{"over the limit", make([]byte, maxAuthData+1), false},
	} {
		d, err := ParseAuthenticatorData(c.in)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil && !bytes.Equal(d.Encode(), c.in) {
			t.Errorf("%s: came back as %x", c.name, d.Encode())
		}
	}
	if d, _ := ParseAuthenticatorData(full.Encode()); d.SignCount != 0x01020304 || !d.Flags.Has(FlagUP|FlagUV|FlagAT|FlagED) || d.Flags.Has(FlagBE) {
		t.Errorf("read as %+v", d)
	}
}

func TestPublicKeys(t *testing.T) {
	point, _ := func() ([]byte, error) {
		k, _ := ecdsa.ParseRawPrivateKey(elliptic.P256(), append(make([]byte, 31), 7))
		return k.PublicKey.Bytes()
	}()
	x, y := point[1:33], point[33:]
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	n := rsaKey.N.Bytes()
	short := new(big.Int).Rsh(rsaKey.N, 1024).Bytes()
	type m = map[any]any
	for _, c := range []struct {
		name string
		key  m
		ok   bool
	}{
		{"ES256", m{1: 2, 3: -7, -1: 1, -2: x, -3: y}, true},
		{"EdDSA", m{1: 1, 3: -8, -1: 6, -2: make([]byte, 32)}, true},
		{"RS256", m{1: 3, 3: -257, -1: n, -2: []byte{1, 0, 1}}, true},
		{"empty", m{}, false},
		{"no alg", m{1: 2, -1: 1, -2: x, -3: y}, false},
		{"other alg", m{1: 2, 3: -35, -1: 2, -2: x, -3: y}, false},
		{"ES256 with kty OKP", m{1: 1, 3: -7, -1: 1, -2: x, -3: y}, false},
		{"ES256 on another curve", m{1: 2, 3: -7, -1: 2, -2: x, -3: y}, false},
		{"ES256 off the curve", m{1: 2, 3: -7, -1: 1, -2: y, -3: x}, false},
		{"ES256 short coordinate", m{1: 2, 3: -7, -1: 1, -2: x[1:], -3: y}, false},
		{"ES256 compressed", m{1: 2, 3: -7, -1: 1, -2: x, -3: true}, false},
		{"EdDSA with curve P-256", m{1: 1, 3: -8, -1: 1, -2: make([]byte, 32)}, false},
		{"EdDSA of 31 bytes", m{1: 1, 3: -8, -1: 6, -2: make([]byte, 31)}, false},
		{"RS256 exponent 1", m{1: 3, 3: -257, -1: n, -2: []byte{1}}, false},
		{"RS256 even exponent", m{1: 3, 3: -257, -1: n, -2: []byte{4}}, false},
		{"RS256 of 1024 bits", m{1: 3, 3: -257, -1: short, -2: []byte{1, 0, 1}}, false},
		{"RS256 with kty EC2", m{1: 2, 3: -257, -1: n, -2: []byte{1, 0, 1}}, false},
		{"RS256 exponent of 5 bytes", m{1: 3, 3: -257, -1: n, -2: []byte{1, 0, 0, 0, 1}}, false},
	} {
		cose := ctapcbor.MustMarshal(c.key)
		key, alg, err := ParsePublicKey(cose)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil {
			continue
		}
		if again, err := EncodePublicKey(key); err != nil || !bytes.Equal(again, cose) {
			t.Errorf("%s came back as %x (%v)", c.name, again, err)
		}
		if named, err := KeyAlgorithm(cose); err != nil || named != alg {
			t.Errorf("%s: algorithm %d (%v)", c.name, named, err)
		}
	}
	if _, _, err := ParsePublicKey(ctapcbor.MustMarshal(m{1: 7, 3: -50})); !errors.Is(err, ErrKeyUnsupported) {
		t.Errorf("unknown algorithm: %v", err)
	}
	if _, err := EncodePublicKey(ed25519.PrivateKey{}); !errors.Is(err, ErrKeyUnsupported) {
		t.Error("a private key was encoded")
	}
}
