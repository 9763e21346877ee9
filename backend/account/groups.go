package account

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// SetAdministrator attaches AdministratorAccess to a user or detaches it. Who is an
// administrator through a group stays one: the answer says so. not-found, policy-lockout
// (see Managed), or as May fails; access-denied for root and for oneself.
func (s *Service) SetAdministrator(ctx context.Context, who mfa.Session, id string, on bool) (mfa.Overview, error) {
	op := mfa.OpDetachUserPolicy
	if on {
		op = mfa.OpAttachUserPolicy
	}
	acting, err := s.May(ctx, who, op, id)
	if err != nil {
		return mfa.Overview{}, err
	}
	if acting.Target.Kind == mfa.Root || acting.Target.ID == acting.Caller.ID {
		return mfa.Overview{}, denied(op)
	}
	attachment := mfa.Attachment{Policy: mfa.AdministratorAccess, PrincipalID: id}
	attach := func() error {
		return s.store.SetAttached(ctx, attachment, on, s.attaching(acting, attachment.Policy, acting.Target.Name, on))
	}
	if on { // which takes nothing from anybody
		err = attach()
	} else {
		err = s.change(ctx, acting, one(id, noAdministrator), attach)
	}
	if err != nil {
		return mfa.Overview{}, err
	}
	return s.changed(ctx, acting.Target, on)
}

func (s *Service) attaching(acting Acting, policy, to string, on bool) mfa.Event {
	kind := mfa.EventPolicyDetached
	if on {
		kind = mfa.EventPolicyAttached
	}
	return s.did(acting, kind, "policy", policy, "to", to)
}

// Groups lists all groups by name.
func (s *Service) Groups(ctx context.Context, who mfa.Session) ([]mfa.Group, error) {
	if _, err := s.May(ctx, who, mfa.OpListGroups, ""); err != nil {
		return nil, err
	}
	return s.store.Groups(ctx)
}

// AddGroup adds a group; an empty path is mfa.RootPath. name-invalid, path-invalid,
// name-taken, or as May fails.
func (s *Service) AddGroup(ctx context.Context, who mfa.Session, name, path string) (mfa.Group, error) {
	a, err := s.store.Account(ctx)
	if err != nil {
		return mfa.Group{}, err
	}
	g := mfa.Group{ID: mfa.NewID(), Name: name, Path: path, Version: 1}
	acting, err := s.MayDo(ctx, who, Ask{Operation: mfa.OpCreateGroup, Resource: mfa.GroupARN(a, g)})
	if err != nil {
		return mfa.Group{}, err
	}
	n := NewUser{Name: name, Path: path}
	if err := n.check(mfa.PasswordRules{}); err != nil {
		return mfa.Group{}, err
	}
	g.Path = n.Path
	return g, s.store.AddGroup(ctx, g, s.did(acting, mfa.EventGroupChanged, "what", "added", "group", name))
}

// RemoveGroup deletes a group; its members lose what was attached to it. not-found,
// concurrent-modification, policy-lockout (see Managed), or as May fails.
func (s *Service) RemoveGroup(ctx context.Context, who mfa.Session, id string, version int64) error {
	acting, g, err := s.MayOnGroup(ctx, who, mfa.OpDeleteGroup, id)
	if err != nil {
		return err
	}
	return s.change(ctx, acting, s.dissolves(g), func() error {
		return s.store.RemoveGroup(ctx, id, version, s.did(acting, mfa.EventGroupChanged, "what", "removed", "group", g.Name))
	})
}

// SetMember puts a user into a group or takes them out. not-found, policy-lockout (see
// Managed), or as May fails; access-denied for root, and for leaving a group oneself: it
// may be what makes one an administrator.
func (s *Service) SetMember(ctx context.Context, who mfa.Session, groupID, principalID string, in bool) error {
	op, what := mfa.OpRemoveFromGroup, "left"
	if in {
		op, what = mfa.OpAddToGroup, "joined"
	}
	acting, g, err := s.group(ctx, who, Ask{Operation: op, TargetID: principalID}, groupID)
	if err != nil {
		return err
	}
	if acting.Target.Kind == mfa.Root || acting.Target.ID == acting.Caller.ID && !in {
		return denied(op)
	}
	id := acting.Target.ID
	effect := one(id, outOf(g.Name))
	if in {
		effect = s.joins(id, g)
	}
	return s.change(ctx, acting, effect, func() error {
		return s.store.SetMember(ctx, groupID, id, in, s.did(acting, mfa.EventGroupChanged, "what", what, "group", g.Name))
	})
}

// Members lists the users of a group, by name. not-found, or as May fails.
func (s *Service) Members(ctx context.Context, who mfa.Session, groupID string) ([]mfa.Overview, error) {
	groups, err := s.Groups(ctx, who)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(groups, func(g mfa.Group) bool { return g.ID == groupID }) {
		return nil, mfa.Fail(mfa.CodeNotFound, "what", "group")
	}
	ids, err := s.store.Members(ctx, groupID)
	if err != nil {
		return nil, err
	}
	all, err := s.store.Overviews(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(o mfa.Overview) bool { return !slices.Contains(ids, o.ID) }), nil
}

// MayOnGroup is MayDo for what is done to a group. not-found for the group, which
// whoever may not ask is not told.
func (s *Service) MayOnGroup(ctx context.Context, who mfa.Session, op mfa.Operation, groupID string) (Acting, mfa.Group, error) {
	return s.group(ctx, who, Ask{Operation: op}, groupID)
}

func (s *Service) group(ctx context.Context, who mfa.Session, ask Ask, groupID string) (Acting, mfa.Group, error) {
	a, err := s.store.Account(ctx)
	if err != nil {
		return Acting{}, mfa.Group{}, err
	}
	all, err := s.store.Groups(ctx)
	if err != nil {
		return Acting{}, mfa.Group{}, err
	}
	i := slices.IndexFunc(all, func(g mfa.Group) bool { return g.ID == groupID })
	var g mfa.Group
	if i >= 0 {
		g = all[i]
	}
	ask.Resource = mfa.GroupARN(a, g)
	acting, err := s.MayDo(ctx, who, ask)
	if err == nil && i < 0 {
		err = mfa.Fail(mfa.CodeNotFound, "what", "group")
	}
	if err != nil {
		return Acting{}, mfa.Group{}, err
	}
	return acting, g, nil
}
