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

// Principal is somebody who signs in.
type Principal struct {
	ID         string
	Kind       PrincipalKind
	Name       string // users only; unique without case
	Email      string // root only
	UserHandle []byte // 32 random bytes, WebAuthn's user.id; says nothing about the person
	Password   PasswordHash
	CreatedAt  time.Time
	Version    int64
}

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
}

// MFAPresent is aws:MultiFactorAuthPresent.
func (s Session) MFAPresent() bool { return !s.MFAAt.IsZero() }

// MarshalText never shows the hash either, so JSON and logs cannot.
func (PasswordHash) MarshalText() ([]byte, error) { return []byte(redacted), nil }
