package virtualauth

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// oidAAGUID is id-fido-gen-ce-aaguid (WebAuthn Level 3 section 8.2.1).
var oidAAGUID = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}

const certificateLife = 20 * 365 * 24 * time.Hour

// issuer holds the attestation key and the certificates over it.
type issuer struct {
	key  crypto.Signer
	leaf []byte // DER
	root *x509.Certificate
}

// attest gives format and statement for authData (WebAuthn Level 3 sections 8.2
// and 8.7). A request whose only preference is none gets none (CTAP 2.2 section 6.1).
func (a *Authenticator) attest(req ctap2.MakeCredentialRequest, c *credential, authData []byte) (string, ctapcbor.RawMessage, error) {
	if a.cfg.Attestation == None || slices.Equal(req.AttestationFormats, []string{"none"}) {
		return "none", ctapcbor.MustMarshal(map[string]any{}), nil
	}
	statement := map[string]any{}
	if a.cfg.Attestation == Self {
		signature, err := a.sign(c, authData, req.ClientDataHash)
		if err != nil {
			return "", nil, err
		}
		statement["alg"], statement["sig"] = c.Algorithm, signature
	} else {
		signature, err := signWith(a.issuer.key, append(bytes.Clone(authData), req.ClientDataHash...))
		if err != nil {
			return "", nil, err
		}
		if a.currentFaults().WrongSignature {
			signature[len(signature)-1] ^= 1
		}
		statement["alg"], statement["sig"], statement["x5c"] = ctap2.ES256, signature, [][]byte{a.issuer.leaf}
	}
	return "packed", ctapcbor.MustMarshal(statement), nil
}

// newIssuer makes a root, an attestation key and its certificate.
func newIssuer(cfg Config) (*issuer, error) {
	rootKey, err := attestationKey(cfg.Rand)
	if err != nil {
		return nil, err
	}
	key, err := attestationKey(cfg.Rand)
	if err != nil {
		return nil, err
	}
	aaguid, err := asn1.Marshal(cfg.AAGUID[:])
	if err != nil {
		return nil, err
	}
	from := cfg.Clock().Add(-time.Hour).UTC()
	rootTemplate := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: from.Add(certificateLife),
		Subject: pkix.Name{Country: []string{"SE"}, Organization: []string{"Keyferry simulation"}, CommonName: "Simulated attestation root"},
		IsCA:    true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leafTemplate := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: from, NotAfter: from.Add(certificateLife),
		Subject: pkix.Name{Country: []string{"SE"}, Organization: []string{"Keyferry simulation"},
			OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: "Simulated authenticator"},
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: oidAAGUID, Value: aaguid}},
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, rootTemplate, rootTemplate, rootKey.Public(), unrandom{rootKey})
	if err != nil {
		return nil, err
	}
	i := &issuer{key: key}
	if i.root, err = x509.ParseCertificate(rootDER); err != nil {
		return nil, err
	}
	i.leaf, err = x509.CreateCertificate(rand.Reader, leafTemplate, i.root, key.Public(), unrandom{rootKey})
	return i, err
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
