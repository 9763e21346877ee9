package enforcement

import (
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// State is what signing in with the right password leads to.
type State string

const (
	Free    State = "free"    // to the account, as far as enforcement is concerned
	Grace   State = "grace"   // to the account, with a reminder that can be skipped until the deadline
	SetUp   State = "set-up"  // to device set-up, and nothing else
	Blocked State = "blocked" // nowhere
)

// Reason says why.
type Reason string

const (
	NotRequired    Reason = "not-required"
	HasDevice      Reason = "has-device"
	NoDevice       Reason = "no-device"
	DevicesSuspect Reason = "devices-suspect" // all of them
	NoPassword     Reason = "no-password"
)

// Verdict is the answer for one principal at one time.
type Verdict struct {
	State    State
	Reason   Reason
	Deadline time.Time // of Grace and SetUp; zero otherwise
}

// Limit is what a session that begins under the verdict is held to.
func (v Verdict) Limit() mfa.Limit {
	if v.State == SetUp {
		return mfa.LimitSetUpDevice
	}
	return mfa.LimitNone
}

// Standing is what the verdict depends on.
type Standing struct {
	Kind         mfa.PrincipalKind
	HasPassword  bool
	Devices      int // assigned ones
	Usable       int // of those, the ones that can sign in
	Alone        int // of the usable ones, the passkeys that need no password
	RecoveryLeft int
	Deadline     time.Time // as stored; zero: none yet
}

// StandingOf takes it from the list of users.
func StandingOf(o mfa.Overview) Standing {
	return Standing{Kind: o.Kind, HasPassword: o.HasPassword, Devices: o.Devices(), Usable: o.Usable(),
		Alone: o.Alone(), RecoveryLeft: o.RecoveryLeft, Deadline: o.MFADeadline}
}

// Deadline is from when on a principal of this kind must have a device, if the
// requirement is first met now: whole seconds, UTC. False when none is required.
func Deadline(s mfa.Settings, k mfa.PrincipalKind, now time.Time) (time.Time, bool) {
	days := s.RootGraceDays
	if k != mfa.Root {
		if !s.RequireForUser {
			return time.Time{}, false
		}
		days = s.UserGraceDays
	}
	// A day is 24 hours wherever the machine stands, and a whole second is what every
	// store gives back as it got it.
	return now.UTC().Add(time.Duration(days) * 24 * time.Hour).Truncate(time.Second), true
}

// Judge says what signing in with the right password at now leads to.
func Judge(s mfa.Settings, p Standing, now time.Time) Verdict {
	switch {
	case !p.HasPassword && s.Passwordless && p.Alone > 0:
		return Verdict{State: Free, Reason: HasDevice}
	case !p.HasPassword:
		return Verdict{State: Blocked, Reason: NoPassword}
	case p.Usable > 0:
		return Verdict{State: Free, Reason: HasDevice}
	case p.Devices > 0 && p.RecoveryLeft == 0:
		return Verdict{State: Blocked, Reason: DevicesSuspect}
	}
	deadline, required := Deadline(s, p.Kind, now)
	if !required {
		return Verdict{State: Free, Reason: NotRequired}
	}
	if !p.Deadline.IsZero() {
		deadline = p.Deadline // stored once; today's settings do not move it
	}
	v := Verdict{State: Grace, Reason: NoDevice, Deadline: deadline}
	if p.Devices > 0 {
		v.Reason = DevicesSuspect
	}
	if !now.Before(deadline) {
		v.State = SetUp
	}
	return v
}
