package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
)

var (
	now   = mdstest.Now
	model = mdstest.Model(1)
)

// statement of a made attestation object. Nothing in it signs a ceremony: that was rp's.
type made struct {
	format string
	body   any
}

func packed(chain ...*x509.Certificate) made {
	return made{"packed", map[string]any{"alg": -7, "sig": []byte{1}, "x5c": raw(chain)}}
}

func self() made { return made{"packed", map[string]any{"alg": -7, "sig": []byte{1}}} }
func none() made { return made{"none", map[string]any{}} }

func u2f(chain ...*x509.Certificate) made {
	return made{formatU2F, map[string]any{"sig": []byte{1}, "x5c": raw(chain)}}
}

func apple(chain ...*x509.Certificate) made {
	return made{formatApple, map[string]any{"x5c": raw(chain)}}
}

func android(chain ...*x509.Certificate) made {
	return made{formatAndroid, map[string]any{"alg": -7, "sig": []byte{1}, "x5c": raw(chain)}}
}

func tpm(chain ...*x509.Certificate) made {
	area := tpm2.Marshal(tpm2.ECCSRKTemplate) // any key's
	return made{formatTPM, map[string]any{"ver": "2.0", "alg": -7, "sig": []byte{1}, "certInfo": []byte{1}, "pubArea": area, "x5c": raw(chain)}}
}

func safetyNet(chain ...*x509.Certificate) made {
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	response := part(map[string]any{"alg": "RS256", "x5c": mdstest.Chain(chain...)}) + "." +
		part(map[string]any{"nonce": "", "timestampMs": 1, "apkPackageName": "x"}) + ".AA"
	return made{"android-safetynet", map[string]any{"ver": "1", "response": []byte(response)}}
}

func compound(statements ...made) made {
	var list []any
	for _, s := range statements {
		list = append(list, map[string]any{"fmt": s.format, "attStmt": s.body})
	}
	return made{"compound", list}
}

func raw(chain []*x509.Certificate) [][]byte {
	var ders [][]byte
	for _, c := range chain {
		ders = append(ders, c.Raw)
	}
	return ders
}

// credential is one that rp has let in.
func credential(tb testing.TB, aaguid mfa.AAGUID, s made) mfa.Credential {
	tb.Helper()
	point, err := key(tb).PublicKey.Bytes()
	if err != nil {
		tb.Fatal(err)
	}
	data := append(make([]byte, 32), 0x41, 0, 0, 0, 0)
	data = append(append(data, aaguid[:]...), 0, 1, 7)
	data = append(data, ctapcbor.MustMarshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})...)
	return mfa.Credential{AAGUID: aaguid, AttestationFormat: s.format,
		AttestationObject: ctapcbor.MustMarshal(map[string]any{"fmt": s.format, "authData": data, "attStmt": s.body})}
}

func key(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// authority is a certificate with its key.
type authority struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

var serial int64

// issue makes a certificate, valid for ten years around now unless bent; under itself
// with a nil issuer.
func issue(tb testing.TB, issuer *authority, name string, bend func(*x509.Certificate)) *authority {
	tb.Helper()
	serial++
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(5, 0, 0), BasicConstraintsValid: true}
	if bend != nil {
		bend(c)
	}
	own := key(tb)
	parent, signer := c, crypto.Signer(own)
	if issuer != nil {
		parent, signer = issuer.Certificate, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &own.PublicKey, signer)
	if err != nil {
		tb.Fatal(err)
	}
	c, err = x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return &authority{c, own}
}

func isCA(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign }

func during(from, to time.Time) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = from, to }
}

func both(bends ...func(*x509.Certificate)) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		for _, bend := range bends {
			bend(c)
		}
	}
}

func extension(critical bool, value []byte, id ...int) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: id, Critical: critical, Value: value})
	}
}

// firmware is id-fido-gen-ce-fw-version.
func firmware(version int64) func(*x509.Certificate) {
	value, err := asn1.Marshal(version)
	if err != nil {
		panic(err)
	}
	return extension(false, value, oidFirmware...)
}

// aik is what a TPM's certificate looks like: no subject, and a critical SAN that holds
// a directory name only.
func aik(c *x509.Certificate) {
	c.Subject = pkix.Name{}
	san := append([]byte{0x30, 0}, []byte{}...)
	name := []byte{0xa4, 0x0e, 0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 'x'}
	san[1] = byte(len(name))
	c.ExtraExtensions = []pkix.Extension{{Id: oidSubjectAltName, Critical: true, Value: append(san, name...)}}
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
