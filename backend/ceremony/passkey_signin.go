package ceremony

import (
	"bytes"
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// SignInWithPasskey signs in without a name and a password, by a passkey that its
// authenticator finds by itself and that verifies its owner: two factors in one. Who signs in is known
// from the user handle, once the signature holds; where a security key has passkeys of
// several accounts, person.Choose says whose it shall be. The account must allow it:
// passwordless-off.
//
// Counter, suspicion and what is durable when are as at SignInWithDevice; so is what the
// session is held to. A passkey of nobody here, or one that is suspect while its owner
// has others, is credential-unknown; computer-shared, when this computer has passkeys of
// several people.
func (s *Service) SignInWithPasskey(ctx context.Context, road mfa.Road, person Person) (mfa.Principal, mfa.Session, error) {
	p, session, err := s.signInWithPasskey(ctx, road, person)
	if err != nil {
		s.note(ctx, mfa.Event{Kind: mfa.EventSignInRefused, PrincipalID: p.ID}, err)
		return mfa.Principal{}, mfa.Session{}, err
	}
	person.Report.To(mfa.Progress{Stage: mfa.StageDone})
	return p, session, nil
}

// signInWithPasskey gives the principal also with a failure, once it is known whose
// passkey it was.
func (s *Service) signInWithPasskey(ctx context.Context, road mfa.Road, person Person) (mfa.Principal, mfa.Session, error) {
	none := func(err error) (mfa.Principal, mfa.Session, error) { return mfa.Principal{}, mfa.Session{}, err }
	a, err := s.Store.Account(ctx)
	if err != nil {
		return none(err)
	}
	if !a.Settings.Passwordless {
		return none(mfa.Fail(mfa.CodePasswordlessOff))
	}
	if road == mfa.RoadComputer {
		if err := s.oneOwner(ctx, a.RPID); err != nil {
			return none(err)
		}
	}
	party, origin, err := s.relyingParty(ctx)
	if err != nil {
		return none(err)
	}
	id := mfa.NewID()
	options, err := party.BeginDiscoverable(id, road)
	if err != nil {
		return none(err)
	}
	links := s.holdLinks("")
	defer links.drop()
	response, err := journey{s: s, road: road, person: person, links: links, origin: origin}.get(ctx, options)
	if err != nil {
		return none(err)
	}
	person.Report.To(mfa.Progress{Stage: mfa.StageVerifying})
	var devices []mfa.Device
	p, assertion, err := party.FinishDiscoverable(id, response, func(handle []byte) (mfa.Principal, []mfa.Device, error) {
		p, found, err := s.ownerOf(ctx, handle)
		devices = found
		return p, found, err
	})
	if mfa.IsCode(err, mfa.CodeCounterRegressed) {
		err = s.suspect(ctx, assertion.DeviceID, err)
	}
	if err != nil {
		return p, mfa.Session{}, err
	}
	session, err := s.used(ctx, p, devices, assertion)
	if err != nil {
		return p, mfa.Session{}, err
	}
	links.keepFor(p.ID)
	return p, session, nil
}

// ownerOf gives whom a user handle belongs to. A handle that is not known any more looks
// like a passkey that is not: its owner was removed.
func (s *Service) ownerOf(ctx context.Context, handle []byte) (mfa.Principal, []mfa.Device, error) {
	p, err := s.Store.PrincipalByHandle(ctx, handle)
	if mfa.IsCode(err, mfa.CodeNotFound) {
		err = mfa.Fail(mfa.CodeCredentialUnknown).Because(err)
	}
	if err != nil {
		return mfa.Principal{}, nil, err
	}
	devices, err := s.usable(ctx, p)
	return p, devices, err
}

// ComputerAlone reports whether this computer could sign somebody in by a passkey alone:
// the account allows it, and one person has passkeys here.
func (s *Service) ComputerAlone(ctx context.Context) (bool, error) {
	a, err := s.Store.Account(ctx)
	if err != nil || !a.Settings.Passwordless || s.Roads.Computer == nil {
		return false, err
	}
	all, err := s.Store.LocalPasskeys(ctx, a.RPID)
	return err == nil && len(all) > 0 && s.oneOwner(ctx, a.RPID) == nil, err
}

// oneOwner refuses what this computer would prove where several people have a passkey in
// it. One PIN opens them all, so each of them knows the others'. Beside a password it is a
// second factor for all that; alone, whoever has it could be any of them.
func (s *Service) oneOwner(ctx context.Context, rpID string) error {
	all, err := s.Store.LocalPasskeys(ctx, rpID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(p mfa.LocalPasskey) bool { return !bytes.Equal(p.UserHandle, all[0].UserHandle) }) {
		return mfa.Fail(mfa.CodeComputerShared)
	}
	return nil
}
