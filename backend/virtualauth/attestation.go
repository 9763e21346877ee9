package virtualauth

import (
	"bytes"
	"crypto"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// attestor holds the attestation key and the certificate over it.
type attestor struct {
	key  crypto.Signer
	leaf []byte // DER
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
		signature, err := signWith(a.attestor.key, append(bytes.Clone(authData), req.ClientDataHash...))
		if err != nil {
			return "", nil, err
		}
		if a.currentFaults().WrongSignature {
			signature[len(signature)-1] ^= 1
		}
		statement["alg"], statement["sig"], statement["x5c"] = ctap2.ES256, signature, [][]byte{a.attestor.leaf}
	}
	return "packed", ctapcbor.MustMarshal(statement), nil
}
