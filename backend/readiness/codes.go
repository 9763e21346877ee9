package readiness

import "time"

// codes needs a clock (RFC 6238) and, once there is an account, its secrets.
func (a *answers) codes() Ladder {
	var c climb
	a.clock(&c)
	if a.vaulted {
		c.steps([]step{{id: RungVault}}, a.vault.err, a.vault.why)
	}
	return c.ladder(WayCode)
}

// slack is how much a clock may be put back without being called wrong: a trail that was
// written on another computer, or summer time that somebody set by hand.
const slack = 2 * time.Minute

// clock: one that is before something that has happened is wrong. One that nobody keeps
// may be.
func (a *answers) clock(c *climb) {
	computer := a.now.UTC().Format(time.RFC3339)
	switch {
	case !a.options.NotBefore.IsZero() && a.now.Add(slack).Before(a.options.NotBefore):
		c.fail(RungClock, nil, "computer", computer, "least", a.options.NotBefore.UTC().Format(time.RFC3339))
	case a.machine.value.ClockKept == No:
		c.warn(RungClock, nil, "computer", computer, "why", WhyUnsynchronised)
	case a.machine.value.ClockKept == Yes:
		c.ok(RungClock, "computer", computer)
	default: // nobody tells whether it is kept: it is not before what happened, and that is all
		c.note(RungClock, WhySystem, "computer", computer)
	}
}
