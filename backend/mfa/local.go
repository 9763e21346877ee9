package mfa

import (
	"context"
	"time"
)

// MaxLocalPasskeys is how many passkeys this computer's own authenticator keeps.
// A bound for lists, not of the hardware: the keys lie in the database, wrapped.
const MaxLocalPasskeys = 128

// LocalPasskey is one passkey of this computer's own authenticator (package
// platform/tpm). Its key is used by the TPM that made it and by no other; Public and
// Private are what that TPM takes back to do so.
//
// It has no signature counter: what is restored from a backup would turn one back,
// and a counter that goes back marks a device as copied.
type LocalPasskey struct {
	ID              []byte // credential ID, 1 to 1023 bytes
	RPID            string // never empty
	RPName          string
	UserHandle      []byte // 1 to 64 bytes
	UserName        string
	UserDisplayName string
	Algorithm       int64  // COSE
	Public          []byte // TPM2B_PUBLIC (TPM 2.0 Part 2 section 12.2.5)
	Private         []byte // TPM2B_PRIVATE (section 12.3.7): sealed by the TPM for itself
	Discoverable    bool   // found without its ID
	CreatedAt       time.Time
}

// LocalState is what this computer's own authenticator keeps besides passkeys. The
// zero value means that it was never set up: there is no PIN.
type LocalState struct {
	Parent     []byte // TPM2B_NAME's content: the name of the storage key that all of it was made under
	PINPublic  []byte // TPM2B_PUBLIC of the object that the PIN opens; empty: no PIN
	PINPrivate []byte // TPM2B_PRIVATE of it; a change of the PIN changes this and nothing else
	PINSetAt   time.Time
}

// LocalStore keeps what this computer's own authenticator remembers. Its changes
// write no event: it keeps its things as a security key does, and what became of a
// passkey stands in the event of the ceremony that wanted it. It holds no version
// either, as one authenticator at a time uses it.
type LocalStore interface {
	// LocalPasskeys lists the passkeys for a relying party, or all when rpID is empty,
	// newest first.
	LocalPasskeys(ctx context.Context, rpID string) ([]LocalPasskey, error)
	// LocalPasskey finds by credential ID. not-found.
	LocalPasskey(ctx context.Context, credentialID []byte) (LocalPasskey, error)
	// PutLocalPasskey adds a passkey. A discoverable one takes the place of the
	// discoverable one with the same RP ID and user handle, if there is one (CTAP 2.2
	// section 6.1.2). credential-registered when the ID is there already;
	// authenticator-full (params: max) beyond MaxLocalPasskeys; invalid-input without a
	// credential ID, an RP ID or a user handle.
	PutLocalPasskey(ctx context.Context, p LocalPasskey) error
	// RenameLocalPasskey changes the two names of the user. not-found.
	RenameLocalPasskey(ctx context.Context, credentialID []byte, name, displayName string) error
	// RemoveLocalPasskey forgets a passkey. not-found.
	RemoveLocalPasskey(ctx context.Context, credentialID []byte) error
	// LocalState gives what was put last, or the zero value.
	LocalState(ctx context.Context) (LocalState, error)
	// PutLocalState replaces it.
	PutLocalState(ctx context.Context, s LocalState) error
	// ResetLocal forgets all passkeys and the state, in one.
	ResetLocal(ctx context.Context) error
}
