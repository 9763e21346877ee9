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

// wishes are what is asked of an authenticator by the road to it.
//
// A phone and a computer are passkeys in the full sense: they verify their owner and
// can name the account. A security key stands beside a password and may be one that
// can neither (U2F); what it can do is taken, and then held on to: a credential that
// was made with user verification never signs in without.
var wishes = map[mfa.Road]struct {
	attachment, residentKey, verification string
	hints                                 []string
}{
	mfa.RoadPhone:    {"cross-platform", residentRequired, verificationRequired, []string{"hybrid"}},
	mfa.RoadKey:      {"cross-platform", residentPreferred, verificationPreferred, []string{"security-key"}},
	mfa.RoadComputer: {"platform", residentRequired, verificationRequired, []string{"client-device"}},
	mfa.RoadSystem:   {"cross-platform", residentPreferred, verificationPreferred, []string{"hybrid", "security-key"}},
}

// Values of residentKey (WebAuthn 5.4.6).
const (
	residentRequired  = "required"
	residentPreferred = "preferred"
)

// BeginRegistration opens a registration and gives its options: those of the road, and
// a wish for attestation (which FinishRegistration does not insist on). existing are the
// person's devices: their passkeys are excluded.
//
// id tells the ceremony from others that the person may have open: it is never given
// twice, and FinishRegistration asks for it. invalid-input (field user-handle) when p has
// no handle of 1 to 64 bytes.
func (r *RelyingParty) BeginRegistration(p mfa.Principal, id string, road mfa.Road, existing []mfa.Device) ([]byte, error) {
	if err := checkUserHandle(p); err != nil {
		return nil, err
	}
	wish, known := wishes[road]
	if !known {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", "road")
	}
	challenge, err := r.book.issue(ceremonyKey{registration, p.ID, id}, road)
	if err != nil {
		return nil, err
	}
	options := creationOptions{
		RP:          relyingPartyEntity{ID: r.cfg.RPID, Name: r.cfg.Name},
		User:        userEntity{ID: encode(p.UserHandle), Name: p.Label(), DisplayName: p.Label()},
		Challenge:   encode(challenge),
		Timeout:     r.cfg.ChallengeLife.Milliseconds(),
		Exclude:     []credentialDescriptor{},
		Selection:   selection{wish.attachment, wish.residentKey, wish.residentKey == residentRequired, wish.verification},
		Hints:       wish.hints,
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
// Devices that are suspect, that are no passkey, that are not met on the road or that
// belong to somebody else are left out. id is as at BeginRegistration. User verification
// is required on roads where it always is, and where each device has done it at
// registration. no-credential when no
// device is left: an empty list would ask for anybody's passkey.
func (r *RelyingParty) BeginAuthentication(p mfa.Principal, id string, road mfa.Road, devices []mfa.Device) ([]byte, error) {
	if err := checkUserHandle(p); err != nil {
		return nil, err
	}
	var allow []credentialDescriptor
	verification := verificationRequired
	for _, d := range devices {
		if !maySignIn(p, d) || !d.Passkey.ReachedBy(road) {
			continue
		}
		allow = append(allow, descriptor(d))
		if !d.Passkey.UserVerified {
			verification = wishes[road].verification
		}
	}
	if len(allow) == 0 {
		return nil, refuse(mfa.CodeNoCredential, "none of %d devices can sign in", len(devices))
	}
	return r.ask(ceremonyKey{authentication, p.ID, id}, road, verification, allow)
}

// BeginDiscoverable opens a sign-in of whoever has a passkey here and gives its options:
// the authenticator offers those it has. id is as at BeginRegistration.
func (r *RelyingParty) BeginDiscoverable(id string, road mfa.Road) ([]byte, error) {
	return r.ask(ceremonyKey{kind: discoverable, ceremonyID: id}, road, verificationRequired, []credentialDescriptor{})
}

func (r *RelyingParty) ask(key ceremonyKey, road mfa.Road, verification string, allow []credentialDescriptor) ([]byte, error) {
	wish, known := wishes[road]
	if !known {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", "road")
	}
	challenge, err := r.book.issue(key, road)
	if err != nil {
		return nil, err
	}
	return marshal(requestOptions{
		Challenge:        encode(challenge),
		Timeout:          r.cfg.ChallengeLife.Milliseconds(),
		RPID:             r.cfg.RPID,
		Allow:            allow,
		UserVerification: verification,
		Hints:            wish.hints,
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
