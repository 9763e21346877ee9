package examine

import (
	"time"

	"github.com/keyferry/keyferry/backend/admission"
	"github.com/keyferry/keyferry/backend/hello"
	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/rp"
)

// Kind is what a response answers.
type Kind string

const (
	Registration Kind = "registration"
	Assertion    Kind = "assertion"
)

// State is what became of one check.
type State string

const (
	Holds     State = "holds"
	Fails     State = "fails"
	Unproven  State = "unproven"   // neither: nothing is proven, which alone refuses nobody
	NotJudged State = "not-judged" // nothing to compare with, or an earlier failure is in the way
)

// Check names one check.
type Check string

// The checks, in the order in which they are made. Which of them apply depends on the
// kind and on what was given.
const (
	CheckResponse     Check = "response"           // the JSON (WebAuthn 5.1.8)
	CheckClientData   Check = "client-data"        // it can be read
	CheckCredential   Check = "credential"         // assertions: the one whose key was given, and one that was asked for
	CheckUserHandle   Check = "user-handle"        // assertions
	CheckType         Check = "type"               // webauthn.create or webauthn.get
	CheckChallenge    Check = "challenge"          //
	CheckOrigin       Check = "origin"             //
	CheckCrossOrigin  Check = "cross-origin"       //
	CheckAttestation  Check = "attestation-object" // registrations: it can be read
	CheckAuthData     Check = "authenticator-data" // assertions: it can be read
	CheckKey          Check = "key"                // it is one that nobody can trivially sign for
	CheckFormat       Check = "format"             // the attestation's format is known, and the statement has its shape
	CheckRPID         Check = "rp-id"              // rpIdHash
	CheckPresence     Check = "user-presence"      // flag UP
	CheckVerification Check = "user-verification"  // flag UV
	CheckBackup       Check = "backup"             // flags BE and BS
	CheckID           Check = "credential-id"      // the same inside and out
	CheckAlgorithm    Check = "algorithm"          // it was offered
	CheckSignature    Check = "signature"          // of the attestation, or of the assertion
	CheckCounter      Check = "counter"            // assertions
	CheckTrust        Check = "trust"              // the certificates lead to a root of the model's entry in metadata
	CheckModel        Check = "model"              // not revoked, compromised or retired
	CheckHello        Check = "windows-hello"      //
	CheckCreate       Check = "policy-create"      //
	CheckActivate     Check = "policy-activate"    //
)

var registrationChecks = []Check{CheckResponse, CheckClientData, CheckType, CheckChallenge, CheckOrigin, CheckCrossOrigin, CheckAttestation, CheckKey, CheckFormat,
	CheckRPID, CheckPresence, CheckVerification, CheckBackup, CheckID, CheckAlgorithm, CheckSignature, CheckTrust, CheckModel, CheckHello}

var assertionChecks = []Check{CheckResponse, CheckCredential, CheckUserHandle, CheckClientData, CheckType, CheckChallenge, CheckOrigin, CheckCrossOrigin, CheckAuthData,
	CheckRPID, CheckPresence, CheckVerification, CheckBackup, CheckKey, CheckSignature, CheckCounter}

// Fact is something that was seen at a check. Values come from the file.
type Fact struct{ Name, Value string }

// Step is one check and what became of it.
type Step struct {
	Check    Check
	State    State
	Failure  *mfa.Failure // with Fails
	Facts    []Fact
	Decision *policy.Decision // of the two checks by a policy
}

// Report is everything about one response.
type Report struct {
	Kind       Kind
	Steps      []Step
	Credential *mfa.Credential // of a registration that could be read to its end
}

// Accepted reports that nothing fails. Something may be unproven or not judged.
func (r Report) Accepted() bool {
	for _, s := range r.Steps {
		if s.State == Fails {
			return false
		}
	}
	return true
}

// Case is a response and everything that it is held against.
type Case struct {
	Response []byte
	Kind     Kind
	// Expect is what the relying party wanted; members that are empty are not known, and
	// their checks not judged. UserVerification must be set.
	Expect   rp.Expectation
	Stored   *mfa.Credential // assertions: the key that was registered
	Metadata *mds.Metadata   // nil: none
	Policy   *admission.Offline
	Path     hello.Path // empty: a file
	System   string     // runtime.GOOS of the computer whose dialog made it; empty: not known
	RuleOut  bool       // refuse what may be Windows Hello
	At       time.Time  // of the registration
}

// list is the steps of a report while it is made.
type list struct{ steps []Step }

func newList(checks []Check) *list {
	l := &list{}
	for _, c := range checks {
		l.steps = append(l.steps, Step{Check: c, State: NotJudged})
	}
	return l
}

func (l *list) step(c Check) *Step {
	for i := range l.steps {
		if l.steps[i].Check == c {
			return &l.steps[i]
		}
	}
	l.steps = append(l.steps, Step{Check: c, State: NotJudged})
	return &l.steps[len(l.steps)-1]
}

func (l *list) fact(c Check, name, value string) {
	if value != "" {
		s := l.step(c)
		s.Facts = append(s.Facts, Fact{name, value})
	}
}

func (l *list) fail(c Check, err error) {
	s := l.step(c)
	s.State, s.Failure = Fails, mfa.AsFailure(err)
}

// hold marks the checks from first to last that nothing was said against: those that rp
// has passed. unknown are left as they are.
func (l *list) hold(until Check, unknown map[Check]bool) {
	for i := range l.steps {
		s := &l.steps[i]
		if s.Check == until {
			return
		}
		if s.State == NotJudged && !unknown[s.Check] {
			s.State = Holds
		}
	}
}
