package account

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Managed keeps an account in the hands of more than root: whatever may take the
// management of policies from somebody is done through it. Package policies has one.
type Managed interface {
	// Change does what do does, one change after the other, unless nobody but root would be
	// left to manage policies then: policy-lockout. What is meant is done whatever it leaves.
	Change(ctx context.Context, acting Acting, meant bool, e Effect, do func() error) error
}

// Effect says whom a change concerns, by ID, and what becomes of each of them. It is asked
// while nothing else changes.
type Effect func(context.Context) (users []string, becomes func(Standing) Standing, err error)

// Standing is what decides whether a user manages policies; the zero one is nobody.
type Standing struct {
	User     mfa.Overview
	Policies []mfa.GrantedPolicy
}

// CanSignIn reports that there is a first factor: a key that was never asked who holds it
// is none.
func (s Standing) CanSignIn() bool { return s.User.HasPassword || s.User.Alone() > 0 }

// change does what nobody can say of that a lock-out is meant. When root does it, it is:
// root is at hand then, and can put right what it did.
func (s *Service) change(ctx context.Context, acting Acting, e Effect, do func() error) error {
	if s.managed == nil {
		return do()
	}
	return s.managed.Change(ctx, acting, acting.Caller.Kind == mfa.Root, e, do)
}

// one is the effect on one user.
func one(id string, becomes func(Standing) Standing) Effect {
	return func(context.Context) ([]string, func(Standing) Standing, error) { return []string{id}, becomes, nil }
}

func removed(Standing) Standing { return Standing{} }

func withoutPassword(s Standing) Standing {
	s.User.HasPassword = false
	return s
}

func called(p mfa.Principal) func(Standing) Standing {
	return func(s Standing) Standing {
		s.User.Name, s.User.Path = p.Name, p.Path
		return s
	}
}

func noAdministrator(s Standing) Standing {
	s.Policies = slices.DeleteFunc(s.Policies, func(p mfa.GrantedPolicy) bool {
		return p.Group == "" && !p.Inline && p.Name == mfa.AdministratorAccess
	})
	return s
}

// outOf is without what holds through a group.
func outOf(group string) func(Standing) Standing {
	return func(s Standing) Standing {
		s.Policies = slices.DeleteFunc(s.Policies, func(p mfa.GrantedPolicy) bool { return p.Group == group })
		return s
	}
}

// joins is the effect of a group on somebody who comes into it: it may have a policy that
// denies.
func (s *Service) joins(id string, g mfa.Group) Effect {
	return func(ctx context.Context) ([]string, func(Standing) Standing, error) {
		held, err := s.ofGroup(ctx, g)
		return []string{id}, func(s Standing) Standing {
			s = outOf(g.Name)(s)
			s.Policies = append(s.Policies, held...)
			return s
		}, err
	}
}

// dissolves is the effect on all who are in a group that is removed.
func (s *Service) dissolves(g mfa.Group) Effect {
	return func(ctx context.Context) ([]string, func(Standing) Standing, error) {
		ids, err := s.store.Members(ctx, g.ID)
		return ids, outOf(g.Name), err
	}
}

// ofGroup gives what holds through a group.
func (s *Service) ofGroup(ctx context.Context, g mfa.Group) ([]mfa.GrantedPolicy, error) {
	var held []mfa.GrantedPolicy
	managed, err := s.store.Policies(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range managed {
		if p.Attached == 0 {
			continue
		}
		to, err := s.store.Attachments(ctx, p.Name)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(to, func(a mfa.Attachment) bool { return a.GroupID == g.ID }) {
			held = append(held, mfa.GrantedPolicy{Name: p.Name, Group: g.Name, Document: p.Document})
		}
	}
	inline, err := s.store.InlinePolicies(ctx, mfa.InlinePolicy{GroupID: g.ID})
	for _, p := range inline {
		held = append(held, mfa.GrantedPolicy{Name: p.Name, Inline: true, Group: g.Name, Document: p.Document})
	}
	return held, err
}
