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

// Ask is a question to the gate.
type Ask struct {
	Operation mfa.Operation
	TargetID  string // to whom it is done; empty: the caller
	// Resource is the ARN that policies are held against. Empty: what the operation acts on
	// by itself, the target or, where it has none, "*".
	Resource string
	// Registering is set for one of the two checks of a FIDO registration. What has codes
	// has one check, without it.
	Registering *mfa.Registration
}

// May asks MayDo for what needs no more than an operation and a target, the caller
// when targetID is empty.
func (s *Service) May(ctx context.Context, who mfa.Session, op mfa.Operation, targetID string) (Acting, error) {
	return s.MayDo(ctx, who, Ask{Operation: op, TargetID: targetID})
}

// MayDo is the one gate in front of every use case: the session's limit, what holds
// whatever the policies say, the policies, and the step-up rule.
//
// In this order: not-signed-in when the caller is gone; device-setup-needed,
// password-change-needed; access-denied (params: operation; where policies decided, also
// decision, policy and statement); not-found for the target; mfa-required.
func (s *Service) MayDo(ctx context.Context, who mfa.Session, ask Ask) (Acting, error) {
	caller, err := s.store.Principal(ctx, who.PrincipalID)
	if mfa.IsCode(err, mfa.CodeNotFound) {
		return Acting{}, mfa.Fail(mfa.CodeNotSignedIn).Because(err)
	}
	if err != nil {
		return Acting{}, err
	}
	target, missing := caller, error(nil)
	if ask.TargetID != "" && ask.TargetID != caller.ID {
		target, missing = s.store.Principal(ctx, ask.TargetID)
		if missing != nil && !mfa.IsCode(missing, mfa.CodeNotFound) {
			return Acting{}, missing
		}
		if missing != nil { // whoever may not ask is not told who is missing
			target = mfa.Principal{ID: ask.TargetID, Kind: mfa.User}
		}
	}
	acct, err := s.store.Account(ctx)
	if err != nil {
		return Acting{}, err
	}
	a := mfa.Access{Operation: ask.Operation, Caller: caller, Session: who, Target: target, Resource: ask.Resource, Registering: ask.Registering}
	if a.Resource == "" {
		a.Resource = Resource(acct, ask.Operation, target)
	}
	if err := limited(who.Limit, a); err != nil {
		return Acting{}, err
	}
	if err := s.allowed(ctx, acct, a); err != nil {
		return Acting{}, err
	}
	if missing != nil {
		return Acting{}, missing
	}
	if a.OnSelf() && changesDevices[a.Operation] {
		if err := s.stepUp(ctx, who); err != nil {
			return Acting{}, err
		}
	}
	return Acting{Account: acct, Session: who, Caller: caller, Target: target}, nil
}

// meantFor are the operations that IAM holds against a device, which does not say whose
// it is or will be. When that is somebody else, the caller must be allowed this, too.
var meantFor = map[mfa.Operation]mfa.Operation{
	mfa.OpCreateVirtualDevice: mfa.OpEnableDevice,
	mfa.OpDeleteVirtualDevice: mfa.OpDeactivateDevice,
}

// allowed asks the rules, after what they cannot change: nobody but root touches root,
// and recovery codes are root's. Root itself the rules let do everything.
func (s *Service) allowed(ctx context.Context, acct mfa.Account, a mfa.Access) error {
	if a.Caller.Kind != mfa.Root && (a.Target.Kind == mfa.Root || a.Operation == mfa.OpMakeRecoveryCodes) {
		return denied(a.Operation)
	}
	if err := s.rules.Allow(ctx, a); err != nil {
		return err
	}
	also, is := meantFor[a.Operation]
	if !is || a.OnSelf() {
		return nil
	}
	a.Operation, a.Resource = also, Resource(acct, also, a.Target)
	return s.rules.Allow(ctx, a)
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
