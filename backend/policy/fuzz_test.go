package policy_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"Statement":[]}`, `{"Statement":{"Effect":"Deny","NotAction":"iam:*","NotResource":["arn:aws:iam::*:user/${aws:username, 'a'}"]}}`,
		`{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":["iam:EnableMFADevice","*?"],"Resource":"*","Condition":{"ForAllValues:StringLikeIfExists":{"aws:TagKeys":["${aws:username}*",1,true]},"Null":{"iam:RegisterSecurityKey":"true"},"NumericLessThan":{"k":1e99},"DateEquals":{"k":"2026-01-01T00:00Z"},"IpAddress":{"k":"::/0"},"BinaryEquals":{"k":"AA=="},"ArnLike":{"k":"arn:*:*:*:${k}:*"}}}]}`,
		`{"Statement":{"\u0045ffect":"Allow","Effect":"Allow"}}`, "{\"Statement\":\"\xff\"}", `[[[[[[[[[[[[[[[[[[[[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		d, err := policy.Parse(document)
		if err != nil {
			var bad *policy.Malformed
			switch {
			case mfa.IsCode(err, mfa.CodePolicyTooLarge):
			case !errors.As(err, &bad):
				t.Fatalf("%v", err)
			case bad.At.Line < 1 || bad.At.Column < 1 || bad.At.Length < 0:
				t.Errorf("%+v", bad)
			}
			return
		}
		// The place is exact, so what was read is JSON to others, too.
		if !json.Valid(document) {
			t.Error("read, but it is not JSON")
		}
		set := policy.NewSet(policy.Policy{Document: d})
		for _, st := range d.Statements {
			for _, a := range append(st.Actions, policy.Text{Value: "iam:EnableMFADevice"}) {
				for _, r := range append(st.Resources, policy.Text{Value: "arn:aws:iam::1:user/a"}) {
					q := policy.Request{Action: a.Value, Resource: r.Value, Keys: policy.Keys{"k": policy.One("1"), "aws:username": policy.One("a*"), "aws:TagKeys": policy.Many("a", "b")}}
					e := set.Evaluate(q)
					if e.Effect != set.Decide(q) || len(e.Outcomes) != len(d.Statements) || (e.Decided == nil) != (e.Effect == policy.ImplicitDeny) {
						t.Fatalf("%+v", e)
					}
				}
			}
		}
	})
}
