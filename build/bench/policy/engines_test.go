package policy

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/cedar-policy/cedar-go"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// engine prepares a question, so that only the decision itself is measured, with its
// explanation: ours with what every statement lacked, the others with what they have
// to give, the rules that matched.
type engine func(q question) func() string

func ours(tb testing.TB, n int) engine {
	d, err := policy.Parse([]byte(iamRules(n)))
	if err != nil {
		tb.Fatal(err)
	}
	set := policy.NewSet(policy.Policy{Document: d})
	return func(q question) func() string {
		keys := policy.Keys{
			"aws:username": policy.One(q.user), "aws:MultiFactorAuthPresent": policy.One(strconv.FormatBool(q.mfa)),
			"aws:MultiFactorAuthAge": policy.One(strconv.Itoa(q.age)),
		}
		for k, v := range map[string]string{"iam:RegisterSecurityKey": q.step, "iam:FIDO-certification": q.fido, "iam:FIDO-FIPS-140-3-certification": q.fips3} {
			if v != "" {
				keys[k] = policy.One(v)
			}
		}
		r := policy.Request{Action: q.action, Resource: arn(q), Keys: keys}
		return func() string { return set.Evaluate(r).Effect.String() }
	}
}

func arn(q question) string { return fmt.Sprintf("arn:aws:iam::123456789012:%s", path(q)) }

func path(q question) string { return fmt.Sprintf("user/%d/%s", q.department, q.owner) }

func cedarEngine(tb testing.TB, n int) engine {
	set, err := cedar.NewPolicySetFromBytes("rules.cedar", []byte(cedarRules(n)))
	if err != nil {
		tb.Fatal(err)
	}
	return func(q question) func() string {
		user := func(name string) cedar.EntityUID { return cedar.NewEntityUID("User", cedar.String(name)) }
		owner := user(q.owner)
		entities := cedar.EntityMap{owner: {UID: owner, Attributes: cedar.NewRecord(cedar.RecordMap{"arn": cedar.String(arn(q))})}}
		context := cedar.RecordMap{"mfa": cedar.Boolean(q.mfa), "age": cedar.Long(q.age)}
		for k, v := range map[cedar.String]string{"step": q.step, "fido": q.fido, "fips3": q.fips3} {
			if v != "" {
				context[k] = cedar.String(v)
			}
		}
		r := cedar.Request{Principal: user(q.user), Action: cedar.NewEntityUID("Action", cedar.String(q.action)), Resource: owner, Context: cedar.NewRecord(context)}
		return func() string {
			decision, why := cedar.Authorize(set, entities, r)
			switch {
			case decision == cedar.Allow:
				return "allow"
			case len(why.Reasons) > 0:
				return "explicitDeny"
			}
			return "implicitDeny"
		}
	}
}

func opaEngine(tb testing.TB, n int) engine {
	query, err := rego.New(rego.Query("answer = data.devices.answer"), rego.Module("rules.rego", regoRules(n))).PrepareForEval(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return func(q question) func() string {
		context := map[string]any{"mfa": q.mfa, "age": q.age}
		for k, v := range map[string]string{"step": q.step, "fido": q.fido, "fips3": q.fips3} {
			if v != "" {
				context[k] = v
			}
		}
		input, err := ast.InterfaceToValue(map[string]any{
			"principal": q.user, "action": q.action, "context": context,
			"resource": map[string]any{"name": q.owner, "path": path(q)},
		})
		if err != nil {
			tb.Fatal(err)
		}
		return func() string {
			results, err := query.Eval(tb.Context(), rego.EvalParsedInput(input))
			if err != nil || len(results) != 1 {
				tb.Fatalf("%v, %v", results, err)
			}
			return results[0].Bindings["answer"].(map[string]any)["effect"].(string)
		}
	}
}
