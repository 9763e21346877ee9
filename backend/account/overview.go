package account

import (
	"context"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/enforcement"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Users lists root and all users, root first, then by name. access-denied, and as May
// fails.
func (s *Service) Users(ctx context.Context, who mfa.Session) ([]mfa.Overview, error) {
	if _, err := s.May(ctx, who, mfa.OpListUsers, ""); err != nil {
		return nil, err
	}
	return s.store.Overviews(ctx)
}

// Me is the caller's own row of that list, for everybody who is signed in, whatever
// the session is held to. not-signed-in when the caller is gone.
func (s *Service) Me(ctx context.Context, who mfa.Session) (mfa.Overview, error) {
	o, err := s.overview(ctx, who.PrincipalID)
	if mfa.IsCode(err, mfa.CodeNotFound) {
		err = mfa.Fail(mfa.CodeNotSignedIn).Because(err)
	}
	return o, err
}

// Verdict is what enforcement says about somebody now, whatever the caller has read
// of them before. Ask it before a recovery code is used up: the last one is a way in
// until then.
func (s *Service) Verdict(ctx context.Context, p mfa.Principal) (enforcement.Verdict, error) {
	o, err := s.overview(ctx, p.ID)
	if err != nil {
		return enforcement.Verdict{}, err
	}
	a, err := s.store.Account(ctx)
	if err != nil {
		return enforcement.Verdict{}, err
	}
	now, err := s.Now(ctx)
	if err != nil {
		return enforcement.Verdict{}, err
	}
	return enforcement.Judge(a.Settings, enforcement.StandingOf(o), now), nil
}

// Rehearse says what signing in would lead to for everybody, if the clock stood at day
// and nothing else had changed. A day that lies behind is the present: a clock that is
// turned back does not help either.
func (s *Service) Rehearse(ctx context.Context, who mfa.Session, day time.Time) ([]enforcement.Forecast, error) {
	acting, err := s.May(ctx, who, mfa.OpRehearse, "")
	if err != nil {
		return nil, err
	}
	all, err := s.store.Overviews(ctx)
	if err != nil {
		return nil, err
	}
	if day, err = s.noEarlier(ctx, day); err != nil {
		return nil, err
	}
	return enforcement.Rehearse(acting.Account.Settings, all, day), nil
}

// changed is the row of somebody as they were just written: whoever removes them in the
// meantime does not make that fail. administrator says that they were made one. It is
// done, so it is too late to cancel.
func (s *Service) changed(ctx context.Context, p mfa.Principal, administrator bool) (mfa.Overview, error) {
	o, err := s.overviewOf(context.WithoutCancel(ctx), p)
	o.Administrator = o.Administrator || administrator && err == nil
	return o, err
}

// overview makes one row of the list of users without reading the others.
func (s *Service) overview(ctx context.Context, id string) (mfa.Overview, error) {
	p, err := s.store.Principal(ctx, id)
	if err != nil {
		return mfa.Overview{}, err
	}
	return s.overviewOf(ctx, p)
}

func (s *Service) overviewOf(ctx context.Context, p mfa.Principal) (mfa.Overview, error) {
	devices, err := s.store.Devices(ctx, p.ID)
	if err != nil {
		return mfa.Overview{}, err
	}
	codes, err := s.store.RecoveryCodes(ctx, p.ID)
	if err != nil {
		return mfa.Overview{}, err
	}
	policies, err := s.store.PoliciesOf(ctx, p.ID)
	if err != nil {
		return mfa.Overview{}, err
	}
	o := mfa.Overview{ID: p.ID, Kind: p.Kind, Name: p.Label(), Path: p.Path,
		Administrator: p.Kind == mfa.Root || slices.Contains(policies, mfa.AdministratorAccess),
		HasPassword:   p.HasPassword(), MustChange: p.MustChange, CreatedAt: p.CreatedAt, PasswordAt: p.PasswordAt,
		PasswordUsedAt: p.PasswordUsedAt, MFADeadline: p.MFADeadline, Version: p.Version}
	kinds := map[mfa.DeviceKind]*int{mfa.KindPasskey: &o.Passkeys, mfa.KindApp: &o.Apps, mfa.KindToken: &o.Tokens}
	for _, d := range devices {
		if n := kinds[d.Kind]; n != nil {
			*n++
		}
		switch {
		case !d.SuspectAt.IsZero():
			o.Suspect++
		case d.Passkey != nil && !d.Passkey.StandsAlone():
			o.SecondOnly++
		}
		if d.LastUsedAt.After(o.LastUsedAt) {
			o.LastUsedAt = d.LastUsedAt
		}
	}
	for _, c := range codes {
		if c.UsedAt.IsZero() {
			o.RecoveryLeft++
		}
	}
	return o, nil
}
