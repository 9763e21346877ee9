package mdstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
)

// Now is the moment of everything here, unless a test says otherwise.
var Now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// Service is a metadata service of a test's own: a root, an intermediate and a signing
// certificate for the official host. Its fields may be changed before each BLOB.
type Service struct {
	Root, Intermediate, Leaf *x509.Certificate

	Number     int64     // of the next BLOB; 100 at first
	NextUpdate time.Time // Now and 30 days at first
	Algorithm  string    // ES256 at first; RS256, PS256 need a leaf with an RSA key: see Reissue
	Legal      string
	// Header changes the JOSE header before it is signed; nil: as it is.
	Header func(map[string]any)

	t                                 testing.TB
	rootKey, intermediateKey, leafKey crypto.Signer
}

// New makes a service. Its keys are of P-256 and thrown away with the test.
func New(t testing.TB) *Service {
	t.Helper()
	s := &Service{Number: 100, NextUpdate: Now.AddDate(0, 0, 30).Truncate(24 * time.Hour), Algorithm: "ES256", Legal: "for tests only", t: t}
	s.rootKey, s.intermediateKey = key(t), key(t)
	s.Root = issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Throwaway Metadata Root"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		NotBefore: Now.AddDate(-10, 0, 0), NotAfter: Now.AddDate(10, 0, 0),
	}, nil, s.rootKey.Public(), s.rootKey)
	s.Intermediate = issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Throwaway Metadata CA"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		NotBefore: Now.AddDate(-5, 0, 0), NotAfter: Now.AddDate(5, 0, 0),
	}, s.Root, s.intermediateKey.Public(), s.rootKey)
	s.Reissue(mds.FIDOHost, Now.AddDate(0, -6, 0), Now.AddDate(0, 6, 0), nil)
	return s
}

// Reissue replaces the signing certificate. A nil key: a new one of P-256.
func (s *Service) Reissue(host string, from, to time.Time, own crypto.Signer) {
	s.t.Helper()
	if own == nil {
		own = key(s.t)
	}
	s.leafKey = own
	s.Leaf = issue(s.t, &x509.Certificate{
		Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: from, NotAfter: to,
	}, s.Intermediate, own.Public(), s.intermediateKey)
}

// Anchors trust this service and nothing else.
func (s *Service) Anchors() mds.Anchors {
	return mds.Anchors{Roots: []*x509.Certificate{s.Root}, Host: mds.FIDOHost}
}

// Revoke gives the intermediate's revocation list with these certificates on it.
func (s *Service) Revoke(certs ...*x509.Certificate) *x509.RevocationList {
	s.t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: Now, NextUpdate: Now.AddDate(0, 1, 0)}
	for _, c := range certs {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: Now})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, s.Intermediate, s.intermediateKey)
	if err != nil {
		s.t.Fatal(err)
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// Blob makes a signed BLOB of entries.
func (s *Service) Blob(entries ...Entry) []byte {
	s.t.Helper()
	all := make([]any, len(entries))
	for i, e := range entries {
		all[i] = e.json()
	}
	payload, err := json.Marshal(map[string]any{
		"legalHeader": s.Legal, "no": s.Number, "nextUpdate": s.NextUpdate.Format(time.DateOnly), "entries": all,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.Sign(payload)
}

// Sign makes a JWT of any payload.
func (s *Service) Sign(payload []byte) []byte {
	s.t.Helper()
	return s.SignEncoded(base64.RawURLEncoding.EncodeToString(payload))
}

// SignEncoded makes a JWT of a payload that is base64url already, or should be.
func (s *Service) SignEncoded(payload string) []byte {
	s.t.Helper()
	head := map[string]any{"alg": s.Algorithm, "typ": "JWT", "x5c": Chain(s.Leaf, s.Intermediate)}
	if s.Header != nil {
		s.Header(head)
	}
	header, err := json.Marshal(head)
	if err != nil {
		s.t.Fatal(err)
	}
	token := base64.RawURLEncoding.AppendEncode(nil, header)
	token = append(token, '.')
	token = append(token, payload...)
	signature := s.signature(token)
	token = append(token, '.')
	return base64.RawURLEncoding.AppendEncode(token, signature)
}

func (s *Service) signature(signed []byte) []byte {
	digest := sha256.Sum256(signed)
	var signature []byte
	var err error
	switch k := s.leafKey.(type) {
	case *ecdsa.PrivateKey:
		var r, t *big.Int
		if r, t, err = ecdsa.Sign(rand.Reader, k, digest[:]); err == nil {
			size := (k.Params().BitSize + 7) / 8
			signature = append(r.FillBytes(make([]byte, size)), t.FillBytes(make([]byte, size))...)
		}
	case *rsa.PrivateKey:
		if s.Algorithm == "PS256" {
			signature, err = rsa.SignPSS(rand.Reader, k, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			signature, err = rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, digest[:])
		}
	default:
		signature, err = k.Sign(rand.Reader, signed, crypto.Hash(0))
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return signature
}

// Open gives the metadata of a BLOB with these entries, opened at Now.
func (s *Service) Open(entries ...Entry) *mds.Metadata {
	s.t.Helper()
	m, err := mds.Open(s.Blob(entries...), s.Anchors(), Now)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// Chain writes certificates as x5c does.
func Chain(certs ...*x509.Certificate) []string {
	var chain []string
	for _, c := range certs {
		chain = append(chain, base64.StdEncoding.EncodeToString(c.Raw))
	}
	return chain
}

func key(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// issue signs a certificate; a nil parent: with itself. It fills in what templates share.
func issue(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) *x509.Certificate {
	t.Helper()
	if template.SerialNumber == nil {
		n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
		if err != nil {
			t.Fatal(err)
		}
		template.SerialNumber = n
	}
	template.BasicConstraintsValid = true
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
