package tpm

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/google/go-tpm/tpm2"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Guard is the TPM's protection against guessing, as it stands (TPM 2.0 Part 1
// section 19.8, Part 2 section 6.13). It is one for the whole TPM: wrong guesses of
// any program count, and one is forgiven each interval.
type Guard struct {
	Wrong    uint32        // guesses that count against it now
	Max      uint32        // at so many it locks
	Interval time.Duration // until one is forgiven
	Locked   bool
	// Kept is set when forgiving all guesses at once takes an authorization. Where it is
	// not, as on most computers, whoever may speak to the TPM can guess as fast as it
	// answers.
	Kept bool
}

// Look asks a TPM how it guards PINs; nil is SystemDevice. The failures are those of Open.
func Look(ctx context.Context, device Device) (g Guard, err error) {
	a, err := Open(ctx, Config{Device: device, Store: nothing{}})
	if err != nil {
		return Guard{}, err
	}
	defer a.Close()
	_, err = a.hold(ctx, func(ctx context.Context) (_ []byte, err error) {
		g, err = a.guard(ctx)
		return nil, err
	})
	if err != nil {
		return Guard{}, err
	}
	return g, nil
}

// properties are those of the "permanent" group, up to the lock-out's.
const properties = 20

// guard asks the TPM.
func (a *Authenticator) guard(ctx context.Context) (Guard, error) {
	answer, err := tpm2.GetCapability{Capability: tpm2.TPMCapTPMProperties, Property: uint32(tpm2.TPMPTPermanent), PropertyCount: properties}.Execute(a.line(ctx))
	if err != nil {
		return Guard{}, explain(err)
	}
	list, err := answer.CapabilityData.Data.TPMProperties()
	if err != nil {
		return Guard{}, failed(whyAnswer, err)
	}
	var g Guard
	seen := 0
	for _, p := range list.TPMProperty {
		seen++
		switch p.Property {
		case tpm2.TPMPTPermanent:
			g.Locked, g.Kept = p.Value&inLockout != 0, p.Value&lockoutAuthSet != 0
		case tpm2.TPMPTLockoutCounter:
			g.Wrong = p.Value
		case tpm2.TPMPTMaxAuthFail:
			g.Max = p.Value
		case tpm2.TPMPTLockoutInterval:
			g.Interval = time.Duration(p.Value) * time.Second
		default:
			seen--
		}
	}
	if seen != 4 {
		return Guard{}, failed(whyAnswer, errors.New("tpm: it does not tell of its lock-out"))
	}
	return g, nil
}

// Bits of TPMA_PERMANENT (Part 2 section 8.6).
const (
	lockoutAuthSet = 1 << 2
	inLockout      = 1 << 9
)

// works reports that guesses are counted and that tries run out: an interval of 0
// switches the protection off, and a count that nobody reaches is none.
func (g Guard) works() bool { return g.Interval > 0 && g.Max > 0 && g.Max <= maxTries }

// maxTries is more than any TPM that is set up sensibly gives: 32 is usual.
const maxTries = 1000

// left is how many tries there are; 0 only while it is locked.
func (g Guard) left() uint32 {
	if g.Locked || g.Wrong >= g.Max {
		return 0
	}
	return g.Max - g.Wrong
}

// lockout is the failure with the seconds until the next try, at most: the TPM
// forgives one guess each interval after the last wrong one, and for a wrong one
// that we did not see the whole interval is the bound.
func (a *Authenticator) lockout(g Guard) *mfa.Failure {
	wait := g.Interval
	if since := a.cfg.Clock().Sub(a.wrongAt); since >= 0 && since < wait {
		wait -= since
	}
	return mfa.Fail(mfa.CodeTPMLockout, "seconds", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
}
