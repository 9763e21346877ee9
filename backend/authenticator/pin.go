package authenticator

import (
	"context"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// minPIN is the least that any PIN has, in code points (CTAP 2.2 section 6.5.1).
const minPIN = 4

// triesInARow is how many wrong PINs lock an authenticator until it loses power
// (CTAP 2.2 section 6.5.5.7).
const triesInARow = 3

// tokenByPIN asks for the PIN until it is right, the person gives up, or the
// authenticator takes no more tries. Where no PIN is set, one is for a new credential.
// At a sign-in it is not: nothing that was made with verification is on an authenticator
// without a PIN, and one that is set now would be that of whoever holds it.
func (s session) tokenByPIN(ctx context.Context, p ctap2.Permission, rpID string) (*ctap2.Token, error) {
	if s.PIN == nil {
		return nil, mfa.Fail(mfa.CodePINNeeded)
	}
	if !s.info.IsOn(ctap2.OptionClientPIN) {
		if p&ctap2.PermissionMakeCredential == 0 {
			return nil, mfa.Fail(mfa.CodeNoCredential)
		}
		pin, err := s.newPIN(ctx, mfa.PINNew, func(pin *mfa.Secret) error { return ctap2.SetPIN(ctx, s, s.info, pin, s.rand()) })
		if err != nil {
			return nil, err
		}
		defer pin.Wipe()
		s.info.Options[ctap2.OptionClientPIN] = true
		return ctap2.TokenByPIN(ctx, s, s.info, pin, p, rpID, s.rand())
	}
	ask := s.question(mfa.PINVerify)
	short := false
	for wrong := 0; ; wrong++ {
		left, replug, err := ctap2.PINRetries(ctx, s, s.info)
		switch {
		case err != nil:
			return nil, err
		case left == 0:
			return nil, mfa.Fail(mfa.CodePINBlocked)
		case replug:
			return nil, mfa.Fail(mfa.CodePINLocked)
		}
		ask.Left, ask.Wrong, ask.Replug = left, wrong > 0 || short, wrong >= triesInARow-1 && !s.Platform
		pin, err := s.ask(ctx, ask)
		if err != nil {
			return nil, err // whatever it is: who does not answer is not asked again
		}
		token, err := s.tryPIN(ctx, pin, p, rpID)
		switch {
		case mfa.IsCode(err, mfa.CodePINLength): // what is no PIN was not sent, and cost no try
			short, wrong = true, wrong-1
		case !mfa.IsCode(err, mfa.CodePINWrong):
			return token, err
		}
	}
}

// tryPIN takes one answer, which it wipes, and changes the PIN where the authenticator
// wants that first.
func (s session) tryPIN(ctx context.Context, pin *mfa.Secret, p ctap2.Permission, rpID string) (*ctap2.Token, error) {
	defer pin.Wipe()
	token, err := ctap2.TokenByPIN(ctx, s, s.info, pin, p, rpID, s.rand())
	if !mfa.IsCode(err, mfa.CodePINChangeNeeded) {
		return token, err
	}
	fresh, err := s.newPIN(ctx, mfa.PINChange, func(n *mfa.Secret) error { return ctap2.ChangePIN(ctx, s, s.info, pin, n, s.rand()) })
	if err != nil {
		return nil, err
	}
	defer fresh.Wipe()
	s.info.ForcePINChange = nil
	return ctap2.TokenByPIN(ctx, s, s.info, fresh, p, rpID, s.rand())
}

// newPIN asks for a new PIN until set takes it. The caller wipes it.
func (s session) newPIN(ctx context.Context, why mfa.PINFor, set func(*mfa.Secret) error) (*mfa.Secret, error) {
	ask := s.question(why)
	for {
		pin, err := s.ask(ctx, ask)
		if err != nil {
			return nil, err
		}
		if err = set(pin); err == nil {
			return pin, nil
		}
		pin.Wipe()
		if !mfa.IsCode(err, mfa.CodePINLength) && !mfa.IsCode(err, mfa.CodePINRefused) {
			return nil, err
		}
		ask.Wrong = true
	}
}

func (s session) question(why mfa.PINFor) mfa.PINAsk {
	q := mfa.PINAsk{For: why, Key: s.name(), Local: s.Platform, Left: -1}
	q.Min, q.Max = s.info.PINLength()
	if why == mfa.PINVerify {
		q.Min = minPIN // it may be older than a rule that wants longer ones
	}
	return q
}

func (s session) ask(ctx context.Context, q mfa.PINAsk) (*mfa.Secret, error) {
	s.Report.To(mfa.Progress{Stage: mfa.StageEnterPIN, Key: q.Key, PIN: &q})
	return s.PIN(ctx, q)
}
