package totp

import (
	"math"
	"slices"
	"time"
)

// MaxSamples is how many samples of a device are worth keeping.
const MaxSamples = 64

// Sample is a drift that was seen when a code was accepted.
type Sample struct {
	At    time.Time
	Drift int // steps, as in State
}

// Keep appends a sample to a history and drops the oldest ones over MaxSamples.
func Keep(history []Sample, s Sample) []Sample {
	history = append(slices.Clone(history), s)
	return history[max(0, len(history)-MaxSamples):]
}

// An estimate needs this much to stand on: a step is a coarse ruler.
const (
	minSamples = 3
	minSpan    = 7 * 24 * time.Hour
	horizon    = 10 * 365 * 24 * time.Hour // tokens do not live longer
)

// Trend is a straight line through a history (least squares).
type Trend struct {
	PerDay time.Duration // by which the token gains on this machine each day (loses: negative)
	Ahead  time.Duration // by which it is ahead at the time of the newest sample, on the line
	At     time.Time     // the newest sample
	drift  int           // the drift stored with it
	p      Params
}

// Estimate fits a line. It is false for fewer than three samples, or samples that
// span less than a week. Order does not matter.
func Estimate(p Params, history []Sample) (Trend, bool) {
	if len(history) < minSamples || p.Check() != nil {
		return Trend{}, false
	}
	order := func(a, b Sample) int { return a.At.Compare(b.At) }
	oldest, newest := slices.MinFunc(history, order), slices.MaxFunc(history, order)
	if newest.At.Sub(oldest.At) < minSpan {
		return Trend{}, false
	}
	// x in days before (so not above) the newest sample, y in seconds
	var sx, sy, sxx, sxy float64
	n := float64(len(history))
	for _, s := range history {
		x, y := s.At.Sub(newest.At).Hours()/24, float64(s.Drift)*p.Period.Seconds()
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	slope := (n*sxy - sx*sy) / (n*sxx - sx*sx)
	return Trend{PerDay: seconds(slope), Ahead: seconds((sy - slope*sx) / n), At: newest.At, drift: newest.Drift, p: p}, true
}

// Leaves is when the token will be out of a window of so many steps around its
// stored drift if it is not used until then: each good code moves the window
// along, so a token in use never leaves. It is false when that is over ten years
// away.
func (t Trend) Leaves(window int) (time.Time, bool) {
	if t.PerDay == 0 {
		return time.Time{}, false
	}
	edge := time.Duration(t.drift+window) * t.p.Period
	if t.PerDay < 0 {
		edge = time.Duration(t.drift-window) * t.p.Period
	}
	days := max(0, (edge-t.Ahead).Seconds()/t.PerDay.Seconds())
	if days > horizon.Hours()/24 {
		return time.Time{}, false
	}
	return t.At.Add(time.Duration(days * 24 * float64(time.Hour))), true
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * float64(time.Second))) }
