package totp

import (
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Explained is how far from this machine's time a pair is looked for to explain
// it. A pair that is found there is explained, not accepted.
const Explained = 24 * time.Hour

// Explanation says for which time two consecutive codes would be right.
type Explanation struct {
	Codes    time.Time     // UTC, the beginning of the second code's step
	Computer time.Time     // UTC, what this machine's clock says
	Offset   time.Duration // by which the codes are ahead of this machine, in whole steps
}

// Explain looks for two consecutive codes within 24 hours of now. It is false for
// codes that belong nowhere there, and for codes that are not a pair at all. The
// cost is some thousand HMACs, a few milliseconds.
func Explain(seed *mfa.Secret, p Params, first, second string, now time.Time) (Explanation, bool) {
	a, b, err := pairOf(seed, p, first, second)
	if err != nil {
		return Explanation{}, false
	}
	return explain(seed, p, a, b, now)
}

func explain(seed *mfa.Secret, p Params, a, b uint32, now time.Time) (Explanation, bool) {
	here := p.Step(now)
	step, ok := p.span(seed, here, p.steps(Explained)).consecutive(a, b)
	if !ok {
		return Explanation{}, false
	}
	return Explanation{Codes: p.Start(step), Computer: now.UTC(), Offset: time.Duration(step-here) * p.Period}, true
}

// failure is code-clock. The days are named only where they differ.
func (e Explanation) failure() *mfa.Failure {
	form := "15:04 UTC"
	if e.Codes.YearDay() != e.Computer.YearDay() {
		form = "2006-01-02 15:04 UTC"
	}
	return mfa.Fail(mfa.CodeCodeClock, "codes", e.Codes.Format(form), "computer", e.Computer.Format(form), "offset", e.Offset.String())
}
