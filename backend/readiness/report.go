package readiness

import (
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Way is a way to prove who one is.
type Way string

const (
	WayPhone    Way = "phone"    // a phone that scans a code
	WayKey      Way = "key"      // a security key on USB
	WayNFC      Way = "nfc"      // a security key or card on a reader
	WayComputer Way = "computer" // what this computer brings itself
	WayCode     Way = "code"     // the codes of an app or a token
)

// Ways lists them in the order of a report.
func Ways() []Way { return []Way{WayPhone, WayKey, WayNFC, WayComputer, WayCode} }

// State is how a rung stands.
type State string

const (
	OK      State = "ok"
	Failed  State = "failed"
	Warning State = "warning" // it may do, and it may not
	Unknown State = "unknown" // nobody could be asked: param why
	Skipped State = "skipped" // a lower rung does not stand, so that this one cannot be seen
)

// Verdict is what a ladder comes to.
type Verdict string

const (
	Ready    Verdict = "ready"     // every rung that is needed stands
	NotReady Verdict = "not-ready" // one failed
	Unsure   Verdict = "unsure"    // one could not be asked, none failed
)

// Report is what this computer can do, at one moment.
type Report struct {
	At      time.Time
	System  string   // as runtime.GOOS
	Ladders []Ladder // one for each of Ways, in that order
	Machine []Fact
	Facts   Facts
}

// Ladder is what one way needs.
type Ladder struct {
	Way   Way
	State Verdict
	Rungs []Rung // from the ground up
}

// Rung is one thing that a way needs, or that may stand in its way.
type Rung struct {
	ID      string // one of Rung...
	State   State
	Params  map[string]string
	Failure *mfa.Failure // what is wrong, where a code exists for it; else nil
}

// Fact is one thing about this computer. Names are those of Fact....
type Fact struct {
	Name, Value string
}

// Ladder gives the ladder of a way.
func (r Report) Ladder(w Way) Ladder {
	for _, l := range r.Ladders {
		if l.Way == w {
			return l
		}
	}
	return Ladder{Way: w, State: Unsure}
}

// Missing is why a way does not work here: what the first failed rung says. nil when
// none has failed.
func (l Ladder) Missing() *mfa.Failure {
	for _, r := range l.Rungs {
		switch {
		case r.State != Failed:
		case r.Failure != nil:
			return r.Failure
		default:
			return mfa.Fail(mfa.CodePlatformMissing, "rung", r.ID)
		}
	}
	return nil
}
