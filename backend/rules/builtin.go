package rules

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Attached tells which policies are attached to a user, also through groups.
type Attached interface {
	PoliciesOf(ctx context.Context, principalID string) ([]string, error)
}

// Builtin is the built-in rule set.
type Builtin struct{ Policies Attached }

// self is what everybody may do to themselves.
var self = map[mfa.Operation]bool{
	mfa.OpCreateVirtualDevice: true,
	mfa.OpEnableDevice:        true,
	mfa.OpDeactivateDevice:    true,
	mfa.OpDeleteVirtualDevice: true,
	mfa.OpResyncDevice:        true,
	mfa.OpListDevices:         true,
	mfa.OpRenameDevice:        true,
	mfa.OpChangePassword:      true,
}

// Allow implements mfa.Rules: access-denied.
func (b Builtin) Allow(ctx context.Context, a mfa.Access) error {
	denied := mfa.Fail(mfa.CodeAccessDenied, "operation", string(a.Operation))
	switch {
	case a.Caller.Kind == mfa.Root:
		return nil
	case a.Target.Kind == mfa.Root || a.Operation == mfa.OpMakeRecoveryCodes:
		return denied
	case a.OnSelf() && self[a.Operation]:
		return nil
	}
	policies, err := b.Policies.PoliciesOf(ctx, a.Caller.ID)
	if err != nil {
		return err
	}
	if !slices.Contains(policies, mfa.AdministratorAccess) {
		return denied
	}
	return nil
}
