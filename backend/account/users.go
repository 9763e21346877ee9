package account

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// MaxUsers is how many users an account may have: IAM's default quota.
const MaxUsers = 5000

// NewUser is what an administrator gives to add a user.
type NewUser struct {
	Name          string      // see mfa.CheckName; unique without case
	Path          string      // see mfa.CheckPath; empty: mfa.RootPath
	Password      *mfa.Secret // nil: none, so the user cannot sign in with one; wiped by the caller
	MustChange    bool        // signing in leads to a new password first
	Administrator bool
}

// AddUser adds a user, who then has the settings' FirstPolicies. name-invalid, path-invalid,
// password-invalid, password-too-short, password-policy, name-taken, user-limit (params: max), or as May
// fails.
func (s *Service) AddUser(ctx context.Context, who mfa.Session, n NewUser) (mfa.Overview, error) {
	acting, err := s.mayAdd(ctx, who, n)
	if err != nil {
		return mfa.Overview{}, err
	}
	if err := n.check(acting.Account.Settings.Passwords); err != nil {
		return mfa.Overview{}, err
	}
	p, err := s.principal(ctx, n)
	if err != nil {
		return mfa.Overview{}, err
	}
	if err := s.add(ctx, acting, []added{{p, n.Administrator}}); err != nil {
		return mfa.Overview{}, err
	}
	return s.changed(ctx, p, n.Administrator)
}

// mayAdd asks whether the caller may create each of these users, and make those
// administrators who are to be. It asks also when there are none.
func (s *Service) mayAdd(ctx context.Context, who mfa.Session, users ...NewUser) (Acting, error) {
	a, err := s.store.Account(ctx)
	if err != nil {
		return Acting{}, err
	}
	arn := func(n NewUser) string {
		return mfa.PrincipalARN(a, mfa.Principal{Kind: mfa.User, Name: n.Name, Path: n.Path})
	}
	var first NewUser
	if len(users) > 0 {
		first = users[0]
	}
	acting, err := s.MayDo(ctx, who, Ask{Operation: mfa.OpCreateUser, Resource: arn(first)})
	if err != nil {
		return Acting{}, err
	}
	for i, n := range users {
		access := mfa.Access{Operation: mfa.OpCreateUser, Caller: acting.Caller, Session: who, Target: acting.Caller, Resource: arn(n)}
		if i > 0 {
			err = s.allowed(ctx, a, access)
		}
		if err == nil && n.Administrator {
			access.Operation = mfa.OpAttachUserPolicy
			err = s.allowed(ctx, a, access)
		}
		if err != nil {
			return Acting{}, err
		}
	}
	return acting, nil
}

func (n *NewUser) check(rules mfa.PasswordRules) error {
	if n.Path == "" {
		n.Path = mfa.RootPath
	}
	if err := mfa.CheckName(n.Name); err != nil {
		return err
	}
	if err := mfa.CheckPath(n.Path); err != nil {
		return err
	}
	if n.Password == nil {
		return nil
	}
	return checkPassword(rules, n.Password)
}

// principal makes the row of a new user, at the price of one hash.
func (s *Service) principal(ctx context.Context, n NewUser) (mfa.Principal, error) {
	p := mfa.Principal{ID: mfa.NewID(), Kind: mfa.User, Name: n.Name, Path: n.Path, UserHandle: make([]byte, userHandleSize), Version: 1}
	if _, err := io.ReadFull(s.rand, p.UserHandle); err != nil {
		return mfa.Principal{}, err
	}
	p.CreatedAt = s.clock()
	if n.Password == nil {
		return p, nil
	}
	hash, err := s.hash(ctx, n.Password)
	p.Password, p.PasswordAt, p.MustChange = hash, p.CreatedAt, n.MustChange
	return p, err
}

type added struct {
	mfa.Principal
	administrator bool
}

// add writes new users, all or none.
func (s *Service) add(ctx context.Context, acting Acting, users []added) error {
	// Counted and written under one lock: this process is the only writer.
	s.adding.Lock()
	defer s.adding.Unlock()
	taken, err := s.names(ctx)
	if err != nil {
		return err
	}
	if len(taken)+len(users) > MaxUsers {
		return mfa.Fail(mfa.CodeUserLimit, "max", fmt.Sprint(MaxUsers))
	}
	first := acting.Account.Settings.FirstPolicies()
	ps := make([]mfa.Principal, len(users))
	events := make([]mfa.Event, len(users))
	var attached []mfa.Attachment
	var promoted []mfa.Event
	for i, u := range users {
		acting.Target = u.Principal
		ps[i], events[i] = u.Principal, s.did(acting, mfa.EventUserCreated, "path", u.Path, "policies", strings.Join(first, ","))
		for _, policy := range first {
			attached = append(attached, mfa.Attachment{Policy: policy, PrincipalID: u.ID})
		}
		if u.administrator {
			attached = append(attached, mfa.Attachment{Policy: mfa.AdministratorAccess, PrincipalID: u.ID})
			promoted = append(promoted, s.did(acting, mfa.EventPolicyAttached, "policy", mfa.AdministratorAccess, "to", u.Name))
		}
	}
	return s.store.AddPrincipals(ctx, ps, attached, append(events, promoted...))
}

// names gives the names of all users, folded.
func (s *Service) names(ctx context.Context) (map[string]bool, error) {
	all, err := s.store.Overviews(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool, len(all))
	for _, o := range all {
		if o.Kind == mfa.User {
			names[mfa.FoldName(o.Name)] = true
		}
	}
	return names, nil
}

// mayChange lets the caller change a user, of the version that they have seen:
// concurrent-modification. Root has neither name nor policies, and its password is
// nobody else's: access-denied for root itself, too.
func (s *Service) mayChange(ctx context.Context, who mfa.Session, op mfa.Operation, id string, version int64) (Acting, error) {
	acting, err := s.May(ctx, who, op, id)
	switch {
	case err != nil:
		return Acting{}, err
	case acting.Target.Kind == mfa.Root:
		return Acting{}, denied(op)
	case acting.Target.Version != version:
		return Acting{}, mfa.Fail(mfa.CodeConflict)
	}
	return acting, nil
}

func denied(op mfa.Operation) error { return mfa.Fail(mfa.CodeAccessDenied, "operation", string(op)) }

// ChangeUser gives a user another name or path; an empty path is mfa.RootPath. The
// caller must be allowed to do so to the user as they are and as they will be, as in IAM.
// name-invalid, path-invalid, name-taken, concurrent-modification, not-found,
// policy-lockout (see Managed), or as May fails; access-denied for root.
func (s *Service) ChangeUser(ctx context.Context, who mfa.Session, id string, version int64, name, path string) (mfa.Overview, error) {
	acting, err := s.mayChange(ctx, who, mfa.OpUpdateUser, id, version)
	if err != nil {
		return mfa.Overview{}, err
	}
	n := NewUser{Name: name, Path: path}
	if err := n.check(mfa.PasswordRules{}); err != nil {
		return mfa.Overview{}, err
	}
	p := acting.Target
	e := s.did(acting, mfa.EventUserChanged, "from", p.Name, "to", n.Name, "path", n.Path)
	p.Name, p.Path = n.Name, n.Path
	if _, err := s.MayDo(ctx, who, Ask{Operation: mfa.OpUpdateUser, TargetID: id, Resource: mfa.PrincipalARN(acting.Account, p)}); err != nil {
		return mfa.Overview{}, err
	}
	// Policies may name users.
	if err := s.change(ctx, acting, one(id, called(p)), func() error { return s.store.UpdatePrincipal(ctx, p, e) }); err != nil {
		return mfa.Overview{}, err
	}
	p.Version++
	return s.changed(ctx, p, false)
}

// RemoveUser deletes a user. While the user has devices it fails with delete-conflict,
// unless withDevices is set: then passkeys and authenticator apps go, too, and tokens
// return to stock. concurrent-modification, not-found, policy-lockout (see Managed), or as
// May fails; access-denied for root and for oneself.
func (s *Service) RemoveUser(ctx context.Context, who mfa.Session, id string, version int64, withDevices bool) error {
	acting, err := s.mayChange(ctx, who, mfa.OpDeleteUser, id, version)
	if err != nil {
		return err
	}
	if acting.Target.ID == acting.Caller.ID {
		return denied(mfa.OpDeleteUser)
	}
	return s.change(ctx, acting, one(id, removed), func() error {
		return s.store.RemovePrincipal(ctx, id, version, withDevices, s.did(acting, mfa.EventUserRemoved))
	})
}
