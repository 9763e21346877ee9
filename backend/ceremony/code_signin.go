package ceremony

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// SignInWithCode is the second factor by a code of any of the person's authenticator
// apps and hardware tokens; they need not say of which. That the code is used up is
// written with the sign-in's event, and both are durable before the session exists, so
// one code makes one session, whatever else runs.
//
// sign-in-delayed (params: seconds) after too many wrong ones; code-format (params:
// digits), which is not counted; vault-locked, vault-damaged: nothing was tried;
// not-found when the person has no device with codes; devices-suspect; code-used when
// the code was right and is used up, which is no guess; code-wrong (params: resync=yes
// from the fifth in a row on).
func (s *Service) SignInWithCode(ctx context.Context, pending Pending, code string) (session mfa.Session, err error) {
	if err := checkSyntax(code); err != nil {
		return mfa.Session{}, err
	}
	p := pending.Principal
	err = s.tried(ctx, p.ID, func() error {
		session, err = s.signInWithCode(ctx, p, code)
		refused := mfa.Event{Kind: mfa.EventSignInRefused, PrincipalID: p.ID}
		switch {
		case mfa.IsCode(err, mfa.CodeCodeWrong):
			var count int
			if count, err = s.wrong(ctx, p.ID, refused, err); count >= resyncAfter {
				err = with(mfa.AsFailure(err), "resync", "yes")
			}
		case mfa.IsCode(err, mfa.CodeCodeUsed):
			s.note(ctx, refused, err)
		}
		return err
	})
	if err != nil {
		return mfa.Session{}, err
	}
	return session, nil
}

func (s *Service) signInWithCode(ctx context.Context, p mfa.Principal, code string) (mfa.Session, error) {
	devices, err := s.openAll(ctx, p)
	defer wipeAll(devices)
	if err != nil {
		return mfa.Session{}, err
	}
	now := s.Clock()
	d, accepted, err := verifyAny(devices, code, now)
	if err != nil {
		return mfa.Session{}, err
	}
	event := mfa.Event{At: now, Kind: mfa.EventSignInMFA, PrincipalID: p.ID, DeviceID: d.ID, Detail: map[string]string{"name": d.Name}}
	if err := s.Store.AcceptCode(ctx, d.ID, use(accepted, now), true, event); err != nil {
		return mfa.Session{}, err
	}
	ctx = context.WithoutCancel(ctx) // it is written: whoever leaves now has signed in
	s.clocks.saw(d.ID, d.ahead(accepted.Drift), now)
	if err := s.right(ctx, p.ID); err != nil {
		return mfa.Session{}, err
	}
	return s.proven(ctx, p, d.ID)
}

// openAll opens the seeds of all devices with codes that can sign in. One that is
// damaged does not keep the others from signing in.
func (s *Service) openAll(ctx context.Context, p mfa.Principal) (opened []otp, err error) {
	devices, err := s.usable(ctx, p)
	if err != nil {
		return nil, err
	}
	damage := error(mfa.Fail(mfa.CodeNotFound, "what", "device"))
	for _, d := range devices {
		if !d.Kind.HasCodes() || !d.CanSignIn() {
			continue
		}
		o, err := s.open(d)
		switch {
		case mfa.IsCode(err, mfa.CodeVaultDamaged):
			s.Log.Warn("seed does not open", "device", d.ID, "err", mfa.AsFailure(err))
			damage = err
		case err != nil:
			return opened, err
		default:
			opened = append(opened, o)
		}
	}
	if len(opened) == 0 {
		return nil, damage
	}
	return opened, nil
}

func wipeAll(devices []otp) {
	for _, d := range devices {
		d.wipe()
	}
}

// verifyAny gives the device that shows the code. code-used when one has shown it and
// none shows it now; code-wrong otherwise.
func verifyAny(devices []otp, code string, now time.Time) (otp, totp.Accepted, error) {
	refused := error(mfa.Fail(mfa.CodeCodeWrong))
	for _, d := range devices {
		accepted, err := totp.Verify(d.seed, d.params, d.state, code, now)
		switch {
		case err == nil:
			return d, accepted, nil
		case mfa.IsCode(err, mfa.CodeCodeUsed):
			refused = err
		case !mfa.IsCode(err, mfa.CodeCodeWrong) && !mfa.IsCode(err, mfa.CodeCodeFormat):
			return otp{}, totp.Accepted{}, err // parameters that nothing can be made of
		}
	}
	return otp{}, totp.Accepted{}, refused
}
