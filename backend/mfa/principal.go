package mfa

import (
	"fmt"
	"io"
	"time"
)

// PrincipalKind tells the root user from users.
type PrincipalKind string

const (
	Root PrincipalKind = "root"
	User PrincipalKind = "user"
)

// RootPath is the path of everybody who has none of their own.
const RootPath = "/"

// Principal is somebody who signs in.
type Principal struct {
	ID             string
	Kind           PrincipalKind
	Name           string // users only; unique without case
	Path           string // users only; see CheckPath. RootPath is the usual one
	Email          string // root only
	UserHandle     []byte // 32 random bytes, WebAuthn's user.id; says nothing about the person
	Password       PasswordHash
	PasswordAt     time.Time // when the password was set; zero: there is none
	MustChange     bool      // signing in leads to a new password and nowhere else
	PasswordUsedAt time.Time // the last right password; zero: never
	// MFADeadline is from when on a password leads only to device set-up. It is set
	// once, when the requirement is first met at a sign-in, and never moves. Zero: not
	// met yet.
	MFADeadline time.Time
	CreatedAt   time.Time
	Version     int64
}

// HasPassword reports that the principal can pass the first factor.
func (p Principal) HasPassword() bool { return len(p.Password.Hash) > 0 }

// Label is what the person is called on a phone and on the screen.
func (p Principal) Label() string {
	if p.Kind == Root {
		return p.Email
	}
	return p.Name
}

// PasswordHash is an argon2id hash with the parameters it was made with.
type PasswordHash struct {
	Salt, Hash []byte
	Time       uint32
	MemoryKiB  uint32
	Threads    uint8
}

// Format never shows the hash: it is what an offline guesser wants.
func (PasswordHash) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// Guesses is what is remembered of wrong passwords for one name, whether a
// principal of that name exists or not.
type Guesses struct {
	Count      int       // wrong passwords since the last right one
	LockedTill time.Time // sign-in is delayed until then
}

// MaxGuessed is how many names a store remembers Guesses for.
const MaxGuessed = 1024

// Identity is what somebody types to say who they are: root by e-mail, a user
// by name.
type Identity struct {
	Kind PrincipalKind
	Name string // user name, or root's e-mail address
}

// Session is a signed-in principal.
type Session struct {
	ID          string
	PrincipalID string
	StartedAt   time.Time
	MFAAt       time.Time // zero: password only
	DeviceID    string    // the device that proved it
	RecoveredAt time.Time // a recovery code stood in for a device: not MFA, but enough to set up a new one
	Limit       Limit
}

// Limit is what a session is held to until it has done it.
type Limit string

const (
	LimitNone        Limit = ""
	LimitSetUpDevice Limit = "set-up-device"   // the time to add a device is over
	LimitNewPassword Limit = "change-password" // the password was set by somebody else
)

// MFAAge is aws:MultiFactorAuthAge: how long ago a device proved the session.
// False for a session without MFA, where the key is absent.
func (s Session) MFAAge(now time.Time) (time.Duration, bool) {
	return now.Sub(s.MFAAt), s.MFAPresent()
}

// MFAPresent is aws:MultiFactorAuthPresent.
func (s Session) MFAPresent() bool { return !s.MFAAt.IsZero() }

// MarshalText never shows the hash either, so JSON and logs cannot.
func (PasswordHash) MarshalText() ([]byte, error) { return []byte(redacted), nil }
