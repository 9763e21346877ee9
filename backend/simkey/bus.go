package simkey

import (
	"context"
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/hid"
)

// What the key calls itself on the bus: the vendor that pid.codes keeps for tests.
const vendor = 0x1209

// bus is the USB port of a Key: a transport.KeyBus with one slot or none.
type bus struct{ k *Key }

var _ transport.KeyBus = bus{}

func slotName(plugs int) string { return fmt.Sprintf("simulated-%d", plugs) }

// List gives the key when it is plugged in.
func (b bus) List(ctx context.Context) ([]transport.Slot, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.k.mu.Lock()
	defer b.k.mu.Unlock()
	if b.k.run == nil {
		return nil, nil
	}
	m := b.k.state.Model
	return []transport.Slot{{ID: b.k.run.slot, Name: m.name(), Way: transport.WayUSB, Vendor: vendor, Product: uint16(m.number())}}, nil
}

// Watch tells when the key comes and goes.
func (b bus) Watch(ctx context.Context, changed func()) error {
	for ctx.Err() == nil {
		b.k.mu.Lock()
		moved := b.k.moved
		b.k.mu.Unlock()
		changed()
		select {
		case <-moved:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// Open opens the key: key-lost when it is not in that slot any more.
func (b bus) Open(ctx context.Context, slotID string) (transport.Key, error) {
	b.k.mu.Lock()
	r := b.k.run
	b.k.mu.Unlock()
	if r == nil || r.slot != slotID {
		return nil, mfa.Fail(mfa.CodeKeyLost)
	}
	return hid.Open(ctx, r.port.open(), b.k.c.Rand)
}
