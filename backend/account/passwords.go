package account

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// checkPassword holds a new password against IAM's characters and the account's rules:
// password-invalid, password-too-short, password-policy.
func checkPassword(rules mfa.PasswordRules, password *mfa.Secret) error {
	if err := mfa.CheckPassword(password); err != nil {
		return err
	}
	return rules.Check(password)
}

// SetPassword gives a user another password, or takes it away when password is nil.
// One's own is changed with ChangePassword, which asks for the old one: access-denied
// here. password-invalid, password-too-short, password-policy, concurrent-modification,
// not-found, policy-lockout (see Managed), or as May fails; access-denied for root.
func (s *Service) SetPassword(ctx context.Context, who mfa.Session, id string, version int64, password *mfa.Secret, mustChange bool) (mfa.Overview, error) {
	acting, err := s.mayChange(ctx, who, mfa.OpSetPassword, id, version)
	if err != nil {
		return mfa.Overview{}, err
	}
	if acting.Target.ID == acting.Caller.ID {
		return mfa.Overview{}, denied(mfa.OpSetPassword)
	}
	p, what := acting.Target, "removed"
	if password == nil {
		p.Password, p.PasswordAt, p.MustChange = mfa.PasswordHash{}, time.Time{}, false
	} else {
		if err := checkPassword(acting.Account.Settings.Passwords, password); err != nil {
			return mfa.Overview{}, err
		}
		if p.Password, err = s.hash(ctx, password); err != nil {
			return mfa.Overview{}, err
		}
		p.PasswordAt, p.MustChange, what = s.clock(), mustChange, "set"
	}
	set := func() error {
		return s.store.UpdatePrincipal(ctx, p, s.did(acting, mfa.EventPasswordSet, "what", what))
	}
	if password == nil {
		err = s.change(ctx, acting, one(id, withoutPassword), set)
	} else {
		err = set()
	}
	if err != nil {
		return mfa.Overview{}, err
	}
	p.Version++
	return s.changed(ctx, p, false)
}

// ChangePassword changes the caller's own password. A wrong old one counts like a
// wrong password at the sign-in, with the same delay. password-invalid,
// password-too-short, password-policy, sign-in-delayed (params: seconds),
// password-wrong, password-same, or as May fails.
func (s *Service) ChangePassword(ctx context.Context, who mfa.Session, old, password *mfa.Secret) error {
	acting, err := s.May(ctx, who, mfa.OpChangePassword, "")
	if err != nil {
		return err
	}
	if err := checkPassword(acting.Account.Settings.Passwords, password); err != nil {
		return err
	}
	s.oneGuess.Lock()
	defer s.oneGuess.Unlock()
	p := acting.Target
	key := guessKey(mfa.Identity{Kind: p.Kind, Name: p.Label()})
	guesses, err := s.gate(ctx, key, acting.Caller.ID)
	if err != nil {
		return err
	}
	if !s.matches(p.Password, old) {
		refused := s.did(acting, mfa.EventSignInRefused, "code", string(mfa.CodePasswordWrong))
		if _, err := s.wrong(ctx, key, guesses, refused); err != nil {
			return err
		}
		return mfa.Fail(mfa.CodePasswordWrong)
	}
	if password.Equal(old) {
		return mfa.Fail(mfa.CodePasswordSame)
	}
	if p.Password, err = s.hash(ctx, password); err != nil {
		return err
	}
	p.PasswordAt, p.MustChange = s.clock(), false
	return s.store.UpdatePrincipal(ctx, p, s.did(acting, mfa.EventPasswordChanged))
}
