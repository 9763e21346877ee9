package policies

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/rules"
)

// Watch does changes of what holds for users, one after the other, and refuses those that
// leave nobody but root. It is safe for concurrent use; this process is the only writer.
type Watch struct {
	store    mfa.Store
	rules    *rules.Rules // asked what a change would do
	changing sync.Mutex
}

var _ account.Managed = (*Watch)(nil)

// NewWatch makes the one watch of an account, which all its use cases share.
func NewWatch(store mfa.Store, r *rules.Rules) *Watch { return &Watch{store: store, rules: r} }

// Change implements account.Managed.
func (w *Watch) Change(ctx context.Context, acting account.Acting, meant bool, e account.Effect, do func() error) error {
	w.changing.Lock()
	defer w.changing.Unlock()
	if !meant {
		if err := w.staysManaged(ctx, acting, e); err != nil {
			return err
		}
	}
	return do()
}

// becomes is what is made of the policies of those whom a change concerns.
type becomes func([]mfa.GrantedPolicy) []mfa.GrantedPolicy

// newDocument is a managed policy that says something else.
func newDocument(name, document string) becomes {
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
func attached(p mfa.Policy, group string, on bool) becomes {
	return replaced(mfa.GrantedPolicy{Name: p.Name, Group: group, Document: p.Document}, on)
}

// inline is an inline policy that comes, changes or goes.
func inline(p mfa.InlinePolicy, group string, on bool) becomes {
	return replaced(mfa.GrantedPolicy{Name: p.Name, Inline: true, Group: group, Document: p.Document}, on)
}

func replaced(g mfa.GrantedPolicy, on bool) becomes {
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

// effect is a change of policies of the users that are found.
func effect(find func(context.Context) ([]string, error), b becomes) account.Effect {
	return func(ctx context.Context) ([]string, func(account.Standing) account.Standing, error) {
		ids, err := find(ctx)
		return ids, func(s account.Standing) account.Standing {
			s.Policies = b(s.Policies)
			return s
		}, err
	}
}

func (s *Service) usersOf(o owner) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		if o.groupID == "" {
			return []string{o.principalID}, nil
		}
		return s.Store.Members(ctx, o.groupID)
	}
}

func (s *Service) holdersOf(name string) func(context.Context) ([]string, error) {
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
func (w *Watch) staysManaged(ctx context.Context, acting account.Acting, e account.Effect) error {
	ids, becomes, err := e(ctx)
	if err != nil || len(ids) == 0 {
		return err
	}
	all, err := w.store.Overviews(ctx)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(o mfa.Overview) bool { return o.Kind == mfa.Root || !account.Standing{User: o}.CanSignIn() })
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
		held, err := w.store.Granted(ctx, o.ID)
		if err != nil {
			return false, err
		}
		s := account.Standing{User: o, Policies: held}
		if after && touched[o.ID] {
			s = becomes(s)
		}
		return w.manages(ctx, acting, s)
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

// manages reports whether somebody of this standing manages policies. Who has one that
// cannot be read may do nothing.
func (w *Watch) manages(ctx context.Context, acting account.Acting, s account.Standing) (bool, error) {
	if !s.CanSignIn() {
		return false, nil
	}
	set, err := w.rules.Compile(s.Policies)
	var unreadable *rules.Unreadable
	if errors.As(err, &unreadable) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	user := mfa.Principal{ID: s.User.ID, Kind: mfa.User, Name: s.User.Name, Path: s.User.Path}
	now, err := w.rules.Now(ctx)
	if err != nil {
		return false, err
	}
	request, err := w.rules.Request(ctx, mfa.Access{Operation: mfa.OpAttachUserPolicy, Caller: user, Target: user,
		Session: mfa.Session{PrincipalID: user.ID, MFAAt: now}, Resource: mfa.PrincipalARN(acting.Account, user)})
	if err != nil {
		return false, err
	}
	return set.Decide(request) == policy.Allow, nil
}
