package account

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Acting is somebody who may do what they asked for, and to whom.
type Acting struct {
	Account mfa.Account
	Session mfa.Session
	Caller  mfa.Principal
	Target  mfa.Principal // the caller for what concerns the account
}

// changesDevices are the operations that need an MFA session when somebody does
// them to themselves and has a device (IAM: "a user who already has a device").
var changesDevices = map[mfa.Operation]bool{
	mfa.OpCreateVirtualDevice: true,
	mfa.OpEnableDevice:        true,
	mfa.OpDeactivateDevice:    true,
	mfa.OpDeleteVirtualDevice: true,
	mfa.OpResyncDevice:        true,
	mfa.OpRenameDevice:        true,
	mfa.OpMakeRecoveryCodes:   true,
}

// setsUpDevice is all that a session may do whose time to add a device is over. It may
// remove devices, too: eight suspect ones leave no room for one that works. Who has none
// has nothing to remove, and who has some needs more than a password for it.
var setsUpDevice = map[mfa.Operation]bool{
	mfa.OpCreateVirtualDevice: true,
	mfa.OpEnableDevice:        true,
	mfa.OpDeactivateDevice:    true,
	mfa.OpListDevices:         true,
}

// May is the one gate in front of every use case: the session's limit, the rules,
// and the step-up rule, in this order. targetID is empty for the caller.
//
// In this order: not-signed-in when the caller is gone; device-setup-needed,
// password-change-needed; access-denied; not-found for the target; mfa-required.
func (s *Service) May(ctx context.Context, who mfa.Session, op mfa.Operation, targetID string) (Acting, error) {
	caller, err := s.store.Principal(ctx, who.PrincipalID)
	if mfa.IsCode(err, mfa.CodeNotFound) {
		return Acting{}, mfa.Fail(mfa.CodeNotSignedIn).Because(err)
	}
	if err != nil {
		return Acting{}, err
	}
	target, missing := caller, error(nil)
	if targetID != "" && targetID != caller.ID {
		target, missing = s.store.Principal(ctx, targetID)
		if missing != nil && !mfa.IsCode(missing, mfa.CodeNotFound) {
			return Acting{}, missing
		}
		if missing != nil { // whoever may not ask is not told who is missing
			target = mfa.Principal{ID: targetID, Kind: mfa.User}
		}
	}
	acct, err := s.store.Account(ctx)
	if err != nil {
		return Acting{}, err
	}
	a := mfa.Access{Operation: op, Caller: caller, Session: who, Target: target, Resource: mfa.PrincipalARN(acct, target)}
	if err := limited(who.Limit, a); err != nil {
		return Acting{}, err
	}
	if err := s.rules.Allow(ctx, a); err != nil {
		return Acting{}, err
	}
	if missing != nil {
		return Acting{}, missing
	}
	if a.OnSelf() && changesDevices[op] {
		if err := s.stepUp(ctx, who); err != nil {
			return Acting{}, err
		}
	}
	return Acting{Account: acct, Session: who, Caller: caller, Target: target}, nil
}

func limited(l mfa.Limit, a mfa.Access) error {
	switch {
	case l == mfa.LimitNewPassword && !(a.OnSelf() && a.Operation == mfa.OpChangePassword):
		return mfa.Fail(mfa.CodeChangeNeeded)
	case l == mfa.LimitSetUpDevice && !(a.OnSelf() && setsUpDevice[a.Operation]):
		return mfa.Fail(mfa.CodeSetUpNeeded)
	}
	return nil
}

// stepUp lets a session through that a device or a recovery code has proven, and
// everybody who has no device yet.
func (s *Service) stepUp(ctx context.Context, who mfa.Session) error {
	if who.MFAPresent() || !who.RecoveredAt.IsZero() {
		return nil
	}
	devices, err := s.store.Devices(ctx, who.PrincipalID)
	if err != nil {
		return err
	}
	if len(devices) > 0 {
		return mfa.Fail(mfa.CodeMFANeeded)
	}
	return nil
}
