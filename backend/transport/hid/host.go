package hid

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Host is the client's side of the wire: how long it is patient. A zero field
// has its default.
type Host struct {
	Rand io.Reader // makes nonces; default crypto/rand
	// Gap is the longest time without a packet of ours, while one is due: default 3 s.
	Gap time.Duration
	// Longest is how long one exchange may take in all, second tries included, however
	// alive the device says it is: default 5 minutes, ten times what a key waits for a
	// touch.
	Longest time.Duration
	// Keepalives is how many a device may send in one exchange: default 6000, ten
	// minutes of them at their due rate.
	Keepalives int
	// Busy is how often a busy device is asked again, Pause how long we wait before
	// we do: default 20 times, 100 ms.
	Busy  int
	Pause time.Duration
	// Drain is how long an exchange that was cancelled waits for the device to say
	// so: default 1 s.
	Drain time.Duration
}

func (h Host) withDefaults() Host {
	if h.Rand == nil {
		h.Rand = rand.Reader
	}
	if h.Keepalives == 0 {
		h.Keepalives = 6000
	}
	if h.Busy == 0 {
		h.Busy = 20
	}
	for bound, usual := range map[*time.Duration]time.Duration{
		&h.Gap: 3 * time.Second, &h.Longest: 5 * time.Minute, &h.Pause: 100 * time.Millisecond, &h.Drain: time.Second,
	} {
		if *bound == 0 {
			*bound = usual
		}
	}
	return h
}

var (
	errGap     = errors.New("hid: no packet came in time")
	errLongest = errors.New("hid: an exchange without an end")
	errFlood   = errors.New("hid: keep-alives without an end")
)

// Open allocates a channel with the bounds of Host.
func Open(ctx context.Context, d Device, rand io.Reader) (*Channel, error) {
	return Host{Rand: rand}.Open(ctx, d)
}

// Open allocates a channel (CTAP 2.2 section 11.2.9.1.3). The device belongs to
// the Channel from then on, and is closed when Open fails: key-lost, key-busy,
// key-silent, key-protocol, or ctx.Err().
func (h Host) Open(ctx context.Context, d Device) (*Channel, error) {
	in, out := d.Sizes()
	c := &Channel{host: h.withDefaults(), device: d, in: in, report: make([]byte, max(out, MinReport)), id: broadcast, unsettled: true, turn: make(chan struct{}, 1)}
	err := c.open(ctx)
	if err != nil {
		d.Close()
		return nil, err
	}
	return c, nil
}

func (c *Channel) open(ctx context.Context) error {
	if n := len(c.report); c.in < MinReport || c.in > MaxReport || n > MaxReport {
		return broken("report", errors.New("hid: report sizes"))
	}
	return c.patiently(ctx, func() error { return nil })
}

// patiently does something on a settled channel, again while the device is busy,
// and once more on a new channel when it has forgotten ours.
func (c *Channel) patiently(ctx context.Context, do func() error) error {
	forgotten := false
	c.due = time.Now().Add(c.host.Longest)
	for tries := 0; ; {
		err := ctx.Err()
		if err == nil && c.unsettled {
			err = c.settle(ctx)
		}
		if err == nil {
			err = do()
		}
		fault, said := err.(faultCode)
		switch {
		case !said:
			return err
		case fault == faultBusy && tries < c.host.Busy:
			tries++
			if err := wait(ctx, c.host.Pause); err != nil {
				return err
			}
		case fault == faultChannel && !forgotten:
			forgotten, c.id, c.unsettled = true, broadcast, true
		default:
			return fault.failure()
		}
	}
}

// failure is what an ERROR packet means for a person, once nothing helps.
func (f faultCode) failure() *mfa.Failure {
	switch f {
	case faultBusy, faultLock:
		return mfa.Fail(mfa.CodeKeyBusy).Because(f)
	case faultChannel:
		return broken("channel", f)
	case faultOther:
		return mfa.Fail(mfa.CodeKeyFailed).Because(f)
	}
	return broken("refused", f)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
