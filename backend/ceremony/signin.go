package ceremony

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Pending is a sign-in whose password was right. It is complete when the
// principal has no device; otherwise one of the ways must follow.
type Pending struct {
	Principal mfa.Principal
	Devices   []mfa.Device
	Links     []mfa.LinkedPhone
	Session   *mfa.Session // set when no second factor is needed
}

// Password is the first factor: sign-in-refused, sign-in-delayed.
func (s *Service) Password(ctx context.Context, who mfa.Identity, password *mfa.Secret) (Pending, error) {
	p, err := s.Accounts.CheckPassword(ctx, who, password)
	if err != nil {
		return Pending{}, err
	}
	return s.afterPassword(ctx, p)
}

func (s *Service) afterPassword(ctx context.Context, p mfa.Principal) (Pending, error) {
	devices, err := s.Store.Devices(ctx, p.ID)
	if err != nil {
		return Pending{}, err
	}
	pending := Pending{Principal: p, Devices: devices}
	if len(devices) == 0 {
		pending.Session = &mfa.Session{ID: mfa.NewID(), PrincipalID: p.ID, StartedAt: s.Clock()}
		return pending, nil
	}
	pending.Links, err = s.Store.Links(ctx, p.ID)
	return pending, err
}

// SignOut writes the end of a session into the audit trail.
func (s *Service) SignOut(ctx context.Context, who mfa.Session) error {
	return s.Store.AddEvent(ctx, mfa.Event{At: s.Clock(), Kind: mfa.EventSignedOut, PrincipalID: who.PrincipalID})
}
