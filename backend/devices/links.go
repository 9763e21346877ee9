package devices

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Links gives the caller's phones that can be rung without a code, newest first. What
// rings them stays sealed.
func (s *Service) Links(ctx context.Context, who mfa.Session) ([]mfa.LinkedPhone, error) {
	acting, err := s.accounts.May(ctx, who, mfa.OpListDevices, "")
	if err != nil {
		return nil, err
	}
	return s.store.Links(ctx, acting.Caller.ID)
}

// ForgetLink forgets one of the caller's phones. not-found, or as account.May fails.
func (s *Service) ForgetLink(ctx context.Context, who mfa.Session, id string) error {
	acting, err := s.accounts.May(ctx, who, mfa.OpDeactivateDevice, "")
	if err != nil {
		return err
	}
	links, err := s.store.Links(ctx, acting.Caller.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(links, func(l mfa.LinkedPhone) bool { return l.ID == id })
	if i < 0 {
		return mfa.Fail(mfa.CodeNotFound, "what", "phone")
	}
	return s.forget(ctx, links[i])
}

// forgetUseless forgets all phones of an owner whose last passkey on a phone is gone:
// ringing one could only end in no-credential. Which link belongs to which passkey is
// written nowhere (the phone signs a link with a key of its own, and names itself as it
// likes), so while another passkey may be on a phone, all links stay.
func (s *Service) forgetUseless(ctx context.Context, gone mfa.Device) error {
	left, err := s.store.Devices(ctx, gone.PrincipalID)
	if err != nil || slices.ContainsFunc(left, mayBeOnPhone) {
		return err
	}
	links, err := s.store.Links(ctx, gone.PrincipalID)
	if err != nil {
		return err
	}
	for _, l := range links {
		if err := s.forget(ctx, l); err != nil && !mfa.IsCode(err, mfa.CodeNotFound) {
			return err
		}
	}
	return nil
}

// mayBeOnPhone takes a passkey that says nothing of its transports for one on a phone.
func mayBeOnPhone(d mfa.Device) bool {
	return d.Passkey != nil && (d.Passkey.OnPhone() || len(d.Passkey.Transports) == 0)
}

func (s *Service) forget(ctx context.Context, l mfa.LinkedPhone) error {
	return s.store.RemoveLink(ctx, l.ID, mfa.Event{At: s.clock(), Kind: mfa.EventPhoneUnlinked, PrincipalID: l.PrincipalID,
		Detail: map[string]string{"name": l.Name}})
}
