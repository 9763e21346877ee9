package enforcement

import (
	"cmp"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Forecast is the verdict for one principal on the day that is rehearsed.
type Forecast struct {
	Overview mfa.Overview
	Verdict  Verdict
}

// Rehearse judges everybody as if it were day and nothing else had changed: blocked
// first, then set-up, grace and free, each in the order given.
func Rehearse(s mfa.Settings, all []mfa.Overview, day time.Time) []Forecast {
	forecasts := make([]Forecast, len(all))
	for i, o := range all {
		forecasts[i] = Forecast{Overview: o, Verdict: Judge(s, StandingOf(o), day)}
	}
	slices.SortStableFunc(forecasts, func(a, b Forecast) int {
		return cmp.Compare(urgency[a.Verdict.State], urgency[b.Verdict.State])
	})
	return forecasts
}

var urgency = map[State]int{Blocked: 0, SetUp: 1, Grace: 2, Free: 3}
