package tpm

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/google/go-tpm/tpm2"

	"github.com/keyferry/keyferry/backend/mfa"
)

// guard is the TPM's protection against guessing, as it stands (TPM 2.0 Part 1
// section 19.8, Part 2 section 6.13). It is one for the whole TPM: wrong guesses of
// any program count, and one is forgiven each interval.
type guard struct {
	wrong    uint32        // guesses that count against it now
	max      uint32        // at so many it locks
	interval time.Duration // until one is forgiven
	locked   bool
}

// properties are those of the "permanent" group, up to the lock-out's.
const properties = 20

// guard asks the TPM.
func (a *Authenticator) guard(ctx context.Context) (guard, error) {
	answer, err := tpm2.GetCapability{Capability: tpm2.TPMCapTPMProperties, Property: uint32(tpm2.TPMPTPermanent), PropertyCount: properties}.Execute(a.line(ctx))
	if err != nil {
		return guard{}, explain(err)
	}
	list, err := answer.CapabilityData.Data.TPMProperties()
	if err != nil {
		return guard{}, failed(codeAnswer, err)
	}
	var g guard
	seen := 0
	for _, p := range list.TPMProperty {
		seen++
		switch p.Property {
		case tpm2.TPMPTPermanent:
			g.locked = p.Value&inLockout != 0
		case tpm2.TPMPTLockoutCounter:
			g.wrong = p.Value
		case tpm2.TPMPTMaxAuthFail:
			g.max = p.Value
		case tpm2.TPMPTLockoutInterval:
			g.interval = time.Duration(p.Value) * time.Second
		default:
			seen--
		}
	}
	if seen != 4 {
		return guard{}, failed(codeAnswer, errors.New("tpm: it does not tell of its lock-out"))
	}
	return g, nil
}

// inLockout is the bit of TPMA_PERMANENT (Part 2 section 8.6).
const inLockout = 1 << 9

// works reports that guesses are counted and that tries run out: an interval of 0
// switches the protection off, and a count that nobody reaches is none.
func (g guard) works() bool { return g.interval > 0 && g.max > 0 && g.max <= maxTries }

// maxTries is more than any TPM that is set up sensibly gives: 32 is usual.
const maxTries = 1000

// left is how many tries there are; 0 only while it is locked.
func (g guard) left() uint32 {
	if g.locked || g.wrong >= g.max {
		return 0
	}
	return g.max - g.wrong
}

// lockout is the failure with the seconds until the next try, at most: the TPM
// forgives one guess each interval after the last wrong one, and for a wrong one
// that we did not see the whole interval is the bound.
func (a *Authenticator) lockout(g guard) *mfa.Failure {
	wait := g.interval
	if since := a.cfg.Clock().Sub(a.wrongAt); since >= 0 && since < wait {
		wait -= since
	}
	return mfa.Fail(mfa.CodeTPMLockout, "seconds", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
}
