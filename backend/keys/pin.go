package keys

import (
	"context"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// SetPIN gives a key its first PIN, or a new one in the place of old. The caller wipes
// both.
//
// key-cannot (what=pin), pin-not-set and pin-set (the other of the two was meant),
// pin-wrong (params: left), pin-locked, pin-blocked, pin-length, pin-refused.
func (s *Service) SetPIN(ctx context.Context, id string, old, new *mfa.Secret) (Key, error) {
	var out Key
	s.CloseKey(id) // a card can be open once, and a token of the old PIN is worth nothing after
	err := s.with(ctx, id, func(ctx context.Context, o *opened) error {
		set, can := o.info.Options[ctap2.OptionClientPIN]
		switch {
		case !can:
			return mfa.Fail(mfa.CodeKeyCannot, "what", "pin")
		case set && old.Len() == 0:
			return mfa.Fail(mfa.CodePINSet)
		case !set && old.Len() > 0:
			return mfa.Fail(mfa.CodePINNotSet)
		}
		s.stale(id)
		var err error
		if set {
			err = ctap2.ChangePIN(ctx, o, o.info, old, new, s.Rand)
		} else {
			err = ctap2.SetPIN(ctx, o, o.info, new, s.Rand)
		}
		if err != nil {
			return err
		}
		out = Key{ID: id, Name: o.name, Way: o.way, Info: o.info, PIN: PINSet, Left: -1}
		if o.ask(ctx) == nil { // else it went just now, and has its PIN all the same
			out = s.learn(ctx, o)
		}
		return nil
	})
	return out, err
}
