package mdstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Maker is a maker of authenticators: a root whose certificate stands in the entries of
// its models, and a batch certificate under it.
type Maker struct {
	Root, Batch *x509.Certificate

	t                 testing.TB
	rootKey, batchKey crypto.Signer
}

// NewMaker makes a maker with keys of P-256.
func NewMaker(t testing.TB, name string) *Maker {
	t.Helper()
	m := &Maker{t: t, rootKey: key(t), batchKey: key(t)}
	m.Root = issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: name + " Attestation Root", Organization: []string{name}, Country: []string{"SE"}}, IsCA: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: Now.AddDate(-10, 0, 0), NotAfter: Now.AddDate(20, 0, 0),
	}, nil, m.rootKey.Public(), m.rootKey)
	m.NewBatch()
	return m
}

// NewBatch begins another batch.
func (m *Maker) NewBatch() {
	m.t.Helper()
	m.batchKey = key(m.t)
	m.Batch = issue(m.t, &x509.Certificate{
		Subject: pkix.Name{CommonName: m.Root.Subject.Organization[0] + " Batch CA", Organization: m.Root.Subject.Organization, Country: []string{"SE"}}, IsCA: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: Now.AddDate(-5, 0, 0), NotAfter: Now.AddDate(15, 0, 0),
	}, m.Root, m.batchKey.Public(), m.rootKey)
}

// Attestation issues an attestation certificate as the packed format wants it (WebAuthn
// section 8.2.1), with the model's AAGUID in its extension unless that is zero, under the
// batch. The statement's chain is [leaf, Batch].
func (m *Maker) Attestation(model mfa.AAGUID) (*x509.Certificate, *ecdsa.PrivateKey) {
	m.t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{Country: []string{"SE"}, Organization: m.Root.Subject.Organization,
			OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: "Attestation"},
		NotBefore: Now.AddDate(-1, 0, 0), NotAfter: Now.AddDate(10, 0, 0),
	}
	if !model.IsZero() {
		value, err := asn1.Marshal(model[:])
		if err != nil {
			m.t.Fatal(err)
		}
		// id-fido-gen-ce-aaguid
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}, Value: value}}
	}
	own := key(m.t)
	return m.Sign(template, own.Public()), own
}

// Sign issues any certificate under the batch.
func (m *Maker) Sign(template *x509.Certificate, public crypto.PublicKey) *x509.Certificate {
	m.t.Helper()
	return issue(m.t, template, m.Batch, public, m.batchKey)
}

// KeyID is the key identifier by which U2F models are found: SHA-1 of the public key.
func KeyID(c *x509.Certificate) []byte {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &info); err != nil {
		return nil
	}
	sum := sha1.Sum(info.Key.Bytes)
	return sum[:]
}
