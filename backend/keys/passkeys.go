package keys

import (
	"bytes"
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Passkey is one discoverable credential on a key.
type Passkey struct {
	ID             []byte
	RPID, RPName   string
	UserID         []byte
	User, FullName string
}

// Unlock takes the PIN and keeps what it opens until CloseKey, until the key goes, or until
// it is wanted for something else that takes a PIN: SetPIN, Open.
// The caller wipes pin. key-cannot (what=management), cancelled when everything was
// closed meanwhile, and the failures of ctap2.TokenByPIN.
func (s *Service) Unlock(ctx context.Context, id string, pin *mfa.Secret) error {
	return s.within(ctx, id, askLimit, func(ctx context.Context) error { return s.unlock(ctx, id, pin) })
}

func (s *Service) unlock(ctx context.Context, id string, pin *mfa.Secret) error {
	began := s.visits()
	s.CloseKey(id) // a card can be open once
	sl, err := s.find(ctx, id)
	if err != nil {
		return err
	}
	o, err := openSlot(ctx, sl)
	if err != nil {
		return err
	}
	s.stale(id)
	token, err := o.manage(ctx, pin, s)
	if err != nil {
		_ = o.Close()
		return err
	}
	s.learn(ctx, o)
	return s.keep(id, newSession(o, token), began)
}

func (o *opened) manage(ctx context.Context, pin *mfa.Secret, s *Service) (*ctap2.Token, error) {
	k := Key{Info: o.info}
	if !k.CanList() {
		return nil, mfa.Fail(mfa.CodeKeyCannot, "what", "management")
	}
	if !o.info.IsOn(ctap2.OptionClientPIN) {
		return nil, mfa.Fail(mfa.CodePINNotSet)
	}
	return ctap2.TokenByPIN(ctx, o, o.info, pin, ctap2.PermissionCredentialManagement, "", s.Rand)
}

// Passkeys lists what is on a key that is unlocked, by relying party: pin-needed when it
// is not, or not any more.
func (s *Service) Passkeys(ctx context.Context, id string) (out []Passkey, err error) {
	err = s.unlocked(ctx, id, func(ctx context.Context, o *session) error {
		out, err = o.list(ctx)
		return err
	})
	return out, err
}

func (o *session) list(ctx context.Context) ([]Passkey, error) {
	parties, err := ctap2.StoredRelyingParties(ctx, o, o.info, o.token)
	if err != nil {
		return nil, err
	}
	var out []Passkey
	for _, rp := range parties {
		stored, err := ctap2.StoredCredentials(ctx, o, o.info, o.token, rp.Hash)
		if err != nil {
			return nil, err
		}
		for _, c := range stored {
			out = append(out, Passkey{ID: c.ID, RPID: rp.ID, RPName: rp.Name, UserID: c.User.ID, User: c.User.Name, FullName: c.User.DisplayName})
		}
	}
	return out, nil
}

// DeletePasskey takes one credential off a key that is unlocked: pin-needed, and
// not-found (what=passkey) when it is not on it.
func (s *Service) DeletePasskey(ctx context.Context, id string, credentialID []byte) error {
	return s.unlocked(ctx, id, func(ctx context.Context, o *session) error {
		all, err := o.list(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(p Passkey) bool { return bytes.Equal(p.ID, credentialID) }) {
			return mfa.Fail(mfa.CodeNotFound, "what", "passkey")
		}
		s.stale(id)
		// It was there just now: where it is not, the answer to a first try was lost.
		if err := ctap2.DeleteStored(ctx, o, o.info, o.token, credentialID); err != nil && !mfa.IsCode(err, mfa.CodeNoCredential) {
			return err
		}
		if o.ask(ctx) == nil { // else it went just now, and the passkey is gone all the same
			s.learn(ctx, o.opened)
		}
		return nil
	})
}
