package vectors

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1" // names a U2F model, as FIDO chose it
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
	"github.com/keyferry/keyferry/backend/trust"
)

var errRoot = errors.New("vectors: the file has no such root")

// roots reads the members of a file's "roots": PEM by name. What is none is left out, so
// that an item that names it is told.
func roots(raw json.RawMessage) map[string]*x509.Certificate {
	var texts map[string]string
	if json.Unmarshal(raw, &texts) != nil {
		return nil
	}
	out := map[string]*x509.Certificate{}
	for name, text := range texts {
		if block, _ := pem.Decode([]byte(text)); block != nil {
			if c, err := x509.ParseCertificate(block.Bytes); err == nil {
				out[name] = c
			}
		}
	}
	return out
}

// checkTrust holds a registration against metadata in which its model has the root that
// the item names, and against metadata in which it has another one: proven by the first
// alone. The metadata are made and signed here, and take the product's own way in.
func checkTrust(c mfa.Credential, root *x509.Certificate, at time.Time) (wrong string, err error) {
	if root == nil {
		return "", errRoot
	}
	s, err := newSigner(at)
	if err != nil {
		return "", err
	}
	for _, x := range []struct {
		root *x509.Certificate
		want mfa.Unproven
	}{{root, mfa.Proven}, {s.root, mfa.UnprovenRoot}} {
		m, err := s.metadata(c, x.root, at)
		if err != nil {
			return "", err
		}
		got, err := trust.Judge(c, m, at)
		if err != nil {
			return "", err
		}
		if got.Unproven != x.want {
			return fmt.Sprintf("trust is %q %s, expected %q", got.Unproven, got.Detail, x.want), nil
		}
	}
	return "", nil
}

// signer is a metadata service that nobody else trusts.
type signer struct {
	key        *ecdsa.PrivateKey
	root, leaf *x509.Certificate
}

func newSigner(at time.Time) (*signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	s := &signer{key: key}
	issue := func(name string, n int64, parent *x509.Certificate) (*x509.Certificate, error) {
		template := &x509.Certificate{SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name}, NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(1, 0, 0),
			BasicConstraintsValid: true, IsCA: parent == nil, KeyUsage: x509.KeyUsageDigitalSignature}
		if parent == nil {
			parent, template.KeyUsage = template, x509.KeyUsageCertSign
		} else {
			template.DNSNames, template.ExtKeyUsage = []string{name}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), key)
		if err != nil {
			return nil, err
		}
		return x509.ParseCertificate(der)
	}
	if s.root, err = issue("Vectors", 1, nil); err != nil {
		return nil, err
	}
	s.leaf, err = issue("metadata.invalid", 2, s.root)
	return s, err
}

// metadata has the one model that c says to be.
func (s *signer) metadata(c mfa.Credential, root *x509.Certificate, at time.Time) (*mds.Metadata, error) {
	statement := map[string]any{"description": "Model", "protocolFamily": "fido2", "attestationRootCertificates": []string{base64.StdEncoding.EncodeToString(root.Raw)}}
	entry := map[string]any{"metadataStatement": statement, "statusReports": []any{}, "timeOfLastStatusChange": at.Format(time.DateOnly)}
	if c.AttestationFormat == "fido-u2f" {
		id, err := keyID(c)
		if err != nil {
			return nil, err
		}
		statement["protocolFamily"], entry["attestationCertificateKeyIdentifiers"] = "u2f", []string{id}
	} else {
		entry["aaguid"], statement["aaguid"] = c.AAGUID.String(), c.AAGUID.String()
	}
	payload, err := json.Marshal(map[string]any{"no": 1, "nextUpdate": at.Format(time.DateOnly), "entries": []any{entry}})
	if err != nil {
		return nil, err
	}
	blob, err := s.sign(payload)
	if err != nil {
		return nil, err
	}
	return mds.Open(blob, mds.Anchors{Roots: []*x509.Certificate{s.root}, Host: "metadata.invalid"}, at)
}

func (s *signer) sign(payload []byte) ([]byte, error) {
	header, err := json.Marshal(map[string]any{"alg": "ES256", "typ": "JWT", "x5c": []string{base64.StdEncoding.EncodeToString(s.leaf.Raw)}})
	if err != nil {
		return nil, err
	}
	token := base64.RawURLEncoding.AppendEncode(nil, header)
	token = base64.RawURLEncoding.AppendEncode(append(token, '.'), payload)
	digest := sha256.Sum256(token)
	r, t, err := ecdsa.Sign(rand.Reader, s.key, digest[:])
	if err != nil {
		return nil, err
	}
	signature := append(r.FillBytes(make([]byte, 32)), t.FillBytes(make([]byte, 32))...)
	return base64.RawURLEncoding.AppendEncode(append(token, '.'), signature), nil
}

// keyID names a U2F model: SHA-1 of the attestation key's bits (RFC 5280 section 4.2.1.2).
func keyID(c mfa.Credential) (string, error) {
	statements, err := rp.Statements(c.AttestationObject)
	if err != nil || len(statements) == 0 || len(statements[0].Chain) == 0 {
		return "", errors.Join(errors.New("vectors: no attestation certificate"), err)
	}
	var info struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(statements[0].Chain[0].RawSubjectPublicKeyInfo, &info); err != nil {
		return "", err
	}
	sum := sha1.Sum(info.Key.Bytes)
	return hex.EncodeToString(sum[:]), nil
}
