package ceremony

import (
	"context"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

// SignInWithDevice is the second factor by a passkey. link is nil, or one of the pending
// sign-in's linked phones, which needs an open vault and the road of phones. The counter
// and the audit event are durable before the session exists.
//
// counter-regressed marks the device as suspect: it never signs in again. When
// no other device is left, devices-suspect says so before anything is asked;
// no-credential, when none of the devices is met on the road.
// concurrent-modification means that the device was used or marked by another
// sign-in while this one was verified.
func (s *Service) SignInWithDevice(ctx context.Context, pending Pending, road mfa.Road, link *mfa.LinkedPhone, person Person) (mfa.Session, error) {
	session, err := s.signInWithDevice(ctx, pending, road, link, person)
	if err != nil {
		s.note(ctx, mfa.Event{Kind: mfa.EventSignInRefused, PrincipalID: pending.Principal.ID}, err)
		return mfa.Session{}, err
	}
	person.Report.To(mfa.Progress{Stage: mfa.StageDone})
	return session, nil
}

func (s *Service) signInWithDevice(ctx context.Context, pending Pending, road mfa.Road, link *mfa.LinkedPhone, person Person) (mfa.Session, error) {
	party, origin, err := s.relyingParty(ctx)
	if err != nil {
		return mfa.Session{}, err
	}
	devices, err := s.usable(ctx, pending.Principal)
	if err != nil {
		return mfa.Session{}, err
	}
	id := mfa.NewID()
	options, err := party.BeginAuthentication(pending.Principal, id, road, devices)
	if err != nil {
		return mfa.Session{}, err
	}
	links := s.holdLinks(pending.Principal.ID)
	defer links.drop()
	way := journey{s: s, road: road, person: person, links: links, origin: origin}
	if link != nil {
		opened, err := openLink(s.Vault, *link)
		if err != nil {
			return mfa.Session{}, err
		}
		defer wipeLink(&opened)
		way.link = &opened
	}
	response, err := way.get(ctx, options)
	if err != nil {
		if link != nil && mfa.IsCode(err, mfa.CodeLinkGone) {
			s.forget(ctx, *link)
		}
		return mfa.Session{}, err
	}
	person.Report.To(mfa.Progress{Stage: mfa.StageVerifying})
	assertion, err := party.FinishAuthentication(pending.Principal, id, devices, response)
	if mfa.IsCode(err, mfa.CodeCounterRegressed) {
		return mfa.Session{}, s.suspect(ctx, assertion.DeviceID, err)
	}
	if err != nil {
		return mfa.Session{}, err
	}
	session, err := s.used(ctx, pending.Principal, devices, assertion)
	if err != nil {
		return mfa.Session{}, err
	}
	links.keep()
	return session, nil
}

// used writes the new counter, backup state and time of use with the sign-in's
// event, and only then makes the session. verified are the devices as they were
// when the assertion was held against one of them. When the row has moved on since
// it is looked at again: a new name does no harm, but a verdict over an old counter
// says nothing about a new one.
func (s *Service) used(ctx context.Context, p mfa.Principal, verified []mfa.Device, a rp.Assertion) (mfa.Session, error) {
	i := slices.IndexFunc(verified, func(v mfa.Device) bool { return v.ID == a.DeviceID })
	if i < 0 {
		return mfa.Session{}, mfa.Fail(mfa.CodeConflict)
	}
	now, before := s.Clock(), verified[i]
	err := s.noteUse(ctx, before, a, now)
	if mfa.IsCode(err, mfa.CodeConflict) {
		d, rerr := s.Store.Device(ctx, a.DeviceID)
		if rerr != nil {
			return mfa.Session{}, rerr
		}
		if d.SuspectAt.IsZero() && d.Passkey.SignCount == before.Passkey.SignCount {
			err = s.noteUse(ctx, d, a, now)
		}
	}
	if err != nil {
		return mfa.Session{}, err
	}
	return s.proven(ctx, p, a.DeviceID)
}

func (s *Service) noteUse(ctx context.Context, d mfa.Device, a rp.Assertion, now time.Time) error {
	passkey := *d.Passkey // the caller's copy stays as it was verified
	passkey.SignCount, passkey.BackupState = a.SignCount, a.BackupState
	d.Passkey, d.LastUsedAt = &passkey, now
	return s.Store.UpdateDevice(ctx, d, mfa.Event{At: now, Kind: mfa.EventSignInMFA, PrincipalID: d.PrincipalID, DeviceID: d.ID,
		Detail: map[string]string{"name": d.Name}})
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
	e = because(e, f)
	e.At = s.Clock()
	if err := s.Store.AddEvent(context.WithoutCancel(ctx), e); err != nil {
		s.Log.Warn("audit event was not written", "kind", e.Kind, "err", mfa.AsFailure(err))
	}
}
