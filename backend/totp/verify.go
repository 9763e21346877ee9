package totp

import (
	"crypto/subtle"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// SignInWindow is how many steps a single code may be away from where the device
// is expected, on either side.
const SignInWindow = 1

// recent is how many steps before the window an accepted code is still looked at
// by its digits, should they turn up again for a later step.
const recent = 10

// State is what a device's record keeps from one code to the next. The zero State
// is that of a device that has not shown a code yet.
type State struct {
	Drift    int   // steps by which the token is ahead of this machine (behind: negative)
	LastStep int64 // the newest step that was accepted; 0 for none
}

// Accepted is the outcome of a good code, or of a good pair.
type Accepted struct {
	Step  int64 // the step of the (second) code, in the token's time
	Drift int   // steps by which the token is ahead of this machine now
	State State // to store before anything is granted
}

// Verify checks one code within SignInWindow steps of now plus the device's drift.
//
// It fails with code-format (params: digits), code-used when the code was accepted
// before or stands for a step not after the last accepted one, code-wrong, or as
// Params.Check does. A failure changes no state.
//
// Of several steps with the same code the newest counts: were it the oldest, the
// same digits would be good once more one step later.
func Verify(seed *mfa.Secret, p Params, s State, code string, now time.Time) (Accepted, error) {
	if err := usable(seed, p); err != nil {
		return Accepted{}, err
	}
	given, err := p.typed(code)
	if err != nil {
		return Accepted{}, err
	}
	here := p.Step(now)
	first := here + int64(s.Drift) - SignInWindow
	step, used := int64(-1), false
	for at := max(0, first); at <= first+2*SignInWindow; at++ {
		if !p.shows(seed, at, given) {
			continue
		}
		if at <= s.LastStep {
			used = true
		} else {
			step = at
		}
	}
	if s.LastStep > 0 && (step < 0 || s.LastStep >= first-recent) {
		used = used || p.shows(seed, s.LastStep, given)
	}
	switch {
	case used:
		return Accepted{}, mfa.Fail(mfa.CodeCodeUsed)
	case step < 0:
		return Accepted{}, mfa.Fail(mfa.CodeCodeWrong)
	}
	return accepted(step, here), nil
}

func accepted(step, here int64) Accepted {
	drift := int(step - here)
	return Accepted{Step: step, Drift: drift, State: State{Drift: drift, LastStep: step}}
}

// shows reports in constant time whether the token shows the code at a step.
func (p Params) shows(seed *mfa.Secret, step int64, code uint32) bool {
	return subtle.ConstantTimeEq(int32(p.digits(seed, uint64(step))), int32(code)) == 1
}
