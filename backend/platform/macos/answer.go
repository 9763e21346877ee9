package macos

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
)

// answer is what the sheet gave: an ASAuthorizationPublicKeyCredentialRegistration or
// ...Assertion of either kind.
type answer struct {
	securityKey       bool
	near              bool // a passkey of the platform: made or used on this computer itself
	credentialID      []byte
	clientDataJSON    []byte
	attestationObject []byte
	authData          []byte
	signature         []byte
	userHandle        []byte
}

// Bounds of what comes back; more is not even copied.
const (
	maxCredentialID = 1023 // CTAP 2.2 section 6.1
	maxClientData   = 64 << 10
	maxAttestation  = 64 << 10
	maxAuthData     = 16 << 10
	maxSignature    = 2 << 10
	maxUserHandle   = 64

	minAuthData     = 37 // RP ID hash, flags, counter (WebAuthn section 6.1)
	flagUserPresent = 0x01
)

// malformed says which part of the system's answer cannot be.
func malformed(part string) error {
	return mfa.Fail(mfa.CodePlatformFailed, "code", "malformed").Because(fmt.Errorf("macos: bad %s", part))
}

// part is one part of an answer and how long it may be.
type part struct {
	name        string
	is          []byte
	least, most int
}

func check(parts ...part) error {
	for _, p := range parts {
		if len(p.is) < p.least || len(p.is) > p.most {
			return malformed(p.name)
		}
	}
	return nil
}

// credential takes what was made. The attestation object is taken apart by whoever called.
func (a answer) credential() (authenticator.NativeCredential, error) {
	if err := check(
		part{"client data", a.clientDataJSON, 1, maxClientData},
		part{"attestation object", a.attestationObject, 1, maxAttestation},
		part{"credential ID", a.credentialID, 1, maxCredentialID},
	); err != nil {
		return authenticator.NativeCredential{}, err
	}
	out := authenticator.NativeCredential{ClientDataJSON: a.clientDataJSON, AttestationObject: a.attestationObject, Transports: a.transports()}
	if !a.securityKey {
		discoverable := true
		out.Discoverable = &discoverable
	}
	return out, nil
}

// assertion takes what was signed. The relying party checks again, and more; this keeps an
// answer to somebody else from going further at all.
func (a answer) assertion(req authenticator.NativeGet) (authenticator.NativeAssertion, error) {
	var none authenticator.NativeAssertion
	if err := check(
		part{"client data", a.clientDataJSON, 1, maxClientData},
		part{"credential ID", a.credentialID, 1, maxCredentialID},
		part{"authenticator data", a.authData, minAuthData, maxAuthData},
		part{"signature", a.signature, 1, maxSignature},
		part{"user handle", a.userHandle, 0, maxUserHandle},
	); err != nil {
		return none, err
	}
	hash := sha256.Sum256([]byte(req.RPID))
	switch {
	case !bytes.Equal(a.authData[:len(hash)], hash[:]):
		return none, malformed("RP ID hash")
	case a.authData[len(hash)]&flagUserPresent == 0:
		return none, malformed("user presence")
	case len(req.Allow) > 0 && !slices.ContainsFunc(req.Allow, func(d authenticator.NativeDescriptor) bool { return bytes.Equal(d.ID, a.credentialID) }):
		return none, malformed("credential ID")
	}
	out := authenticator.NativeAssertion{ClientDataJSON: a.clientDataJSON, CredentialID: a.credentialID, AuthData: a.authData, Signature: a.signature, UserHandle: a.userHandle}
	if !a.securityKey {
		out.Transport = "hybrid"
		if a.near {
			out.Transport = "internal"
		}
	}
	return out, nil
}

// transports are those of a new credential. Which way a security key was reached the
// system does not say.
func (a answer) transports() []string {
	switch {
	case a.securityKey:
		return nil
	case a.near:
		return []string{"hybrid", "internal"}
	}
	return []string{"hybrid"}
}
