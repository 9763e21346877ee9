package totp

import "time"

// Alike is how far two offsets may be apart and still be the same: each is only
// known to a step, and people take their time to type.
const Alike = 90 * time.Second

// Offset is how far one device was ahead of this machine (behind: negative). Drift
// times the period gives it. The offsets of one diagnosis must have been seen under
// the same clock, so not too long ago.
type Offset struct {
	Device string // its ID
	Ahead  time.Duration
}

// Cause says whose clock is wrong.
type Cause string

const (
	CauseNone    Cause = "none"    // every device agrees with this machine
	CauseMachine Cause = "machine" // the devices agree with one another, not with this machine
	CauseToken   Cause = "token"   // this machine agrees with a device; others have drifted
	CauseBoth    Cause = "both"    // this machine is wrong, and some device besides
	CauseUnclear Cause = "unclear" // one device alone, or no two that agree: it cannot be told
)

// Diagnosis is whose clock is wrong, and by how much.
type Diagnosis struct {
	Cause   Cause
	Machine time.Duration // by which this machine is behind the devices; 0 unless it is to blame
	Tokens  []Offset      // the devices that drifted by themselves, measured against the true time
}

// Diagnose tells a wrong machine clock from drifting tokens. The largest group of
// devices that agree is taken for right; at equal size, the one that agrees with
// this machine, which counts as one more witness. Nothing is decided from one device.
func Diagnose(offsets []Offset) Diagnosis {
	if len(offsets) == 0 {
		return Diagnosis{Cause: CauseNone}
	}
	truth, witnesses := agreed(offsets)
	if witnesses < 2 {
		return Diagnosis{Cause: CauseUnclear}
	}
	d := Diagnosis{Cause: CauseNone}
	if !alike(truth, 0) {
		d.Cause, d.Machine = CauseMachine, truth
	} else {
		truth = 0
	}
	for _, o := range offsets {
		if !alike(o.Ahead, truth) {
			d.Tokens = append(d.Tokens, Offset{Device: o.Device, Ahead: o.Ahead - truth})
		}
	}
	switch {
	case len(d.Tokens) > 0 && d.Cause == CauseMachine:
		d.Cause = CauseBoth
	case len(d.Tokens) > 0:
		d.Cause = CauseToken
	}
	return d
}

// agreed is the offset with the most witnesses, as their mean, and their number.
// The machine itself is the witness for 0.
func agreed(offsets []Offset) (truth time.Duration, witnesses int) {
	candidates := make([]time.Duration, 0, len(offsets)+1)
	candidates = append(candidates, 0)
	for _, o := range offsets {
		candidates = append(candidates, o.Ahead)
	}
	for i, candidate := range candidates {
		n, sum := 0, time.Duration(0)
		for _, o := range offsets {
			if alike(o.Ahead, candidate) {
				n, sum = n+1, sum+o.Ahead-candidate
			}
		}
		if n == 0 {
			continue // only the machine says so
		}
		mean := candidate + sum/time.Duration(n)
		if i == 0 {
			n, mean = n+1, 0
		}
		if n > witnesses {
			truth, witnesses = mean, n
		}
	}
	return truth, witnesses
}

func alike(a, b time.Duration) bool { return max(a-b, b-a) <= Alike }
