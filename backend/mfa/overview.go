package mfa

import "time"

// Overview is one principal in the list of users: what an administrator wants to
// know of everybody at a glance. It holds no hash and no key.
type Overview struct {
	ID             string
	Kind           PrincipalKind
	Name           string // root: the e-mail address
	Path           string
	Administrator  bool // root, or AdministratorAccess, attached or through a group
	HasPassword    bool
	MustChange     bool
	CreatedAt      time.Time
	PasswordAt     time.Time
	PasswordUsedAt time.Time
	MFADeadline    time.Time
	Passkeys       int // assigned devices, by kind
	Apps           int
	Tokens         int
	Suspect        int       // of those, how many never sign in again
	SecondOnly     int       // usable passkeys that do not sign in alone (see Credential.StandsAlone)
	LastUsedAt     time.Time // the last use of any device
	RecoveryLeft   int       // unused recovery codes
	Version        int64
}

// Devices is how many devices are assigned.
func (o Overview) Devices() int { return o.Passkeys + o.Apps + o.Tokens }

// Usable is how many of them can sign in.
func (o Overview) Usable() int { return o.Devices() - o.Suspect }

// Alone is how many passkeys sign in without a password, where the account allows that.
// A suspect device is a passkey: no other kind has a counter.
func (o Overview) Alone() int { return o.Passkeys - o.Suspect - o.SecondOnly }

// Ways is how many independent ways in there are (two are enough): each usable device, and the
// printed codes together.
func (o Overview) Ways() int {
	n := o.Usable()
	if o.RecoveryLeft > 0 {
		n++
	}
	return n
}
