package policies

import (
	"context"
	"errors"
	"slices"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/rules"
)

// change is what becomes of the policies that hold for somebody whom it concerns.
type change func([]mfa.GrantedPolicy) []mfa.GrantedPolicy

// newDocument is a managed policy that says something else.
func newDocument(name, document string) change {
	return func(held []mfa.GrantedPolicy) []mfa.GrantedPolicy {
		for i := range held {
			if !held[i].Inline && held[i].Name == name {
				held[i].Document = document
			}
		}
		return held
	}
}

// attached is a managed policy that comes or goes, through a group or directly.
func attached(p mfa.Policy, group string, on bool) change {
	return replaced(mfa.GrantedPolicy{Name: p.Name, Group: group, Document: p.Document}, on)
}

// inline is an inline policy that comes, changes or goes.
func inline(p mfa.InlinePolicy, group string, on bool) change {
	return replaced(mfa.GrantedPolicy{Name: p.Name, Inline: true, Group: group, Document: p.Document}, on)
}

func replaced(g mfa.GrantedPolicy, on bool) change {
	return func(held []mfa.GrantedPolicy) []mfa.GrantedPolicy {
		held = slices.DeleteFunc(held, func(h mfa.GrantedPolicy) bool {
			return h.Inline == g.Inline && h.Group == g.Group && mfa.FoldName(h.Name) == mfa.FoldName(g.Name)
		})
		if on {
			held = append(held, g)
		}
		return held
	}
}

// people finds the IDs of the users whom a change concerns.
type people func(context.Context) ([]string, error)

func (s *Service) usersOf(o owner) people {
	return func(ctx context.Context) ([]string, error) {
		if o.groupID == "" {
			return []string{o.principalID}, nil
		}
		return s.Store.Members(ctx, o.groupID)
	}
}

func (s *Service) holdersOf(name string) people {
	return func(ctx context.Context) (ids []string, err error) {
		to, err := s.Store.Attachments(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, a := range to {
			some, err := s.usersOf(owner{principalID: a.PrincipalID, groupID: a.GroupID})(ctx)
			if err != nil {
				return nil, err
			}
			ids = append(ids, some...)
		}
		return ids, nil
	}
}

// staysManaged fails with policy-lockout when the change takes the management of
// policies from somebody, and no user is left who has it.
//
// A user manages policies who can sign in, and in an MFA session may attach policies to
// themselves: such a user can attach AdministratorAccess, and so undo any change. An
// account that only root has managed is not locked out by staying so.
func (s *Service) staysManaged(ctx context.Context, acting account.Acting, c change, concerned people) error {
	ids, err := concerned(ctx)
	if err != nil {
		return err
	}
	all, err := s.Store.Overviews(ctx)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(o mfa.Overview) bool { return o.Kind == mfa.Root || !o.HasPassword && o.Passkeys == 0 })
	// Who is most likely to be left is asked first, so that mostly one question is enough.
	likely := func(o mfa.Overview) int {
		switch {
		case o.ID == acting.Caller.ID:
			return 0
		case o.Administrator:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(all, func(a, b mfa.Overview) int { return likely(a) - likely(b) })

	touched := make(map[string]bool, len(ids))
	for _, id := range ids {
		touched[id] = true
	}
	asks := func(o mfa.Overview, after bool) (bool, error) {
		held, err := s.Store.Granted(ctx, o.ID)
		if err != nil {
			return false, err
		}
		if after && touched[o.ID] {
			held = c(held)
		}
		return s.manages(ctx, acting.Account, o, held)
	}
	loses, err := anybody(all, func(o mfa.Overview) (bool, error) {
		if !touched[o.ID] {
			return false, nil
		}
		before, err := asks(o, false)
		if err != nil || !before {
			return false, err
		}
		after, err := asks(o, true)
		return !after, err
	})
	if err != nil || !loses {
		return err
	}
	left, err := anybody(all, func(o mfa.Overview) (bool, error) { return asks(o, true) })
	if err == nil && !left {
		err = mfa.Fail(mfa.CodePolicyLockout)
	}
	return err
}

func anybody(of []mfa.Overview, is func(mfa.Overview) (bool, error)) (bool, error) {
	for _, o := range of {
		if yes, err := is(o); yes || err != nil {
			return yes, err
		}
	}
	return false, nil
}

// manages reports whether somebody for whom these policies hold manages policies. Who
// has one that cannot be read may do nothing.
func (s *Service) manages(ctx context.Context, a mfa.Account, o mfa.Overview, held []mfa.GrantedPolicy) (bool, error) {
	set, err := s.Rules.Compile(held)
	var unreadable *rules.Unreadable
	if errors.As(err, &unreadable) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	user := mfa.Principal{ID: o.ID, Kind: mfa.User, Name: o.Name, Path: o.Path}
	request, err := s.Rules.Request(ctx, mfa.Access{Operation: mfa.OpAttachUserPolicy, Caller: user, Target: user,
		Session: mfa.Session{PrincipalID: o.ID, MFAAt: s.Clock()}, Resource: mfa.PrincipalARN(a, user)})
	if err != nil {
		return false, err
	}
	return set.Decide(request) == policy.Allow, nil
}
