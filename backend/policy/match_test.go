package policy_test

import (
	"fmt"
	"testing"

	"github.com/keyferry/keyferry/backend/policy"
)

func TestActionsAndResources(t *testing.T) {
	const user, alice = "arn:aws:iam::123456789012:user/", "arn:aws:iam::123456789012:user/alice"
	for _, c := range []struct {
		name, elements   string
		action, resource string
		want             bool
	}{
		{"case of an action", `"Action":"IAM:listusers","Resource":"*"`, "iam:ListUsers", "*", true},
		{"case of a request", `"Action":"iam:ListUsers","Resource":"*"`, "IAM:LISTUSERS", "*", true},
		{"wildcards of an action", `"Action":"i?m:*MFA*","Resource":"*"`, "iam:ListMFADevices", "*", true},
		{"wildcards, other case", `"Action":"i?M:*mfa*","Resource":"*"`, "IAm:ListMFADevices", "*", true},
		{"all of a service", `"Action":"iam:*","Resource":"*"`, "keyferry:BackUp", "*", false},
		{"second of a list", `"Action":["a:b","iam:ListUsers"],"Resource":"*"`, "iam:ListUsers", "*", true},
		{"comma", `"Action":"iam:ListUsers,iam:GetUser","Resource":"*"`, "iam:ListUsers", "*", false},
		{"comma behind a star", `"Action":"*,","Resource":"*"`, "x,", "*", false},
		{"blank", `"Action":" iam:ListUsers","Resource":"*"`, " iam:ListUsers", "*", false},
		{"empty action", `"Action":"","Resource":"*"`, "", "*", true},
		{"no actions", `"Action":[],"Resource":"*"`, "iam:ListUsers", "*", false},
		{"complement", `"NotAction":"iam:GetUser","Resource":"*"`, "iam:ListUsers", "*", true},
		{"complement has it", `"NotAction":["a:b","iam:getuser"],"Resource":"*"`, "iam:GetUser", "*", false},
		{"complement of all", `"NotAction":"*","Resource":"*"`, "iam:GetUser", "*", false},
		{"complement of nonsense", `"NotAction":"iam:GetUser ","Resource":"*"`, "iam:GetUser", "*", true},
		{"no variables in actions", `"Action":"iam:${aws:username}","Resource":"*"`, "iam:alice", "*", false},

		{"resource", `"Action":"*","Resource":"` + alice + `"`, "a:b", alice, true},
		{"case of a resource", `"Action":"*","Resource":"` + user + `Alice"`, "a:b", alice, false},
		{"star over a slash", `"Action":"*","Resource":"arn:aws:iam::*:user/*"`, "a:b", user + "x/y/alice", true},
		{"star over a colon in the last segment", `"Action":"*","Resource":"arn:aws:iam::*:user/*e"`, "a:b", user + "x:y/alice", true},
		{"star does not leave its segment", `"Action":"*","Resource":"arn:aws:*:user/alice"`, "a:b", alice, false},
		{"star does not take a colon", `"Action":"*","Resource":"arn:*:iam::1:user/a"`, "a:b", "arn:aws:x:iam::1:user/a", false},
		{"question mark is no colon", `"Action":"*","Resource":"arn:aws:iam?:123456789012:user/alice"`, "a:b", alice, false},
		{"star matches nothing, too", `"Action":"*","Resource":"arn:aws:iam:*:123456789012:user/alice*"`, "a:b", alice, true},
		{"question mark", `"Action":"*","Resource":"arn:aws:iam::123456789012:user/a?ice"`, "a:b", alice, true},
		{"short ARN", `"Action":"*","Resource":"arn:aws:iam"`, "a:b", alice, true},
		{"short ARN of another service", `"Action":"*","Resource":"arn:aws:s3"`, "a:b", alice, false},
		{"five segments", `"Action":"*","Resource":"arn:aws:iam::user/alice"`, "a:b", alice, false},
		{"ARN and a request without resource", `"Action":"*","Resource":"arn:aws:iam::*:user/*"`, "iam:ListUsers", "*", false},
		{"short ARN and a request without resource", `"Action":"*","Resource":"arn:*"`, "iam:ListUsers", "*", false},
		{"many stars", `"Action":"*","Resource":"***"`, "iam:ListUsers", "*", true},
		{"no ARN", `"Action":"*","Resource":"user/alice"`, "a:b", "user/alice", false},
		{"star in a request is literal", `"Action":"*","Resource":"` + alice + `"`, "a:b", user + "*", false},
		{"no resources", `"Action":"*","Resource":[]`, "a:b", alice, false},
		{"star in a list", `"Action":"*","Resource":["arn:x","*"]`, "a:b", alice, true},
		{"not resource", `"Action":"*","NotResource":"` + user + `bob"`, "a:b", alice, true},
		{"not resource has it", `"Action":"*","NotResource":["` + user + `bob","` + user + `a*"]`, "a:b", alice, false},
		{"not resource of all", `"Action":"*","NotResource":"*"`, "a:b", alice, false},
		{"not resource and a request without resource", `"Action":"*","NotResource":"` + alice + `"`, "iam:ListUsers", "*", true},

		{"variable", `"Action":"*","Resource":"arn:aws:iam::*:user/${aws:username}"`, "a:b", alice, true},
		{"variable, other user", `"Action":"*","Resource":"arn:aws:iam::*:user/${aws:username}"`, "a:b", user + "bob", false},
		{"variable before the fifth colon", `"Action":"*","Resource":"arn:aws:iam::${account}:user/alice"`, "a:b", alice, false},
		{"variable with a star", `"Action":"*","Resource":"arn:aws:iam::*:user/${star}"`, "a:b", alice, false},
		{"star itself", `"Action":"*","Resource":"arn:aws:iam::*:user/al${*}"`, "a:b", alice, false},
		{"variable without value", `"Action":"*","Resource":["arn:aws:iam::*:user/${none}","arn:aws:iam::*:user/*"]`, "a:b", alice, true},
		{"variable without value alone", `"Action":"*","Resource":"arn:aws:iam::*:user/${none}*"`, "a:b", alice, false},
		{"variable with default", `"Action":"*","Resource":"arn:aws:iam::*:user/${none, 'alice'}"`, "a:b", alice, true},
		{"complement without value", `"Action":"*","NotResource":"arn:aws:iam::*:user/${none}"`, "a:b", alice, false},
		{"complement with value", `"Action":"*","NotResource":"arn:aws:iam::*:user/${aws:username}"`, "a:b", user + "bob", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, effect := range []string{"Allow", "Deny"} {
				d := parse(t, `{"Version":"2012-10-17","Statement":{"Effect":"`+effect+`",`+c.elements+`}}`)
				s := policy.NewSet(policy.Policy{Document: d})
				r := policy.Request{Action: c.action, Resource: c.resource, Keys: policy.Keys{"aws:username": policy.One("alice"), "star": policy.One("*"), "account": policy.One("123456789012")}}
				want := policy.ImplicitDeny
				switch {
				case c.want && effect == "Allow":
					want = policy.Allow
				case c.want:
					want = policy.ExplicitDeny
				}
				if got, short := s.Evaluate(r).Effect, s.Decide(r); got != want || short != want {
					t.Errorf("%s: Evaluate %v, Decide %v, want %v", effect, got, short, want)
				}
			}
		})
	}
}

// The order of policies and statements never matters to the answer.
func TestOrder(t *testing.T) {
	allow := `{"Effect":"Allow","Action":"iam:*","Resource":"*"}`
	deny := `{"Effect":"Deny","Action":"iam:ListUsers","Resource":"*"}`
	other := `{"Effect":"Deny","Action":"iam:GetUser","Resource":"*"}`
	for i, order := range [][]string{{allow, deny, other}, {deny, allow, other}, {other, deny, allow}} {
		var ps []policy.Policy
		all := ""
		for _, s := range order {
			ps = append(ps, policy.Policy{Document: parse(t, `{"Statement":`+s+`}`)})
			all += s + ","
		}
		for _, set := range []*policy.Set{policy.NewSet(ps...), policy.NewSet(policy.Policy{Document: parse(t, fmt.Sprintf(`{"Statement":[%s]}`, all[:len(all)-1]))})} {
			for action, want := range map[string]policy.Effect{"iam:ListUsers": policy.ExplicitDeny, "iam:X": policy.Allow, "a:b": policy.ImplicitDeny} {
				if got := set.Evaluate(policy.Request{Action: action, Resource: "*"}); got.Effect != want || set.Decide(policy.Request{Action: action, Resource: "*"}) != want {
					t.Errorf("order %d, %s: %v, want %v", i, action, got.Effect, want)
				}
			}
		}
	}
}

// Of several statements that decide alike the first is named, however they are found.
func TestDecidedIsTheFirst(t *testing.T) {
	named, pattern := `{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}`, `{"Effect":"Allow","Action":"iam:*","Resource":"*"}`
	for _, statements := range []string{named + "," + pattern, pattern + "," + named, named + "," + named} {
		s := policy.NewSet(policy.Policy{Document: parse(t, `{"Statement":[`+statements+`]}`)})
		if d := s.Evaluate(policy.Request{Action: "iam:ListUsers", Resource: "*"}); d.Decided == nil || d.Decided.Statement != 0 {
			t.Errorf("%s: %+v", statements, d.Decided)
		}
	}
}
