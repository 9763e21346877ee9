package desk

import (
	"time"

	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
)

// Phase is which part of the app the person is in.
type Phase string

const (
	PhaseWelcome Phase = "welcome" // no account yet
	PhaseSignIn  Phase = "sign-in"
	PhaseHome    Phase = "home"
	PhaseBroken  Phase = "broken" // the data cannot be opened; State.Failure says why
)

// State is all that does not belong to a ceremony.
type State struct {
	Phase        Phase
	Sandbox      bool // the evaluation sandbox is open
	HasSandbox   bool // it was opened before
	Account      *mfa.Account
	Session      *mfa.Session
	Principal    *mfa.Principal // of the session; the password hash is left out
	Device       string         // name of the device that proved the session
	Failure      *mfa.Failure
	Backups      []string // files, newest first, at PhaseBroken
	LastIdentity *mfa.Identity
}

// Purpose is what a ceremony is for.
type Purpose string

const (
	PurposeEnrol  Purpose = "enrol"
	PurposeSignIn Purpose = "sign-in"
)

// Ceremony is the running ceremony, or the last one.
type Ceremony struct {
	ID        int // rises by one with each
	Purpose   Purpose
	Name      string // enrolment: the device's name
	Stage     mfa.Stage
	Reached   []mfa.Stage // those before Stage, in order
	QR        string      // at show-qr only; never logged
	Until     time.Time
	Radio     string
	Signal    int
	Candidate *ceremony.Candidate // at name-device
	Device    *mfa.Device         // enrolment, at done
	State     *State              // at done
	Failure   *mfa.Failure        // at failed
}

// Event is one thing that changed. Exactly one field is set.
type Event struct {
	Ceremony *Ceremony
	Phone    *phonesim.State
	State    *State
}

// SignIn is what follows a right password.
type SignIn struct {
	Complete bool // no second factor: State has a session
	State    State
	Devices  []mfa.Device
	Links    []mfa.LinkedPhone
}
