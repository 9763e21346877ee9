package vectors

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// kept keeps an allocation alive. The guard may leave before the item that makes it.
var kept atomic.Pointer[[]byte]

func TestGuard(t *testing.T) {
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) })
	for _, c := range []struct {
		name   string
		guard  guard
		run    func([]byte) verdict
		broken string
	}{
		{"good", defaultGuard, func([]byte) verdict { return accepted() }, ""},
		{"panic", defaultGuard, func([]byte) verdict { panic("boom") }, "panic: boom"},
		{"stuck", guard{time: 10 * time.Millisecond, memory: 64 << 20}, func([]byte) verdict { <-stuck; return accepted() }, "longer than"},
		{"greedy", guard{time: time.Minute, memory: 1 << 20}, func([]byte) verdict {
			greedy := make([]byte, 8<<20)
			kept.Store(&greedy)
			return accepted()
		}, "more than 1 MB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, broke := c.guard.run(item{run: c.run})
			if c.broken == "" && broke != "" || !strings.HasPrefix(broke, c.broken) {
				t.Errorf("broke = %q, want %q", broke, c.broken)
			}
		})
	}
	kept.Store(nil)
}

func TestDecisions(t *testing.T) {
	refusal := verdict{refused: mfa.Fail(mfa.CodeSignatureInvalid).Because(errors.New("why"))}
	for _, c := range []struct {
		name, expect string
		run          func([]byte) verdict
		decision     Decision
		code         mfa.Code
		covered      bool
		match        bool
	}{
		{"accepted as expected", "accept", func([]byte) verdict { return accepted() }, Accept, "", true, true},
		{"accepted against expectation", "reject", func([]byte) verdict { return accepted() }, Accept, "", true, false},
		{"accepted with other outputs", "accept", func([]byte) verdict { return verdict{wrong: "x is 1"} }, Accept, "", true, false},
		{"refused as expected", "reject", func([]byte) verdict { return refusal }, Refuse, mfa.CodeSignatureInvalid, true, true},
		{"refused against expectation", "accept", func([]byte) verdict { return refusal }, Refuse, mfa.CodeSignatureInvalid, true, false},
		{"either, refused", "either", func([]byte) verdict { return refusal }, Refuse, mfa.CodeSignatureInvalid, true, true},
		{"either, accepted", "either", func([]byte) verdict { return accepted() }, Accept, "", true, true},
		{"either, crashed", "either", func([]byte) verdict { panic("boom") }, "", "", true, false},
		{"nothing covers it", "reject", nil, "", "", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := item{id: "x", expect: c.expect, run: c.run}.result("file")
			if r.Decision != c.decision || r.Code != c.code || r.Covered != c.covered || r.Match != c.match {
				t.Errorf("%+v", r)
			}
		})
	}
}
