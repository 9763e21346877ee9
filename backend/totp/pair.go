package totp

import (
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// How far two consecutive codes are searched, in steps on either side of now plus
// the stored drift. The second code is the one that is measured: it is what the
// token shows when the pair is sent.
const (
	EnableWindow = 2
	ResyncWindow = 20 // of an authenticator app
)

// HardwareResync is how far a hardware token's clock may have gone.
const HardwareResync = time.Hour

// HardwareResyncWindow is HardwareResync in steps.
func (p Params) HardwareResyncWindow() int { return p.steps(HardwareResync) }

// VerifyPair checks two consecutive codes, for enabling (EnableWindow) or
// resynchronising (ResyncWindow, HardwareResyncWindow). window is in steps, and is
// cut at 24 hours. Both codes count as used afterwards.
//
// It fails with code-format (params: digits), codes-equal, code-used when the first
// one is not after the last accepted step, codes-swapped, codes-gap (params:
// missing, the number of codes between them), code-clock (params: codes, computer:
// two UTC times; offset, a duration by which the codes are ahead) when they follow
// each other but belong to another time of the last or next 24 hours, code-wrong,
// or as Params.Check does. A failure changes no state.
func VerifyPair(seed *mfa.Secret, p Params, s State, first, second string, window int, now time.Time) (Accepted, error) {
	a, b, err := pairOf(seed, p, first, second)
	if err != nil {
		return Accepted{}, err
	}
	here := p.Step(now)
	centre := here + int64(s.Drift)
	around := p.span(seed, centre, min(max(window, 0), p.steps(Explained)))
	if step, ok := around.consecutive(a, b); ok {
		if step-1 <= s.LastStep {
			return Accepted{}, mfa.Fail(mfa.CodeCodeUsed)
		}
		return accepted(step, here), nil
	}
	if _, ok := around.consecutive(b, a); ok {
		return Accepted{}, mfa.Fail(mfa.CodeCodesSwapped)
	}
	if missing, ok := around.apart(a, b); ok {
		return Accepted{}, mfa.Fail(mfa.CodeCodesGap, "missing", strconv.Itoa(missing))
	}
	if e, ok := explain(seed, p, a, b, now); ok {
		return Accepted{}, e.failure()
	}
	return Accepted{}, mfa.Fail(mfa.CodeCodeWrong)
}

// pairOf reads two codes and refuses equal ones. Two steps in a row do show the
// same code once in a million; the next pair will do then.
func pairOf(seed *mfa.Secret, p Params, first, second string) (a, b uint32, err error) {
	if err := usable(seed, p); err != nil {
		return 0, 0, err
	}
	if a, err = p.typed(first); err != nil {
		return 0, 0, err
	}
	if b, err = p.typed(second); err != nil {
		return 0, 0, err
	}
	if a == b {
		return 0, 0, mfa.Fail(mfa.CodeCodesEqual)
	}
	return a, b, nil
}

// span is a row of codes, one for each step from the first on.
type span struct {
	from, centre int64
	codes        []uint32
}

// span holds the codes for second codes up to window steps from centre, so it
// begins one step earlier.
func (p Params) span(seed *mfa.Secret, centre int64, window int) span {
	from, to := max(0, centre-int64(window)-1), centre+int64(window)
	s := span{from: from, centre: centre}
	for step := from; step <= to; step++ {
		s.codes = append(s.codes, p.digits(seed, uint64(step)))
	}
	return s
}

// consecutive finds the step of b where a comes right before it, the one nearest
// to the centre if there are several.
func (s span) consecutive(a, b uint32) (step int64, ok bool) {
	for i := 1; i < len(s.codes); i++ {
		if at := s.from + int64(i); s.codes[i-1] == a && s.codes[i] == b && (!ok || distance(at, s.centre) < distance(step, s.centre)) {
			step, ok = at, true
		}
	}
	return step, ok
}

// apart finds both codes with others between them, in either order, and says how
// many others.
func (s span) apart(a, b uint32) (missing int, ok bool) {
	for i, x := range s.codes {
		if x != a {
			continue
		}
		for j, y := range s.codes {
			if gap := int(distance(int64(i), int64(j))) - 1; y == b && gap >= 1 && (!ok || gap < missing) {
				missing, ok = gap, true
			}
		}
	}
	return missing, ok
}

func distance(a, b int64) int64 { return max(a-b, b-a) }
