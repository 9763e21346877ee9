package pinuv

import "time"

// Permission is a bit of what a pinUvAuthToken may be used for (CTAP 2.2 section
// 6.5.5.7).
type Permission byte

const (
	PermissionMakeCredential       Permission = 0x01 // for one relying party
	PermissionGetAssertion         Permission = 0x02 // for one relying party
	PermissionCredentialManagement Permission = 0x04
	PermissionBioEnrollment        Permission = 0x08
	PermissionLargeBlobWrite       Permission = 0x10
	PermissionConfig               Permission = 0x20
	PermissionReadOnlyManagement   Permission = 0x40
)

// How long a token lives (CTAP 2.2 section 6.5.2.1).
const (
	InitialUse = 30 * time.Second // until it is used for the first time
	MaxUse     = 10 * time.Minute // in all
)

const tokenSize = 32

// token is the authenticator's pinUvAuthToken and its state.
type token struct {
	key         [tokenSize]byte
	protocol    uint64
	permissions Permission
	rpID        string
	issued      time.Time
	used        bool
}

// alive reports that the token is in use and not too old.
func (t *token) alive(now time.Time) bool {
	age := now.Sub(t.issued)
	return t.protocol != 0 && age >= 0 && age <= MaxUse && (t.used || age <= InitialUse)
}

func (t *token) stop() { *t = token{} }
