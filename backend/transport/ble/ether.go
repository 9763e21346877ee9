package ble

import (
	"context"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// Ether is a radio in memory: a Scanner and an Advertiser that hear each other
// and nobody else. Make it with NewEther.
type Ether struct {
	hub      hub
	interval time.Duration
}

// NewEther makes a radio in memory.
func NewEther() *Ether { return &Ether{interval: defaultInterval} }

// Probe says that the radio is simulated.
func (e *Ether) Probe(ctx context.Context) (string, error) { return e.hub.probe(ctx) }

// Scan hears what Advertise sends meanwhile.
func (e *Ether) Scan(ctx context.Context, listening func(), heard func(transport.Advert)) error {
	return e.hub.scan(ctx, listening, heard)
}

// Advertise sends a at once and then ten times a second.
func (e *Ether) Advertise(ctx context.Context, a transport.Advert) error {
	if _, err := appendFrame(nil, a); err != nil {
		return mfa.Fail(mfa.CodeRadioFailed).Because(err)
	}
	a.Data = slices.Clone(a.Data)
	return repeat(ctx, e.interval, func() { e.hub.send(a) })
}

// repeat calls send at once and then in every interval until ctx ends.
func repeat(ctx context.Context, interval time.Duration, send func()) error {
	if interval <= 0 {
		interval = defaultInterval
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for {
		send()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
		}
	}
}

// defaultInterval is the low-latency interval of a phone.
const defaultInterval = 100 * time.Millisecond
