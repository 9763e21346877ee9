package ceremony

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Pending is a sign-in whose password was right. It is complete when the principal
// has no device; otherwise one of the ways must follow.
type Pending struct {
	Principal mfa.Principal
	Devices   []mfa.Device      // all of them; see mfa.Device.CanSignIn
	Links     []mfa.LinkedPhone // what rings them stays sealed
	// RecoveryLeft is how many recovery codes there are for a device that is lost.
	RecoveryLeft int
	// Session is set when no second factor is needed. Its Limit says what must be done
	// first.
	Session *mfa.Session
}

// Password is the first factor: sign-in-refused, sign-in-delayed.
//
// Whoever has a device that works must prove it; whoever has none at all is in, held to
// what enforcement and an initial password demand. When all devices are suspect only a
// recovery code helps: the other ways say devices-suspect.
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
		session, err := s.limited(ctx, p, mfa.Session{ID: mfa.NewID(), PrincipalID: p.ID, StartedAt: s.Clock()})
		if err != nil {
			return Pending{}, err
		}
		pending.Session = &session
		s.sweep(ctx, p)
		return pending, nil
	}
	if s.Recovery != nil {
		if pending.RecoveryLeft, err = s.Recovery.Left(ctx, p.ID); err != nil {
			return Pending{}, err
		}
	}
	pending.Links, err = s.Store.Links(ctx, p.ID)
	return pending, err
}

// sweep deletes unassigned apps, as signing in at IAM's console does, once somebody is in:
// whoever knows a password alone must delete nothing. It keeps nobody from signing in.
func (s *Service) sweep(ctx context.Context, p mfa.Principal) {
	if s.Devices == nil {
		return
	}
	if err := s.Devices.Sweep(ctx, p.ID); err != nil {
		s.Log.Warn("unassigned devices were not swept", "err", mfa.AsFailure(err))
	}
}

// limited holds a session to what must be done first: a new password in the place of an
// initial one, also after MFA, and then a device for whoever has used up the time to go
// without.
func (s *Service) limited(ctx context.Context, p mfa.Principal, session mfa.Session) (mfa.Session, error) {
	session.Limit = mfa.LimitNone
	if p.MustChange && p.HasPassword() {
		session.Limit = mfa.LimitNewPassword
		return session, nil
	}
	if session.MFAPresent() {
		return session, nil
	}
	verdict, err := s.Accounts.Verdict(ctx, p)
	if err != nil {
		return mfa.Session{}, err
	}
	session.Limit = verdict.Limit()
	return session, nil
}

// Refreshed judges the limit of a session anew, after the device was added or the
// password changed that it was held to. A session without a limit stays as it is: what
// was let in is not locked out half way. Nothing makes a session one of MFA but signing
// in with a device.
//
// not-signed-in when the principal is gone.
func (s *Service) Refreshed(ctx context.Context, session mfa.Session) (mfa.Session, error) {
	if session.Limit == mfa.LimitNone {
		return session, nil
	}
	p, err := s.Store.Principal(ctx, session.PrincipalID)
	if mfa.IsCode(err, mfa.CodeNotFound) {
		err = mfa.Fail(mfa.CodeNotSignedIn).Because(err)
	}
	if err != nil {
		return mfa.Session{}, err
	}
	return s.limited(ctx, p, session)
}

// proven is the session that a device makes. The event of it is durable by then.
func (s *Service) proven(ctx context.Context, p mfa.Principal, deviceID string) (mfa.Session, error) {
	s.sweep(context.WithoutCancel(ctx), p)
	at, err := s.Accounts.Now(ctx) // policies count its age by that
	if err != nil {
		return mfa.Session{}, err
	}
	return s.limited(ctx, p, mfa.Session{ID: mfa.NewID(), PrincipalID: p.ID, StartedAt: s.Clock(), MFAAt: at, DeviceID: deviceID})
}

// usable reads the principal's devices again, as one may have been removed since the
// password. devices-suspect when there are some and none works.
func (s *Service) usable(ctx context.Context, p mfa.Principal) ([]mfa.Device, error) {
	devices, err := s.Store.Devices(ctx, p.ID)
	if err == nil && len(devices) > 0 && !slices.ContainsFunc(devices, mfa.Device.CanSignIn) {
		err = mfa.Fail(mfa.CodeDevicesSuspect)
	}
	return devices, err
}

// SignOut writes the end of a session into the audit trail.
func (s *Service) SignOut(ctx context.Context, who mfa.Session) error {
	return s.Store.AddEvent(ctx, mfa.Event{At: s.Clock(), Kind: mfa.EventSignedOut, PrincipalID: who.PrincipalID})
}
