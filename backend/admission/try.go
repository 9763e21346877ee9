package admission

import (
	"context"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/rules"
)

// maxTrialKeys is how many keys a trial may set: more than there are.
const maxTrialKeys = 64

// Trial is a request that nobody makes.
type Trial struct {
	Action   string
	Resource string // empty: what the action acts on for this person
	// Keys replace those that the person's request would have. An empty list takes a key
	// away.
	Keys map[string][]string
}

// Try decides a request as somebody, or as nobody in particular, against some rules.
// access-denied, not-found, invalid-input (field), policy-malformed.
func (s *Service) Try(ctx context.Context, who mfa.Session, of Subject, principalID string, t Trial) (policy.Decision, error) {
	if err := s.simulates(ctx, who, of, principalID); err != nil {
		return policy.Decision{}, err
	}
	if len(t.Keys) > maxTrialKeys {
		return policy.Decision{}, mfa.Fail(mfa.CodeInvalidInput, "field", "keys")
	}
	set, err := s.set(ctx, of)
	if err != nil {
		return policy.Decision{}, err
	}
	a, err := s.whoAdds(ctx, principalID)
	if err != nil {
		return policy.Decision{}, err
	}
	acct, err := s.Store.Account(ctx)
	if err != nil {
		return policy.Decision{}, err
	}
	a.Operation, a.Resource = mfa.Operation(t.Action), t.Resource
	if a.Resource == "" {
		a.Resource = account.Resource(acct, a.Operation, a.Target)
	}
	r, err := s.Rules.Request(ctx, a)
	if err != nil {
		return policy.Decision{}, err
	}
	for name, values := range t.Keys {
		delete(r.Keys, name)
		switch len(values) {
		case 0:
		case 1:
			r.Keys[name] = policy.One(values[0])
		default:
			r.Keys[name] = policy.Many(values...)
		}
	}
	if v, there := r.Keys[rules.KeyMFAPresent]; !there || v.Single != "true" {
		delete(r.Keys, rules.KeyMFAAge) // a session without MFA has no age
	}
	return set.Evaluate(r), nil
}
