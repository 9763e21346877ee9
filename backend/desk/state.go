package desk

import (
	"time"

	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/enforcement"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/simkey"
	"github.com/keyferry/keyferry/backend/vault"
)

// Phase is which part of the app the person is in.
type Phase string

const (
	PhaseWelcome Phase = "welcome" // no account yet
	PhaseSignIn  Phase = "sign-in"
	PhaseHome    Phase = "home"
	PhaseBroken  Phase = "broken" // the data cannot be opened; State.Failure says why
)

// Ended is why the last session ended by itself.
type Ended string

const (
	EndedNot     Ended = ""
	EndedIdle    Ended = "idle"
	EndedRemoved Ended = "removed" // the principal is gone
)

// State is all that does not belong to a ceremony.
type State struct {
	Phase        Phase
	Sandbox      bool // the evaluation sandbox is open
	HasSandbox   bool // it was opened before
	Account      *mfa.Account
	Person       *Person      // who is signed in
	Vault        *vault.State // nil without an account
	Failure      *mfa.Failure
	Backups      []string // files, newest first, at PhaseBroken
	LastIdentity *mfa.Identity
	Ended        Ended
}

// Person is who is signed in.
type Person struct {
	Session       mfa.Session
	Principal     mfa.Principal // the password hash is left out
	Device        string        // name of the device that proved the session
	Administrator bool
	Verdict       enforcement.Verdict
}

// State is the present state.
func (d *Desk) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state()
}

func (d *Desk) state() State { // with mu held
	s := State{Sandbox: d.sandbox, HasSandbox: d.visited, Account: d.account, Vault: d.vault,
		Failure: d.failure, LastIdentity: d.last, Ended: d.ended}
	switch {
	case d.failure != nil:
		s.Phase, s.Backups = PhaseBroken, d.backups
	case d.account == nil:
		s.Phase = PhaseWelcome
	case d.visit == nil:
		s.Phase = PhaseSignIn
	default:
		s.Phase = PhaseHome
		p := d.visit.Person
		s.Person = &p
	}
	return s
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
	Road      mfa.Road
	Sightings []Sighting          // of phones, one of a look, the newest look first, while a code is shown
	Keys      int                 // how many security keys are meant, from find-key on
	Key       string              // the name of the one
	Trouble   *mfa.Failure        // why no key can be used yet, at find-key
	PIN       *mfa.PINAsk         // at enter-pin
	Accounts  *AccountsQuestion   // at choose-account
	Candidate *ceremony.Candidate // at name-device
	Device    *mfa.Device         // enrolment, at done
	State     *State              // at done
	Failure   *mfa.Failure        // at failed
}

// AccountsQuestion is asked once, and answered by its ID.
type AccountsQuestion struct {
	ID int // rises by one with each
	mfa.AccountsAsk
}

// Sighting is an advert that was heard, and when.
type Sighting struct {
	mfa.Sighting
	At time.Time
}

// Event is one thing that changed. Exactly one field is set.
type Event struct {
	Ceremony *Ceremony
	Phone    *phonesim.State
	SimKey   *simkey.State
	Keys     *[]keys.Key           // security keys came or went
	Models   map[mfa.AAGUID]string // their names by the metadata, as far as it knows them
	Reset    *keys.ResetStage      // how far the reset that runs is
	State    *State
	Import   *Import
	Files    []File // that were dropped on the window
}

// Import is how far an import is.
type Import struct {
	ID          string // of the preview
	Done, Total int
}

// SignIn is what follows a right password, or a second factor.
type SignIn struct {
	Complete     bool // State has a person
	State        State
	Devices      []mfa.Device // those that can prove it
	Roads        []mfa.Road   // by which one of them may be met here: phone, key, computer
	Links        []mfa.LinkedPhone
	RecoveryLeft int
}
