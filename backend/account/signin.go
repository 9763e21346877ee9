package account

import (
	"context"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/enforcement"
	"github.com/keyferry/keyferry/backend/mfa"
)

// CheckPassword is the first factor. A wrong password, an unknown name and a user
// without a password get the same answer, sign-in-refused, after the same work: one
// hash and one durable write. Too many in a row get sign-in-delayed with the seconds
// to wait, again for all, and also after a restart, as all are counted in the store.
//
// A right password of somebody who must have a device and has none that works starts
// the time they may go without, if it has not started before.
//
// One attempt at a time: parallel guesses would otherwise share one count.
func (s *Service) CheckPassword(ctx context.Context, who mfa.Identity, password *mfa.Secret) (mfa.Principal, error) {
	s.oneGuess.Lock()
	defer s.oneGuess.Unlock()
	key := guessKey(who)
	p, err := s.store.PrincipalByIdentity(ctx, who)
	if err != nil && !mfa.IsCode(err, mfa.CodeNotFound) {
		return mfa.Principal{}, err
	}
	guesses, err := s.gate(ctx, key, p.ID)
	if err != nil {
		return mfa.Principal{}, err
	}
	hash := p.Password
	if !p.HasPassword() {
		hash = s.decoy()
	}
	if !s.matches(hash, password) || !p.HasPassword() {
		refused := mfa.Event{Kind: mfa.EventSignInRefused, PrincipalID: p.ID, Detail: map[string]string{"code": string(mfa.CodeSignInRefused)}}
		if _, err := s.wrong(ctx, key, guesses, refused); err != nil {
			return mfa.Principal{}, err
		}
		return mfa.Principal{}, mfa.Fail(mfa.CodeSignInRefused)
	}
	return s.accept(ctx, key, p)
}

// accept writes down that the password was right.
func (s *Service) accept(ctx context.Context, key []byte, p mfa.Principal) (mfa.Principal, error) {
	deadline, err := s.newDeadline(ctx, p)
	if err != nil {
		return mfa.Principal{}, err
	}
	e := mfa.Event{At: s.clock(), Kind: mfa.EventSignInPassword, PrincipalID: p.ID}
	if !deadline.IsZero() {
		e.Detail = map[string]string{"mfa_deadline": deadline.Format(time.RFC3339)}
	}
	if err := s.store.PasswordAccepted(ctx, key, p.ID, deadline, e); err != nil {
		return mfa.Principal{}, err
	}
	// It is done, so it is too late to cancel.
	return s.store.Principal(context.WithoutCancel(ctx), p.ID)
}

// newDeadline is zero when none begins with this sign-in.
func (s *Service) newDeadline(ctx context.Context, p mfa.Principal) (time.Time, error) {
	devices, err := s.store.Devices(ctx, p.ID)
	if err != nil || !p.MFADeadline.IsZero() || slices.ContainsFunc(devices, mfa.Device.CanSignIn) {
		return time.Time{}, err
	}
	a, err := s.store.Account(ctx)
	if err != nil {
		return time.Time{}, err
	}
	now, err := s.Now(ctx)
	if err != nil {
		return time.Time{}, err
	}
	deadline, _ := enforcement.Deadline(a.Settings, p.Kind, now)
	return deadline, nil
}
