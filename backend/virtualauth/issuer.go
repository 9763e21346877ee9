package virtualauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
)

// Extensions of an attestation certificate (WebAuthn Level 3 section 8.2.1).
var (
	oidAAGUID   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4} // id-fido-gen-ce-aaguid
	oidFirmware = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 5} // id-fido-gen-ce-fw-version
)

const certificateLife = 20 * 365 * 24 * time.Hour

// Issuer is a maker of authenticators: under its root each one that attests Packed gets
// a certificate. Metadata that names the root proves their models. It is safe for
// concurrent use.
type Issuer struct {
	key  crypto.Signer
	root *x509.Certificate
}

// NewIssuer makes a root that is valid for twenty years from an hour before a moment.
// The same bytes from r at the same moment make the same one.
func NewIssuer(r io.Reader, at time.Time) (*Issuer, error) {
	key, err := attestationKey(r)
	if err != nil {
		return nil, err
	}
	from := at.Add(-time.Hour).UTC()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: from.Add(certificateLife),
		Subject: pkix.Name{Country: []string{"SE"}, Organization: []string{"Keyferry simulation"}, CommonName: "Simulated attestation root"},
		IsCA:    true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), unrandom{key})
	if err != nil {
		return nil, err
	}
	root, err := x509.ParseCertificate(der)
	return &Issuer{key, root}, err
}

// Root is what metadata has to name.
func (i *Issuer) Root() *x509.Certificate { return i.root }

// Export gives the root with its private key as JSON, for a maker that survives a
// restart. Whoever has it can attest: the caller keeps it safe and wipes it.
func (i *Issuer) Export() ([]byte, error) {
	key, err := i.key.(*ecdsa.PrivateKey).Bytes()
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return json.Marshal(keptIssuer{Key: key, Root: i.root.Raw})
}

// ImportIssuer is the reverse of Export. Its only error is ErrKept.
func ImportIssuer(data []byte) (*Issuer, error) {
	var k keptIssuer
	if err := json.Unmarshal(data, &k); err != nil {
		return nil, fmt.Errorf("%w: it is not the expected JSON", ErrKept)
	}
	defer clear(k.Key)
	key, err := parseKey(ctap2.ES256, k.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: key of an issuer", ErrKept)
	}
	root, err := x509.ParseCertificate(k.Root)
	if err != nil || !key.Public().(*ecdsa.PublicKey).Equal(root.PublicKey) {
		return nil, fmt.Errorf("%w: root of an issuer", ErrKept)
	}
	return &Issuer{key, root}, nil
}

type keptIssuer struct {
	Key  []byte `json:"key"`
	Root []byte `json:"root"`
}

// attestor makes an attestation key and its certificate, as long-lived as the root.
func (i *Issuer) attestor(cfg Config) (*attestor, error) {
	key, err := attestationKey(cfg.Rand)
	if err != nil {
		return nil, err
	}
	aaguid, err := asn1.Marshal(cfg.AAGUID[:])
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	serial := sha256.Sum256(public)
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:8]), NotBefore: i.root.NotBefore, NotAfter: i.root.NotAfter,
		Subject: pkix.Name{Country: []string{"SE"}, Organization: []string{"Keyferry simulation"},
			OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: "Simulated authenticator"},
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: oidAAGUID, Value: aaguid}},
	}
	if cfg.Firmware != 0 {
		version, err := asn1.Marshal(int64(cfg.Firmware))
		if err != nil {
			return nil, err
		}
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oidFirmware, Value: version})
	}
	leaf, err := x509.CreateCertificate(rand.Reader, template, i.root, key.Public(), unrandom{i.key})
	return &attestor{key, leaf}, err
}

func attestationKey(r io.Reader) (crypto.Signer, error) {
	raw, err := newKey(ctap2.ES256, r)
	if err != nil {
		return nil, err
	}
	return parseKey(ctap2.ES256, raw)
}

// unrandom signs without randomness, so that certificates are the same each time.
type unrandom struct{ crypto.Signer }

func (u unrandom) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return u.Signer.Sign(nil, digest, opts)
}
