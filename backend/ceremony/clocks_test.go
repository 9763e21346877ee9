package ceremony

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// Two hours off says nothing of who is wrong; what other devices said before does.
func TestWhoseClockIsWrong(t *testing.T) {
	type seen struct {
		ahead time.Duration
		right bool // its code was accepted; otherwise it was explained
	}
	for name, c := range map[string]struct {
		others  []seen
		cause   string
		machine string
	}{
		"one device alone":                    {cause: "unclear"},
		"the other is right":                  {others: []seen{{0, true}}, cause: "token"},
		"the other is off as much":            {others: []seen{{2*time.Hour + step, false}}, cause: "machine", machine: "2h0m15s"},
		"the other is off otherwise":          {others: []seen{{-5 * time.Hour, false}}, cause: "unclear"},
		"two are off otherwise and alike":     {others: []seen{{5 * time.Hour, false}, {5 * time.Hour, false}}, cause: "both", machine: "5h0m0s"},
		"one is off as much, one otherwise":   {others: []seen{{2 * time.Hour, false}, {-5 * time.Hour, false}}, cause: "machine", machine: "2h0m0s"},
		"one is off as much, two are in step": {others: []seen{{2 * time.Hour, false}, {0, true}, {0, true}}, cause: "token"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, virtualauth.Android())
			mine := b.fob(t, "GAHT00000000", "mine", 0)
			for i, o := range c.others {
				g := b.fob(t, fmt.Sprintf("GAHT0000000%d", i+1), fmt.Sprintf("fob-%d", i), 0)
				if o.right {
					continue // it was enabled just now
				}
				g.ahead = o.ahead
				first, second := b.pair(t, g)
				wants(t, b.ResyncPending(t.Context(), b.pending(t), g.ID, first, second), mfa.CodeCodeClock)
			}
			mine.ahead = 2 * time.Hour
			b.clock.add(step)
			first, second := b.pair(t, mine)
			err := b.ResyncPending(t.Context(), b.pending(t), mine.ID, first, second)
			wants(t, err, mfa.CodeCodeClock)
			p := mfa.AsFailure(err).Params
			if p["cause"] != c.cause || p["machine"] != c.machine || p["offset"] != "2h0m0s" || p["codes"] == "" || p["computer"] == "" {
				t.Errorf("told %v, want cause %s, machine %s", p, c.cause, c.machine)
			}
		})
	}
}

func TestClocksForget(t *testing.T) {
	start := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	known := func(c *clocks) int { c.mu.Lock(); defer c.mu.Unlock(); return len(c.seen) }
	fill := func() *clocks {
		c := &clocks{}
		c.saw("a", 2*time.Hour, start)
		c.saw("b", 2*time.Hour, start.Add(time.Hour))
		return c
	}
	for name, row := range map[string]struct {
		at     time.Duration
		passed time.Duration
		left   int
		cause  totp.Cause
	}{
		"soon":                        {2 * time.Hour, time.Hour, 2, totp.CauseMachine},
		"a day later":                 {24*time.Hour + time.Minute, 23*time.Hour + time.Minute, 1, totp.CauseUnclear},
		"two days later":              {48 * time.Hour, 47 * time.Hour, 0, totp.CauseNone},
		"the clock was put right":     {3*time.Hour + time.Minute, time.Minute, 0, totp.CauseNone},
		"the clock was turned back":   {30 * time.Minute, time.Minute, 0, totp.CauseNone},
		"a little slow in between":    {2 * time.Hour, time.Hour - time.Minute, 2, totp.CauseMachine},
		"turned back before anything": {-time.Hour, -2 * time.Hour, 0, totp.CauseNone},
	} {
		t.Run(name, func(t *testing.T) {
			c := fill()
			c.passed = func(time.Time, time.Time) time.Duration { return row.passed }
			d := c.diagnose(start.Add(row.at))
			if n := known(c); n != row.left || d.Cause != row.cause {
				t.Errorf("%d are known and the cause is %s, want %d and %s", n, d.Cause, row.left, row.cause)
			}
		})
	}
	c := &clocks{}
	for i := range 3 * maxClocks {
		c.saw(fmt.Sprint(i), 0, start.Add(time.Duration(i)*time.Second))
	}
	if _, newest := c.seen[fmt.Sprint(3*maxClocks-1)]; known(c) != maxClocks || !newest {
		t.Errorf("%d devices are remembered", known(c))
	}
}
