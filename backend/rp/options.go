package rp

import (
	"encoding/base64"
	"encoding/json"

	"github.com/keyferry/keyferry/backend/mfa"
)

// COSE algorithms (IANA "COSE Algorithms") that are offered, best first. A test
// signs with each of them.
const (
	algES256 = -7
	algEdDSA = -8
	algRS256 = -257
)

var offered = []int64{algES256, algEdDSA, algRS256}

const credentialType = "public-key"

// creationOptions is PublicKeyCredentialCreationOptionsJSON (WebAuthn 5.1.9).
type creationOptions struct {
	RP          relyingPartyEntity     `json:"rp"`
	User        userEntity             `json:"user"`
	Challenge   string                 `json:"challenge"`
	Parameters  []credentialParameter  `json:"pubKeyCredParams"`
	Timeout     int64                  `json:"timeout"` // milliseconds
	Exclude     []credentialDescriptor `json:"excludeCredentials"`
	Selection   selection              `json:"authenticatorSelection"`
	Hints       []string               `json:"hints"`
	Attestation string                 `json:"attestation"`
	Extensions  creationExtensions     `json:"extensions"`
}

// requestOptions is PublicKeyCredentialRequestOptionsJSON (WebAuthn 5.1.10).
type requestOptions struct {
	Challenge        string                 `json:"challenge"`
	Timeout          int64                  `json:"timeout"` // milliseconds
	RPID             string                 `json:"rpId"`
	Allow            []credentialDescriptor `json:"allowCredentials"`
	UserVerification string                 `json:"userVerification"`
	Hints            []string               `json:"hints"`
}

type relyingPartyEntity struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type userEntity struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

type credentialParameter struct {
	Type      string `json:"type"`
	Algorithm int64  `json:"alg"`
}

type credentialDescriptor struct {
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitempty"`
}

type selection struct {
	Attachment         string `json:"authenticatorAttachment"`
	ResidentKey        string `json:"residentKey"`
	RequireResidentKey bool   `json:"requireResidentKey"` // Level 1 clients read this one
	UserVerification   string `json:"userVerification"`
}

type creationExtensions struct {
	CredProps bool `json:"credProps"`
}

// BeginRegistration opens a registration and gives its options. It asks for a
// discoverable credential with user verification on another device, and for
// attestation (which FinishRegistration does not insist on). existing are the
// person's devices: their passkeys are excluded.
//
// id tells the ceremony from others that the person may have open: it is never given
// twice, and FinishRegistration asks for it. invalid-input (field user-handle) when p has
// no handle of 1 to 64 bytes.
func (r *RelyingParty) BeginRegistration(p mfa.Principal, id string, existing []mfa.Device) ([]byte, error) {
	if err := checkUserHandle(p); err != nil {
		return nil, err
	}
	challenge, err := r.book.issue(ceremonyKey{registration, p.ID, id})
	if err != nil {
		return nil, err
	}
	options := creationOptions{
		RP:          relyingPartyEntity{ID: r.cfg.RPID, Name: r.cfg.Name},
		User:        userEntity{ID: encode(p.UserHandle), Name: p.Label(), DisplayName: p.Label()},
		Challenge:   encode(challenge),
		Timeout:     r.cfg.ChallengeLife.Milliseconds(),
		Exclude:     []credentialDescriptor{},
		Selection:   selection{"cross-platform", "required", true, verificationRequired},
		Hints:       []string{"hybrid"},
		Attestation: "direct",
		Extensions:  creationExtensions{CredProps: true},
	}
	for _, alg := range offered {
		options.Parameters = append(options.Parameters, credentialParameter{credentialType, alg})
	}
	for _, d := range existing {
		if d.Passkey != nil {
			options.Exclude = append(options.Exclude, descriptor(d))
		}
	}
	return marshal(options)
}

// BeginAuthentication opens a sign-in with one of devices and gives its options.
// Devices that are suspect, that are no passkey, or that belong to somebody else
// are left out. id is as at BeginRegistration. no-credential when no device is left: an
// empty list would ask for anybody's passkey.
func (r *RelyingParty) BeginAuthentication(p mfa.Principal, id string, devices []mfa.Device) ([]byte, error) {
	if err := checkUserHandle(p); err != nil {
		return nil, err
	}
	var allow []credentialDescriptor
	for _, d := range devices {
		if maySignIn(p, d) {
			allow = append(allow, descriptor(d))
		}
	}
	if len(allow) == 0 {
		return nil, refuse(mfa.CodeNoCredential, "none of %d devices can sign in", len(devices))
	}
	return r.ask(ceremonyKey{authentication, p.ID, id}, allow)
}

// BeginDiscoverable opens a sign-in of whoever has a passkey here and gives its options:
// the authenticator offers those it has. id is as at BeginRegistration.
func (r *RelyingParty) BeginDiscoverable(id string) ([]byte, error) {
	return r.ask(ceremonyKey{kind: discoverable, ceremonyID: id}, []credentialDescriptor{})
}

func (r *RelyingParty) ask(key ceremonyKey, allow []credentialDescriptor) ([]byte, error) {
	challenge, err := r.book.issue(key)
	if err != nil {
		return nil, err
	}
	return marshal(requestOptions{
		Challenge:        encode(challenge),
		Timeout:          r.cfg.ChallengeLife.Milliseconds(),
		RPID:             r.cfg.RPID,
		Allow:            allow,
		UserVerification: verificationRequired,
		Hints:            []string{"hybrid"},
	})
}

func maySignIn(p mfa.Principal, d mfa.Device) bool {
	return d.Passkey != nil && d.SuspectAt.IsZero() && d.PrincipalID == p.ID
}

func descriptor(d mfa.Device) credentialDescriptor {
	return credentialDescriptor{Type: credentialType, ID: encode(d.Passkey.ID), Transports: d.Passkey.Transports}
}

func checkUserHandle(p mfa.Principal) error {
	if n := len(p.UserHandle); n < 1 || n > maxUserHandle {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "user-handle").Because(errorf("user handle of %d bytes", n))
	}
	return nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func marshal(options any) ([]byte, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	return text, nil
}
