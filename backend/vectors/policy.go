package vectors

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

// policyCase is policies with one request to them, and the effect that is expected: allow,
// implicitDeny or explicitDeny.
type policyCase struct {
	Name     string            `json:"name"`
	Policies []json.RawMessage `json:"policies"`
	Request  *struct {
		Principal string         `json:"principal"`
		Action    string         `json:"action"`
		Resource  string         `json:"resource"`
		Context   map[string]any `json:"context"`
	} `json:"request"`
	Expect string `json:"expect"`
}

var (
	errEffect  = errors.New("vectors: expects no effect of a policy")
	errContext = errors.New("vectors: a condition key is neither text nor a list of texts")
)

func parsePolicyCase(raw json.RawMessage) (item, error) {
	var v policyCase
	if err := json.Unmarshal(raw, &v); err != nil {
		return item{}, err
	}
	it := item{id: v.Name, kind: "policy", expect: v.Expect}
	if v.Request == nil {
		return it, nil // of another form
	}
	keys, err := v.keys()
	if err != nil {
		return item{}, err
	}
	switch v.Expect {
	case policy.Allow.String():
		it.expect = expectAccept
	case policy.ImplicitDeny.String(), policy.ExplicitDeny.String():
		it.expect = expectReject
	default:
		return item{}, errEffect
	}
	it.run = func([]byte) verdict { return v.decide(keys) }
	return it, nil
}

func (v policyCase) keys() (policy.Keys, error) {
	keys := policy.Keys{"aws:PrincipalArn": policy.One(v.Request.Principal)}
	for name, value := range v.Request.Context {
		switch value := value.(type) {
		case string:
			keys[name] = policy.One(value)
		case []any:
			many := policy.Value{Multi: []string{}}
			for _, one := range value {
				text, is := one.(string)
				if !is {
					return nil, errContext
				}
				many.Multi = append(many.Multi, text)
			}
			keys[name] = many
		default:
			return nil, errContext
		}
	}
	return keys, nil
}

// decide asks with reasons and without: both must come to the same. A deny is told as the
// product would refuse.
func (v policyCase) decide(keys policy.Keys) verdict {
	var policies []policy.Policy
	for _, document := range v.Policies {
		d, err := policy.Parse(document)
		if err != nil {
			return verdict{refused: err, wrong: "a policy cannot be read: " + mfa.AsFailure(err).Explain()}
		}
		policies = append(policies, policy.Policy{Document: d})
	}
	set := policy.NewSet(policies...)
	r := policy.Request{Action: v.Request.Action, Resource: v.Request.Resource, Keys: keys}
	effect, again := set.Evaluate(r).Effect, set.Decide(r)
	out := accepted()
	if effect != policy.Allow {
		out = refused(mfa.Fail(mfa.CodeAccessDenied, "decision", effect.String()))
	}
	switch {
	case again != effect:
		out.wrong = fmt.Sprintf("without reasons: %s, with reasons: %s", again, effect)
	case effect.String() != v.Expect:
		out.wrong = fmt.Sprintf("%s, expected %s", effect, v.Expect)
	}
	return out
}

// checkPolicy reads a policy, and asks it something.
func checkPolicy(document []byte) error {
	d, err := policy.Parse(document)
	if err != nil {
		return err
	}
	policy.NewSet(policy.Policy{Document: d}).Decide(policy.Request{Action: "iam:EnableMFADevice", Resource: "*", Keys: policy.Keys{"aws:MultiFactorAuthAge": policy.One("60")}})
	return nil
}
