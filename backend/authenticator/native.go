package authenticator

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
)

// Native is an operating system's own WebAuthn client: webauthn.dll,
// AuthenticationServices. It shows a window of its own and speaks to authenticators
// by itself, so it stands beside ctap2.Channel and not under it.
//
// Both methods block until the person is done; ending ctx closes the system's window
// and gives ctx.Err() soon after. Other errors are an mfa.Failure: cancelled,
// timed-out, already-registered, no-credential, unsupported-option,
// unsupported-algorithm, authenticator-full, platform-missing, platform-too-old,
// platform-failed (param code).
type Native interface {
	MakeCredential(ctx context.Context, req NativeCreate) (NativeCredential, error)
	GetAssertion(ctx context.Context, req NativeGet) (NativeAssertion, error)
}

// NativeCreate is what the system is asked to make. ClientDataJSON was built here and
// is passed as it is.
type NativeCreate struct {
	ClientDataJSON   []byte
	RP               ctap2.RelyingParty
	User             ctap2.User
	Parameters       []ctap2.CredentialParameters
	Exclude          []NativeDescriptor
	ResidentKey      string // required, preferred, discouraged or empty
	UserVerification string // required, preferred or discouraged
	Attestation      string // none, indirect, direct or empty
	Timeout          time.Duration
	Hints            []string // in order: security-key, hybrid, client-device
}

// NativeGet is what the system is asked to sign.
type NativeGet struct {
	ClientDataJSON   []byte
	RPID             string
	Allow            []NativeDescriptor
	UserVerification string
	Timeout          time.Duration
	Hints            []string
}

// NativeDescriptor names a credential and how it was reached.
type NativeDescriptor struct {
	ID         []byte
	Transports []string
}

// NativeCredential is what the system made. ClientDataJSON is empty when ours was used.
type NativeCredential struct {
	ClientDataJSON    []byte
	AttestationObject []byte
	Transports        []string // used or offered, in the words of WebAuthn; may be empty
	Discoverable      *bool    // nil: the system did not say
}

// NativeAssertion is what the system signed. ClientDataJSON is empty when ours was used.
type NativeAssertion struct {
	ClientDataJSON []byte
	CredentialID   []byte
	AuthData       []byte
	Signature      []byte
	UserHandle     []byte
	Transport      string
}
