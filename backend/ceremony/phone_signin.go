package ceremony

import (
	"context"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

// SignInWithPhone is the second factor by a phone. link is nil for a QR code, or
// one of the pending sign-in's linked phones. The counter and the audit event
// are durable before the session exists.
//
// counter-regressed marks the device as suspect: it never signs in again.
func (s *Service) SignInWithPhone(ctx context.Context, pending Pending, link *mfa.LinkedPhone, report mfa.Report) (mfa.Session, error) {
	session, err := s.signInWithPhone(ctx, pending, link, report)
	if err != nil {
		s.note(ctx, mfa.Event{Kind: mfa.EventSignInRefused, PrincipalID: pending.Principal.ID}, err)
		return mfa.Session{}, err
	}
	report.To(mfa.Progress{Stage: mfa.StageDone})
	return session, nil
}

func (s *Service) signInWithPhone(ctx context.Context, pending Pending, link *mfa.LinkedPhone, report mfa.Report) (mfa.Session, error) {
	party, origin, err := s.relyingParty(ctx)
	if err != nil {
		return mfa.Session{}, err
	}
	// Read again: a device may have been removed since the password.
	devices, err := s.Store.Devices(ctx, pending.Principal.ID)
	if err != nil {
		return mfa.Session{}, err
	}
	options, err := party.BeginAuthentication(pending.Principal, devices)
	if err != nil {
		return mfa.Session{}, err
	}
	links := s.holdLinks(pending.Principal.ID)
	defer links.drop()
	response, err := authenticator.Get(ctx, options, origin, func(ctx context.Context, p authenticator.Purpose) (authenticator.Authenticator, error) {
		if link != nil {
			return s.Phones.Ring(ctx, *link, p, report)
		}
		return s.Phones.Open(ctx, p, links.add, report)
	}, report)
	if err != nil {
		if link != nil && mfa.IsCode(err, mfa.CodeLinkGone) {
			s.forget(ctx, *link)
		}
		return mfa.Session{}, err
	}
	report.To(mfa.Progress{Stage: mfa.StageVerifying})
	assertion, err := party.FinishAuthentication(pending.Principal, devices, response)
	if mfa.IsCode(err, mfa.CodeCounterRegressed) {
		return mfa.Session{}, s.suspect(ctx, assertion.DeviceID, err)
	}
	if err != nil {
		return mfa.Session{}, err
	}
	session, err := s.used(ctx, pending.Principal, assertion)
	if err != nil {
		return mfa.Session{}, err
	}
	links.keep()
	return session, nil
}

// used writes the new counter, backup state and time of use with the sign-in's
// event, and only then makes the session.
func (s *Service) used(ctx context.Context, p mfa.Principal, a rp.Assertion) (mfa.Session, error) {
	d, err := s.Store.Device(ctx, a.DeviceID)
	if err != nil {
		return mfa.Session{}, err
	}
	now := s.Clock()
	d.LastUsedAt = now
	d.Passkey.SignCount, d.Passkey.BackupState = a.SignCount, a.BackupState
	event := mfa.Event{At: now, Kind: mfa.EventSignInMFA, PrincipalID: p.ID, DeviceID: d.ID, Detail: map[string]string{"name": d.Name}}
	if err := s.Store.UpdateDevice(ctx, d, event); err != nil {
		return mfa.Session{}, err
	}
	return mfa.Session{ID: mfa.NewID(), PrincipalID: p.ID, StartedAt: now, MFAAt: now, DeviceID: d.ID}, nil
}

// suspect marks the device whose counter went backwards: somebody may hold a
// copy. The mark must be written even when the person has cancelled meanwhile.
func (s *Service) suspect(ctx context.Context, deviceID string, cause error) error {
	ctx = context.WithoutCancel(ctx)
	d, err := s.Store.Device(ctx, deviceID)
	if err != nil {
		return err
	}
	now := s.Clock()
	d.SuspectAt = now
	event := mfa.Event{At: now, Kind: mfa.EventDeviceSuspect, PrincipalID: d.PrincipalID, DeviceID: d.ID, Detail: map[string]string{"name": d.Name}}
	if err := s.Store.UpdateDevice(ctx, d, event); err != nil {
		return err
	}
	return mfa.Fail(mfa.CodeCounterRegressed, "device", d.Name).Because(cause)
}

// note writes a failed ceremony into the audit trail: the code, nothing else.
// Somebody who changes their mind is not an event.
func (s *Service) note(ctx context.Context, e mfa.Event, cause error) {
	f := mfa.AsFailure(cause)
	if f.Category() == mfa.CategoryCancelled || f.Category() == mfa.CategoryStorage {
		return
	}
	e.At, e.Detail = s.Clock(), map[string]string{"code": string(f.Code)}
	if err := s.Store.AddEvent(context.WithoutCancel(ctx), e); err != nil {
		s.Log.Warn("audit event was not written", "kind", e.Kind, "err", mfa.AsFailure(err))
	}
}
