package ceremony

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
)

// SignInWithRecovery lets root in by a printed code in the place of a lost device. The
// session is none of MFA: it knows when a code stood in (RecoveredAt), and may remove
// the lost device and add a new one. What enforcement demanded before the code was used
// up holds. The code is struck out in the transaction that writes the sign-in's event.
//
// sign-in-delayed, as wrong ones are counted with the wrong codes of devices;
// recovery-code-wrong; recovery-code-used, which is no guess; vault-locked,
// vault-damaged: nothing was tried.
func (s *Service) SignInWithRecovery(ctx context.Context, pending Pending, code *mfa.Secret) (session mfa.Session, err error) {
	p := pending.Principal
	err = s.tried(ctx, p.ID, func() error {
		session, err = s.recovered(ctx, p, code)
		refused := mfa.Event{Kind: mfa.EventSignInRefused, PrincipalID: p.ID}
		switch {
		case mfa.IsCode(err, mfa.CodeRecoveryCodeWrong):
			_, err = s.wrong(ctx, p.ID, refused, err)
		case mfa.IsCode(err, mfa.CodeRecoveryCodeUsed):
			s.note(ctx, refused, err)
		}
		return err
	})
	if err != nil {
		return mfa.Session{}, err
	}
	return session, nil
}

func (s *Service) recovered(ctx context.Context, p mfa.Principal, code *mfa.Secret) (mfa.Session, error) {
	if s.Recovery == nil {
		return mfa.Session{}, mfa.Fail(mfa.CodeRecoveryCodeWrong)
	}
	now := s.Clock()
	session, err := s.limited(ctx, p, mfa.Session{ID: mfa.NewID(), PrincipalID: p.ID, StartedAt: now, RecoveredAt: now})
	if err != nil {
		return mfa.Session{}, err
	}
	if err := s.Recovery.Use(ctx, p.ID, code); err != nil {
		return mfa.Session{}, err
	}
	s.sweep(context.WithoutCancel(ctx), p)
	return session, s.right(context.WithoutCancel(ctx), p.ID)
}
