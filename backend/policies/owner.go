package policies

import (
	"context"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

// owner is the user or the group that a policy is given to.
type owner struct {
	principalID, groupID string
	name                 string
	group                string // the group's name; empty for a user
}

// giving is one of IAM's operations that give a policy or take it away, which has a name
// of its own for users and for groups.
type giving struct{ user, group mfa.Operation }

var (
	attaching = giving{mfa.OpAttachUserPolicy, mfa.OpAttachGroupPolicy}
	detaching = giving{mfa.OpDetachUserPolicy, mfa.OpDetachGroupPolicy}
	putting   = giving{mfa.OpPutUserPolicy, mfa.OpPutGroupPolicy}
	deleting  = giving{mfa.OpDeleteUserPolicy, mfa.OpDeleteGroupPolicy}
)

// mayGive asks whether the session may give policies to the one owner that is named, or
// take them away. Root has none: access-denied. invalid-input (params: field) unless
// exactly one is named.
func (s *Service) mayGive(ctx context.Context, who mfa.Session, what giving, principalID, groupID string) (account.Acting, owner, error) {
	switch {
	case (principalID == "") == (groupID == ""):
		return account.Acting{}, owner{}, mfa.Fail(mfa.CodeInvalidInput, "field", "owner")
	case groupID != "":
		acting, g, err := s.Accounts.MayOnGroup(ctx, who, what.group, groupID)
		return acting, owner{groupID: g.ID, name: g.Name, group: g.Name}, err
	}
	acting, err := s.Accounts.May(ctx, who, what.user, principalID)
	if err == nil && acting.Target.Kind == mfa.Root {
		err = mfa.Fail(mfa.CodeAccessDenied, "operation", string(what.user))
	}
	return acting, owner{principalID: acting.Target.ID, name: acting.Target.Name}, err
}

// SetAttached attaches a managed policy to a user or to a group, or detaches it. Unless
// lockOut is set it fails with policy-lockout when nobody but root would be left to
// manage policies. not-found (params: what), policy-limit (params: max), invalid-input,
// or as account.MayDo fails; access-denied for root, and for taking AdministratorAccess
// from oneself.
func (s *Service) SetAttached(ctx context.Context, who mfa.Session, a mfa.Attachment, on, lockOut bool) error {
	what, kind := detaching, mfa.EventPolicyDetached
	if on {
		what, kind = attaching, mfa.EventPolicyAttached
	}
	acting, to, err := s.mayGive(ctx, who, what, a.PrincipalID, a.GroupID)
	if err != nil {
		return err
	}
	p, err := s.Store.Policy(ctx, a.Policy)
	if err != nil {
		return err
	}
	if !on && p.Name == mfa.AdministratorAccess && to.principalID == acting.Caller.ID {
		return mfa.Fail(mfa.CodeAccessDenied, "operation", string(what.user))
	}
	a.Policy = p.Name
	return s.Watch.Change(ctx, acting, lockOut, effect(s.usersOf(to), attached(p, to.group, on)), func() error {
		return s.Store.SetAttached(ctx, a, on, s.Accounts.Did(acting, kind, "", "policy", p.Name, "to", to.name))
	})
}

// Inline lists the inline policies of the owner that is named, for whoever may put one
// there. As PutInline fails.
func (s *Service) Inline(ctx context.Context, who mfa.Session, of mfa.InlinePolicy) ([]mfa.InlinePolicy, error) {
	_, to, err := s.mayGive(ctx, who, putting, of.PrincipalID, of.GroupID)
	if err != nil {
		return nil, err
	}
	return s.Store.InlinePolicies(ctx, mfa.InlinePolicy{PrincipalID: to.principalID, GroupID: to.groupID})
}

// PutInline gives a user or a group a policy of their own, or changes its document. All
// of a user's together may have policy.MaxUserInline characters, of a group's
// policy.MaxGroupInline, white space not counted. Unless lockOut is set it fails with
// policy-lockout when nobody but root would be left to manage policies. name-invalid,
// policy-malformed, policy-too-large (params: limit), policy-limit (params: max),
// not-found, invalid-input, or as account.MayDo fails; access-denied for root.
func (s *Service) PutInline(ctx context.Context, who mfa.Session, p mfa.InlinePolicy, lockOut bool) error {
	acting, to, err := s.mayGive(ctx, who, putting, p.PrincipalID, p.GroupID)
	if err != nil {
		return err
	}
	if err := mfa.CheckPolicyName(p.Name); err != nil {
		return err
	}
	if _, err := policy.Parse([]byte(p.Document)); err != nil {
		return err
	}
	return s.Watch.Change(ctx, acting, lockOut, effect(s.usersOf(to), inline(p, to.group, true)), func() error {
		return s.put(ctx, acting, to, p)
	})
}

// put holds the sizes of all policies of the owner together, and so wants to be alone.
func (s *Service) put(ctx context.Context, acting account.Acting, to owner, p mfa.InlinePolicy) error {
	has, err := s.Store.InlinePolicies(ctx, p)
	if err != nil {
		return err
	}
	kind, documents := mfa.EventPolicyCreated, [][]byte{[]byte(p.Document)}
	for _, other := range has {
		if mfa.FoldName(other.Name) == mfa.FoldName(p.Name) {
			kind, p.Name = mfa.EventPolicyChanged, other.Name
		} else {
			documents = append(documents, []byte(other.Document))
		}
	}
	limit := policy.MaxUserInline
	if to.group != "" {
		limit = policy.MaxGroupInline
	}
	if err := policy.CheckSize(limit, documents...); err != nil {
		return err
	}
	return s.Store.PutInline(ctx, p, s.Accounts.Did(acting, kind, "", "policy", p.Name, "owner", to.name))
}

// RemoveInline takes the policy of this name from its owner; lockOut as at PutInline.
// not-found, policy-lockout, or as PutInline fails.
func (s *Service) RemoveInline(ctx context.Context, who mfa.Session, p mfa.InlinePolicy, lockOut bool) error {
	acting, to, err := s.mayGive(ctx, who, deleting, p.PrincipalID, p.GroupID)
	if err != nil {
		return err
	}
	return s.Watch.Change(ctx, acting, lockOut, effect(s.usersOf(to), inline(p, to.group, false)), func() error {
		return s.Store.RemoveInline(ctx, p, s.Accounts.Did(acting, mfa.EventPolicyDeleted, "", "policy", p.Name, "owner", to.name))
	})
}
