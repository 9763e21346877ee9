package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/policy"
)

// certifying is a policy of n statements on adding devices, as an organisation with n
// kinds of departments and levels writes it.
func certifying(n int) string {
	var s []string
	for i := range n {
		s = append(s, fmt.Sprintf(`{"Sid":"S%d","Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"arn:aws:iam::*:user/dept%d/${aws:username}",
			"Condition":{"StringEquals":{"iam:RegisterSecurityKey":"Activate","iam:FIDO-FIPS-140-3-certification":["L2","L3"]},"StringLike":{"iam:FIDO-certification":"L%d*"}}}`, i, i%7, 1+i%3))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(s, ",") + `]}`
}

// models are the requests of a reverse query over a metadata BLOB: 281 models with
// the certificates that real ones have.
func models() []policy.Request {
	var out []policy.Request
	for i := range 281 {
		k := policy.Keys{"iam:RegisterSecurityKey": policy.One("Activate"), "aws:username": policy.One("alice"), "aws:MultiFactorAuthPresent": policy.One("true")}
		if i%3 > 0 {
			k["iam:FIDO-certification"] = policy.One([]string{"L1", "L1plus", "L2"}[i%3])
		}
		if i%9 == 0 {
			k["iam:FIDO-FIPS-140-3-certification"] = policy.One("L2")
		}
		out = append(out, policy.Request{Action: "iam:EnableMFADevice", Resource: "arn:aws:iam::123456789012:user/dept6/alice", Keys: k})
	}
	return out
}

// BenchmarkReverseQuery asks one policy of 20 statements about every model: at most
// 5 ms for one run.
func BenchmarkReverseQuery(b *testing.B) {
	s := policy.NewSet(policy.Policy{Document: parse(b, certifying(20))})
	requests := models()
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range requests {
			s.Decide(r)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	for _, n := range []int{20, 200} {
		s := policy.NewSet(policy.Policy{Document: parse(b, certifying(n))})
		r := models()[0]
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Evaluate(r)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	document := []byte(certifying(20))
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.Parse(document); err != nil {
			b.Fatal(err)
		}
	}
}

// Deciding without reasons allocates nothing when the request spells the action and
// the keys as the policy does.
func TestDecideAllocatesNothing(t *testing.T) {
	s := policy.NewSet(policy.Policy{Document: parse(t, certifying(20))})
	r := models()[0]
	if n := testing.AllocsPerRun(100, func() { s.Decide(r) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
