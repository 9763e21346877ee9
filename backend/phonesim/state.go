package phonesim

import "github.com/keyferry/keyferry/backend/mfa"

// Phase is what the phone's screen is at.
//
//	idle -> reading -> connecting -> asking -> done
//	           |           |           |
//	           +--------> failed <-----+
//
// A new code may be read in every phase; it ends what runs.
type Phase string

const (
	PhaseIdle       Phase = "idle"
	PhaseReading    Phase = "reading"    // looking at the code
	PhaseConnecting Phase = "connecting" // advertising, tunnel, handshake, waiting for the request
	PhaseAsking     Phase = "asking"     // the request is on the screen
	PhaseDone       Phase = "done"       // the transaction ended as it was meant to, a "no" included
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

// begin clears what was shown of the transaction before.
func (s *State) begin(at Phase) {
	s.Phase, s.Op, s.RPID, s.Account, s.Failure = at, "", "", "", nil
}

func (s *State) end(err error) {
	s.Phase = PhaseDone
	if s.Failure = mfa.AsFailure(err); s.Failure != nil {
		s.Phase = PhaseFailed
	}
}
