package authenticator

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// maxResponse is what the relying party takes at most, in bytes of JSON.
const maxResponse = 256 << 10

// base64url is bytes that stand in JSON as base64url without padding.
type base64url []byte

// MarshalText encodes.
func (b base64url) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

// credentialJSON is RegistrationResponseJSON or AuthenticationResponseJSON
// (WebAuthn Level 3 sections 5.1.8 and 5.1.9), by its Response.
type credentialJSON struct {
	ID                     base64url      `json:"id"`
	RawID                  base64url      `json:"rawId"`
	Type                   string         `json:"type"`
	Attachment             string         `json:"authenticatorAttachment"`
	Response               any            `json:"response"`
	ClientExtensionResults map[string]any `json:"clientExtensionResults"`
}

type attestationJSON struct {
	ClientDataJSON     base64url `json:"clientDataJSON"`
	AttestationObject  base64url `json:"attestationObject"`
	AuthenticatorData  base64url `json:"authenticatorData"`
	PublicKey          base64url `json:"publicKey,omitempty"` // SubjectPublicKeyInfo, DER
	PublicKeyAlgorithm int64     `json:"publicKeyAlgorithm"`
	Transports         []string  `json:"transports"`
}

type assertionJSON struct {
	ClientDataJSON    base64url `json:"clientDataJSON"`
	AuthenticatorData base64url `json:"authenticatorData"`
	Signature         base64url `json:"signature"`
	UserHandle        base64url `json:"userHandle,omitempty"`
}

type registration struct {
	clientData, object, authData []byte
	credential                   ctap2.AttestedCredential
	algorithm                    int64
	transports                   []string
	extensions                   map[string]any
}

type authentication struct {
	credentialID, clientData, authData, signature, userHandle []byte
	extensions                                                map[string]any
}

func registrationJSON(r registration) ([]byte, error) {
	a := attestationJSON{ClientDataJSON: r.clientData, AttestationObject: r.object, AuthenticatorData: r.authData,
		PublicKeyAlgorithm: r.algorithm, Transports: r.transports}
	// A key that cannot be read is not judged here: the member is optional, and
	// the relying party looks at the key itself.
	if key, _, err := ctap2.ParsePublicKey(r.credential.PublicKey); err == nil {
		if a.PublicKey, err = x509.MarshalPKIXPublicKey(key); err != nil {
			a.PublicKey = nil
		}
	}
	return encodeCredential(r.credential.CredentialID, a, r.extensions)
}

func authenticationJSON(a authentication) ([]byte, error) {
	return encodeCredential(a.credentialID, assertionJSON{ClientDataJSON: a.clientData, AuthenticatorData: a.authData,
		Signature: a.signature, UserHandle: a.userHandle}, a.extensions)
}

func encodeCredential(id []byte, response any, extensions map[string]any) ([]byte, error) {
	out, err := json.Marshal(credentialJSON{ID: id, RawID: id, Type: ctap2.PublicKeyType, Attachment: "cross-platform",
		Response: response, ClientExtensionResults: extensions})
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	if len(out) > maxResponse {
		return nil, protocolFault("an answer over 256 KiB")
	}
	return out, nil
}

// transports says how the credential can be reached again: what the authenticator
// lists and how it was reached now, sorted (WebAuthn Level 3 section 5.2.1,
// getTransports). Early Android wrote "cable" for hybrid.
func transports(s session) []string {
	out := []string{}
	for _, t := range slices.Concat(s.info.Transports, s.Transports()) {
		if t == "cable" {
			t = "hybrid"
		}
		switch t {
		case "usb", "nfc", "ble", "smart-card", "hybrid", "internal":
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
