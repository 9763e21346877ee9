package rules

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

// Store is what decisions are made from.
type Store interface {
	Account(ctx context.Context) (mfa.Account, error)
	Granted(ctx context.Context, principalID string) ([]mfa.GrantedPolicy, error)
	HighestTime(ctx context.Context) (time.Time, error)
}

// Rules decide by the policies that hold for the caller. They are safe for concurrent
// use, and see a change of policies with the next question.
type Rules struct {
	store Store
	clock func() time.Time

	mu        sync.Mutex
	accountID string // empty: not asked yet. It never changes
	sets      map[content]*policy.Set
}

var _ mfa.Rules = (*Rules)(nil)

// New makes the rules of one account.
func New(store Store, clock func() time.Time) *Rules {
	return &Rules{store: store, clock: clock, sets: map[content]*policy.Set{}}
}

// Allow implements mfa.Rules: access-denied (params: operation, decision (implicitDeny,
// explicitDeny or unreadable), policy and statement (its Sid, or its number from 1) of an
// explicit deny).
//
// A policy that cannot be read denies all, as nobody can tell what it forbids: decision
// unreadable, with its name, and what is wrong as the cause. It was checked when it was
// stored, so somebody changed the database, or the language.
func (r *Rules) Allow(ctx context.Context, a mfa.Access) error {
	if a.Caller.Kind == mfa.Root {
		return nil
	}
	set, err := r.Set(ctx, a.Caller)
	if err != nil {
		return unreadable(a.Operation, err)
	}
	request, err := r.Request(ctx, a)
	if err != nil {
		return err
	}
	if set.Decide(request) == policy.Allow {
		return nil
	}
	return Refusal(a.Operation, set.Evaluate(request))
}

// Explain is Allow with reasons. For root, to whom policies do not apply, it gives an
// allow that no statement has decided. access-denied only for what cannot be read; see
// Allow.
func (r *Rules) Explain(ctx context.Context, a mfa.Access) (policy.Decision, error) {
	if a.Caller.Kind == mfa.Root {
		return policy.Decision{Effect: policy.Allow}, nil
	}
	set, err := r.Set(ctx, a.Caller)
	if err != nil {
		return policy.Decision{}, unreadable(a.Operation, err)
	}
	request, err := r.Request(ctx, a)
	if err != nil {
		return policy.Decision{}, err
	}
	return set.Evaluate(request), nil
}

// Refusal is the access-denied of a decision; see Allow.
func Refusal(op mfa.Operation, d policy.Decision) error {
	params := []string{"operation", string(op), "decision", d.Effect.String()}
	if d.Decided != nil {
		statement := d.Decided.Sid
		if statement == "" {
			statement = strconv.Itoa(d.Decided.Statement + 1)
		}
		params = append(params, "policy", d.Decided.Name, "statement", statement)
	}
	return mfa.Fail(mfa.CodeAccessDenied, params...)
}

// Unreadable is a stored policy that is none any more.
type Unreadable struct {
	Policy mfa.GrantedPolicy
	Cause  error // policy-malformed or policy-too-large
}

func (u *Unreadable) Error() string {
	return fmt.Sprintf("policy %q cannot be read: %s", u.Policy.Name, mfa.AsFailure(u.Cause).Explain())
}

func (u *Unreadable) Unwrap() error { return u.Cause }
