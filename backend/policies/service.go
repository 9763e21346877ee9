package policies

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/rules"
)

// Config is what a Service is made of.
type Config struct {
	Store    mfa.Store
	Accounts *account.Service
	Rules    *rules.Rules
	Watch    *Watch // that Accounts has, too
	Clock    func() time.Time
}

// Service keeps the policies of one account. It is safe for concurrent use.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{Config: c} }

// List gives the managed policies by name. As account.May fails.
func (s *Service) List(ctx context.Context, who mfa.Session) ([]mfa.Policy, error) {
	if _, err := s.Accounts.May(ctx, who, mfa.OpListPolicies, ""); err != nil {
		return nil, err
	}
	return s.Store.Policies(ctx)
}

// Get gives one managed policy; case does not count. not-found, or as account.May fails.
func (s *Service) Get(ctx context.Context, who mfa.Session, name string) (mfa.Policy, error) {
	if _, err := s.Accounts.May(ctx, who, mfa.OpListPolicies, ""); err != nil {
		return mfa.Policy{}, err
	}
	return s.Store.Policy(ctx, name)
}

// AttachedTo lists to whom a managed policy is attached, by principal and group ID.
// not-found, or as account.May fails.
func (s *Service) AttachedTo(ctx context.Context, who mfa.Session, name string) ([]mfa.Attachment, error) {
	if _, err := s.Get(ctx, who, name); err != nil {
		return nil, err
	}
	return s.Store.Attachments(ctx, name)
}

// Granted gives everything that holds for a user, with the groups through which it does.
// Everybody may ask for themselves, whatever policies say: each refusal names the
// statement anyway. not-found, or as account.May fails.
func (s *Service) Granted(ctx context.Context, who mfa.Session, principalID string) ([]mfa.GrantedPolicy, error) {
	if principalID == "" || principalID == who.PrincipalID {
		me, err := s.Accounts.Me(ctx, who)
		if err != nil {
			return nil, err
		}
		return s.Store.Granted(ctx, me.ID)
	}
	if _, err := s.Accounts.May(ctx, who, mfa.OpSimulate, principalID); err != nil {
		return nil, err
	}
	return s.Store.Granted(ctx, principalID)
}

// Draft is a managed policy as somebody wants it to be.
type Draft struct {
	Name     string // see mfa.CheckPolicyName; unique without case
	Path     string // see mfa.CheckPath; empty: mfa.RootPath
	Document string // at most policy.MaxManaged characters, white space not counted
	Version  int64  // that was seen, when one is changed
}

func (d *Draft) check() error {
	if err := mfa.CheckPolicyName(d.Name); err != nil {
		return err
	}
	if err := mfa.CheckPath(d.Path); err != nil {
		return err
	}
	if _, err := policy.Parse([]byte(d.Document)); err != nil {
		return err
	}
	return policy.CheckSize(policy.MaxManaged, []byte(d.Document))
}

// Create adds a managed policy, which holds for nobody until it is attached.
// name-invalid, path-invalid, policy-malformed, policy-too-large, name-taken,
// policy-limit (params: max), or as account.MayDo fails.
func (s *Service) Create(ctx context.Context, who mfa.Session, d Draft) (mfa.Policy, error) {
	if d.Path == "" {
		d.Path = mfa.RootPath
	}
	acting, err := s.mayOn(ctx, who, mfa.OpCreatePolicy, d.Path, d.Name)
	if err != nil {
		return mfa.Policy{}, err
	}
	if err := d.check(); err != nil {
		return mfa.Policy{}, err
	}
	now := s.Clock()
	p := mfa.Policy{Name: d.Name, Path: d.Path, Document: d.Document, CreatedAt: now, UpdatedAt: now, Version: 1}
	if err := s.Store.AddPolicy(ctx, p, s.Accounts.Did(acting, mfa.EventPolicyCreated, "", "policy", p.Name)); err != nil {
		return mfa.Policy{}, err
	}
	return s.Store.Policy(context.WithoutCancel(ctx), p.Name)
}

// Update changes document and path of a managed policy, for all to whom it is attached.
// Unless lockOut is set it fails with policy-lockout when nobody but root would be left
// to manage policies. policy-built-in (params: name), policy-malformed,
// policy-too-large, path-invalid, concurrent-modification, not-found, or as
// account.MayDo fails.
func (s *Service) Update(ctx context.Context, who mfa.Session, d Draft, lockOut bool) (mfa.Policy, error) {
	acting, p, err := s.find(ctx, who, mfa.OpUpdatePolicy, d.Name)
	if err != nil {
		return mfa.Policy{}, err
	}
	d.Name = p.Name
	if d.Path == "" {
		d.Path = p.Path
	}
	if d.Path != p.Path {
		if _, err := s.mayOn(ctx, who, mfa.OpUpdatePolicy, d.Path, d.Name); err != nil {
			return mfa.Policy{}, err
		}
	}
	if err := d.check(); err != nil {
		return mfa.Policy{}, err
	}
	p.Path, p.Document, p.UpdatedAt, p.Version = d.Path, d.Document, s.Clock(), d.Version
	changes := effect(s.holdersOf(p.Name), newDocument(p.Name, d.Document))
	err = s.Watch.Change(ctx, acting, lockOut || p.BuiltIn, changes, func() error { // a built-in one is refused by the store
		return s.Store.UpdatePolicy(ctx, p, s.Accounts.Did(acting, mfa.EventPolicyChanged, "", "policy", p.Name))
	})
	if err != nil {
		return mfa.Policy{}, err
	}
	return s.Store.Policy(context.WithoutCancel(ctx), p.Name)
}

// Delete deletes a managed policy that is attached to nobody. delete-conflict (params:
// what), policy-built-in (params: name), concurrent-modification, not-found, or as
// account.MayDo fails.
func (s *Service) Delete(ctx context.Context, who mfa.Session, name string, version int64) error {
	acting, p, err := s.find(ctx, who, mfa.OpDeletePolicy, name)
	if err != nil {
		return err
	}
	return s.Store.RemovePolicy(ctx, p.Name, version, s.Accounts.Did(acting, mfa.EventPolicyDeleted, "", "policy", p.Name))
}

// find gives a policy if the session may do op to it. Whoever may not is not told
// whether it is there.
func (s *Service) find(ctx context.Context, who mfa.Session, op mfa.Operation, name string) (account.Acting, mfa.Policy, error) {
	p, missing := s.Store.Policy(ctx, name)
	if missing != nil {
		if !mfa.IsCode(missing, mfa.CodeNotFound) {
			return account.Acting{}, mfa.Policy{}, missing
		}
		p = mfa.Policy{Name: name, Path: mfa.RootPath}
	}
	acting, err := s.mayOn(ctx, who, op, p.Path, p.Name)
	if err == nil {
		err = missing
	}
	if err != nil {
		return account.Acting{}, mfa.Policy{}, err
	}
	return acting, p, nil
}

func (s *Service) mayOn(ctx context.Context, who mfa.Session, op mfa.Operation, path, name string) (account.Acting, error) {
	a, err := s.Store.Account(ctx)
	if err != nil {
		return account.Acting{}, err
	}
	return s.Accounts.MayDo(ctx, who, account.Ask{Operation: op, Resource: mfa.PolicyARN(a, path, name)})
}
