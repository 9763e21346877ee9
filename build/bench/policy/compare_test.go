package policy

import (
	"fmt"
	"testing"
	"time"
)

// sizes are of the figures: statements in a set.
var sizes = []int{20, 200}

func TestEnginesAgree(t *testing.T) {
	want := map[string]string{
		"admitted": "allow", "level too low": "implicitDeny", "no certificate": "implicitDeny", "somebody else": "implicitDeny",
		"session too old": "explicitDeny", "without MFA": "explicitDeny", "list": "allow", "unknown action": "implicitDeny",
	}
	for _, n := range sizes {
		engines := map[string]engine{"keyferry": ours(t, n), "cedar-go": cedarEngine(t, n), "OPA": opaEngine(t, n)}
		for _, q := range questions(n) {
			for name, e := range engines {
				if got := e(q)(); got != want[q.name] {
					t.Errorf("%d rules, %s, %s: %s, want %s", n, q.name, name, got, want[q.name])
				}
			}
		}
	}
}

// beside measures two engines in turns, all questions each, so that what else the
// machine does falls on both, and reports what the first takes of the second.
func beside(b *testing.B, unit string, one, other engine, n int) {
	var asked, alsoAsked []func() string
	for _, q := range questions(n) {
		asked, alsoAsked = append(asked, one(q)), append(alsoAsked, other(q))
	}
	run := func(questions []func() string) time.Duration {
		begin := time.Now()
		for range 10 {
			for _, ask := range questions {
				ask()
			}
		}
		return time.Since(begin)
	}
	var mine, theirs time.Duration
	for b.Loop() {
		mine += run(asked)
		theirs += run(alsoAsked)
	}
	decisions := float64(b.N * 10 * len(asked))
	b.ReportMetric(float64(mine)/decisions, "ns/decision")
	b.ReportMetric(float64(theirs)/decisions, "ns/theirs")
	b.ReportMetric(float64(mine)/float64(theirs), unit)
	b.ReportMetric(0, "ns/op")
}

func BenchmarkBesideCedar(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) { beside(b, "of-cedar", ours(b, n), cedarEngine(b, n), n) })
	}
}

func BenchmarkBesideOPA(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) { beside(b, "of-opa", ours(b, n), opaEngine(b, n), n) })
	}
}
