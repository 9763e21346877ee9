package policy_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// write shows a decision as text; it is the golden files' format.
func write(d policy.Decision) string {
	var out strings.Builder
	fmt.Fprintln(&out, d.Effect)
	for _, o := range d.Outcomes {
		mark := " "
		if d.Decided != nil && d.Decided == o.Place {
			mark = ">"
		}
		fmt.Fprintf(&out, "%s %s[%d.%d] line %d %s %q: ", mark, o.Name, o.Policy, o.Statement, o.Line, o.Effect, o.Sid)
		switch m := o.Mismatch; {
		case o.Matched:
			fmt.Fprintln(&out, "matches")
		case m.Absent:
			fmt.Fprintf(&out, "%s %s %s wants %q, absent\n", m.Part, m.Operator, m.Key, m.Want)
		default:
			fmt.Fprintln(&out, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s wants %q, got %q", m.Part, m.Operator, m.Key, m.Want, m.Got)), " "))
		}
	}
	return out.String()
}

func TestExplain(t *testing.T) {
	const alice, bob = "arn:aws:iam::123456789012:user/alice", "arn:aws:iam::123456789012:user/bob"
	one, many := policy.One, policy.Many
	var set []policy.Policy
	for _, name := range []string{"certified", "guard"} {
		raw, err := os.ReadFile(filepath.Join("testdata", "explain", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		set = append(set, policy.Policy{Name: name, Document: parse(t, string(raw))})
	}
	for _, c := range []struct {
		name             string
		action, resource string
		keys             policy.Keys
	}{
		{"create", "iam:EnableMFADevice", alice, policy.Keys{"iam:RegisterSecurityKey": one("Create"), "aws:username": one("alice")}},
		{"activate-too-low", "iam:EnableMFADevice", alice, policy.Keys{"iam:registersecuritykey": one("Activate"), "aws:username": one("alice"), "iam:FIDO-FIPS-140-2-certification": one("L1")}},
		{"activate-without-certificate", "iam:EnableMFADevice", alice, policy.Keys{"iam:RegisterSecurityKey": one("Activate"), "aws:username": one("alice")}},
		{"activate", "IAM:ENABLEMFADEVICE", alice, policy.Keys{"iam:RegisterSecurityKey": one("Activate"), "aws:username": one("alice"), "iam:FIDO-FIPS-140-2-certification": one("L3")}},
		{"code-for-somebody-else", "iam:EnableMFADevice", bob, policy.Keys{"aws:username": one("alice"), "aws:PrincipalTag/exempt": one("*")}},
		{"nobody", "iam:ListUsers", "*", nil},
		{"no-mfa", "iam:ListUsers", "*", policy.Keys{"aws:MultiFactorAuthPresent": one("false"), "aws:PrincipalTag/exempt": one("x")}},
		{"exempt", "iam:ListUsers", bob, policy.Keys{"aws:MultiFactorAuthPresent": one("false"), "aws:PrincipalTag/exempt": one("bob"), "aws:TagKeys": many("a", "b")}},
		{"secret", "iam:ListUsers", "*", policy.Keys{"aws:MultiFactorAuthPresent": one("true"), "aws:TagKeys": many("a", "secret-b"), "aws:SourceIp": one("198.51.100.7")}},
		{"office", "iam:ListUsers", "*", policy.Keys{"aws:MultiFactorAuthPresent": one("true"), "aws:PrincipalTag/exempt": one("x"), "aws:TagKeys": many("a", "secret-b"), "aws:SourceIp": one("192.0.2.7")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := policy.NewSet(set...)
			r := policy.Request{Action: c.action, Resource: c.resource, Keys: c.keys}
			got := write(s.Evaluate(r))
			for range 10 {
				if again := write(s.Evaluate(r)); again != got {
					t.Fatalf("not the same again:\n%s", again)
				}
			}
			path := filepath.Join("testdata", "explain", c.name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// What an answer carries of the set must survive what a later answer does.
func TestExplanationsAreIndependent(t *testing.T) {
	s := policy.NewSet(policy.Policy{Document: parse(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:b","Resource":["arn:x:y:z:q:${k}","arn:x:y:z:q:${l}"]}}`)})
	ask := func(k, l string) []string {
		return s.Evaluate(policy.Request{Action: "a:b", Resource: "*", Keys: policy.Keys{"k": policy.One(k), "l": policy.One(l)}}).Outcomes[0].Mismatch.Want
	}
	first := ask("1", "2")
	second := ask("3", "4")
	if !slices.Equal(first, []string{"arn:x:y:z:q:1", "arn:x:y:z:q:2"}) || !slices.Equal(second, []string{"arn:x:y:z:q:3", "arn:x:y:z:q:4"}) {
		t.Errorf("%q, %q", first, second)
	}
}
