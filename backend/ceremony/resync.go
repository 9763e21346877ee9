package ceremony

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// resyncWindow is how far a device's clock may have gone, in steps: an app goes by the
// clock of a phone, a token by a crystal of its own.
func (o otp) resyncWindow() int {
	if o.Kind == mfa.KindToken {
		return o.params.HardwareResyncWindow()
	}
	return totp.ResyncWindow
}

// Resync learns anew by how much a device with codes is ahead of this machine, from two
// consecutive codes (ResyncMFADevice); one's own device, or somebody else's for those
// who manage them. Both codes are used up by it: it never signs in. A wrong pair counts
// as a wrong code of whoever typed it, and a right one ends the counting.
//
// code-format, codes-equal; as account.May fails; not-found, also for what has no
// codes or no owner; sign-in-delayed; vault-locked; code-used, codes-swapped, codes-gap,
// code-clock (params: codes, computer, offset; cause=machine|token|both|unclear, and
// machine when the cause is machine or both), code-wrong.
func (s *Service) Resync(ctx context.Context, who mfa.Session, deviceID, first, second string) (mfa.Device, error) {
	if err := checkPair(first, second); err != nil {
		return mfa.Device{}, err
	}
	d, missing := s.Store.Device(ctx, deviceID)
	if missing != nil && !mfa.IsCode(missing, mfa.CodeNotFound) {
		return mfa.Device{}, missing
	}
	acting, err := s.Accounts.May(ctx, who, mfa.OpResyncDevice, d.PrincipalID)
	if err != nil {
		return mfa.Device{}, err
	}
	if missing != nil || !d.Kind.HasCodes() || !d.IsAssigned() {
		return mfa.Device{}, account.NoDevice()
	}
	return s.resync(ctx, acting, d, first, second)
}

// ResyncPending is Resync for somebody whose password was right and whose codes are
// not understood, before they are signed in. The next code then signs in.
func (s *Service) ResyncPending(ctx context.Context, pending Pending, deviceID, first, second string) error {
	if err := checkPair(first, second); err != nil {
		return err
	}
	devices, err := s.usable(ctx, pending.Principal)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(devices, func(d mfa.Device) bool { return d.ID == deviceID && d.Kind.HasCodes() && d.CanSignIn() })
	if i < 0 {
		return account.NoDevice()
	}
	_, err = s.resync(ctx, account.Acting{Caller: pending.Principal, Target: pending.Principal}, devices[i], first, second)
	return err
}

// resync holds two codes against a device, on behalf of whoever typed them, and gives it
// as it was written: by then somebody else may have removed it. The device is read again
// in its turn: the first code of the pair may have just signed in.
func (s *Service) resync(ctx context.Context, by account.Acting, d mfa.Device, first, second string) (mfa.Device, error) {
	var written mfa.Device
	err := s.tried(ctx, by.Caller.ID, func() error {
		now, err := s.Store.Device(ctx, d.ID)
		if err != nil {
			return err
		}
		if now.PrincipalID != d.PrincipalID {
			return account.NoDevice()
		}
		written, err = s.resynced(ctx, by, now, first, second)
		return err
	})
	return written, err
}

func (s *Service) resynced(ctx context.Context, by account.Acting, d mfa.Device, first, second string) (mfa.Device, error) {
	o, err := s.open(d)
	if err != nil {
		return mfa.Device{}, err
	}
	defer o.wipe()
	now := s.Clock()
	accepted, err := totp.VerifyPair(o.seed, o.params, o.state, first, second, o.resyncWindow(), now)
	if err == nil {
		err = s.Store.AcceptCode(ctx, d.ID, use(accepted, now), false, s.did(by, mfa.EventDeviceResynced, d))
	}
	failed := s.did(by, mfa.EventResyncFailed, d)
	switch {
	case err == nil:
		s.clocks.saw(d.ID, o.ahead(accepted.Drift), now)
		return after(d, accepted), s.right(context.WithoutCancel(ctx), by.Caller.ID)
	case mfa.IsCode(err, mfa.CodeCodeUsed):
		s.note(ctx, failed, err)
	case isGuess(err):
		_, err = s.wrong(ctx, by.Caller.ID, failed, s.explained(o, first, second, now, err))
	}
	return mfa.Device{}, err
}

// checkPair refuses what is no pair of codes before anybody is looked up.
func checkPair(first, second string) error {
	if err := checkSyntax(first, second); err != nil {
		return err
	}
	if first == second {
		return mfa.Fail(mfa.CodeCodesEqual)
	}
	return nil
}

// isGuess reports that two codes did not belong to the device as they had to.
func isGuess(err error) bool {
	return slices.ContainsFunc([]mfa.Code{mfa.CodeCodeWrong, mfa.CodeCodesSwapped, mfa.CodeCodesGap, mfa.CodeCodeClock},
		func(c mfa.Code) bool { return mfa.IsCode(err, c) })
}
