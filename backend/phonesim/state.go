package phonesim

import "github.com/keyferry/keyferry/backend/mfa"

// Phase is what the phone's screen is at.
//
//	idle -> reading -> connecting -> asking -> done
//	                       |           |
//	                       +-> failed <+
//
// A new code may be read in idle, done and failed.
type Phase string

const (
	PhaseIdle       Phase = "idle"
	PhaseReading    Phase = "reading"    // looking at the code
	PhaseConnecting Phase = "connecting" // advertising, tunnel, handshake, waiting for the request
	PhaseAsking     Phase = "asking"     // the request is on the screen
	PhaseDone       Phase = "done"       // the transaction ended with an answer, a "no" included
	PhaseFailed     Phase = "failed"     // Failure says why
)

// What a request wants, for State.Op.
const (
	OpCreate = "create"
	OpSignIn = "sign-in"
)

// State is all that the phone's screen shows.
type State struct {
	Phase     Phase
	Model     Model
	Behaviour Behaviour
	Op        string // OpCreate, OpSignIn or "", from PhaseAsking on
	RPID      string // who asks, from PhaseAsking on
	Account   string // the account's name as the relying party gave it, or as it was stored
	Failure   *mfa.Failure
	Name      string // the phone's own name
}
