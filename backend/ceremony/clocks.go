package ceremony

import (
	"slices"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// What is remembered of devices' clocks: long enough for a day's work, and few enough
// that a hall full of tokens fills no memory.
const (
	clocksLife = 24 * time.Hour
	maxClocks  = 256
)

// clocks remembers by how much each device was ahead of this machine when a code of it
// was last understood. Together they tell a wrong machine from a token that drifted;
// none of them is written down. The zero clocks are empty.
type clocks struct {
	mu   sync.Mutex
	seen map[string]sighting // by device ID
	last time.Time
	// passed is time.Time.Sub, which goes by the monotonic clock; tests cannot set that
	// one. nil is time.Time.Sub.
	passed func(now, last time.Time) time.Duration
}

type sighting struct {
	ahead time.Duration
	at    time.Time
}

func (c *clocks) saw(deviceID string, ahead time.Duration, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(now)
	if c.seen == nil {
		c.seen = make(map[string]sighting)
	}
	if _, known := c.seen[deviceID]; !known && len(c.seen) >= maxClocks {
		c.dropOldest()
	}
	c.seen[deviceID] = sighting{ahead, now}
}

// diagnose says whose clock is wrong, with what was seen of this device last.
func (c *clocks) diagnose(now time.Time) totp.Diagnosis {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(now)
	offsets := make([]totp.Offset, 0, len(c.seen))
	for id, s := range c.seen {
		offsets = append(offsets, totp.Offset{Device: id, Ahead: s.ahead})
	}
	return totp.Diagnose(offsets)
}

// forget drops what is too old, and everything once this machine's clock was set: what
// was seen under another clock would blame it again after it was put right.
func (c *clocks) forget(now time.Time) {
	if !c.last.IsZero() && c.wasSet(now) {
		clear(c.seen)
	}
	c.last = now
	for id, s := range c.seen {
		if age := now.Sub(s.at); age < 0 || age > clocksLife {
			delete(c.seen, id)
		}
	}
}

// wasSet compares the time that this machine's clock shows to have passed with the time
// that has. A machine that slept looks like one whose clock was set: then less is known,
// and nothing wrong.
func (c *clocks) wasSet(now time.Time) bool {
	passed, shown := now.Sub(c.last), now.Round(0).Sub(c.last.Round(0))
	if c.passed != nil {
		passed = c.passed(now, c.last)
	}
	return max(passed-shown, shown-passed) > totp.Alike
}

func (c *clocks) dropOldest() {
	oldest := ""
	for id, s := range c.seen {
		if oldest == "" || s.at.Before(c.seen[oldest].at) {
			oldest = id
		}
	}
	delete(c.seen, oldest)
}

// explained adds to code-clock whose clock it is (params: cause=machine|token|both|
// unclear, machine: by which this machine is behind, when it is to blame), as far as it
// can be told from what was seen of all devices in the last day.
func (s *Service) explained(d otp, first, second string, now time.Time, cause error) error {
	e, ok := totp.Explain(d.seed, d.params, first, second, now)
	if !mfa.IsCode(cause, mfa.CodeCodeClock) || !ok {
		return cause
	}
	s.clocks.saw(d.ID, e.Offset, now)
	diagnosis := s.clocks.diagnose(now)
	f := with(mfa.AsFailure(cause), "cause", string(blame(diagnosis, d.ID)))
	if diagnosis.Machine != 0 {
		f = with(f, "machine", diagnosis.Machine.String())
	}
	return f
}

// blame is the diagnosis as it concerns one device that is not understood.
func blame(d totp.Diagnosis, deviceID string) totp.Cause {
	drifted := slices.ContainsFunc(d.Tokens, func(o totp.Offset) bool { return o.Device == deviceID })
	switch {
	case d.Cause == totp.CauseBoth && !drifted:
		return totp.CauseMachine // another one drifted besides
	case d.Cause == totp.CauseNone:
		return totp.CauseUnclear
	}
	return d.Cause
}
