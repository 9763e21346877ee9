package machine

import (
	"context"
	"io"

	"github.com/keyferry/keyferry/backend/simkey"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/hid"
)

const (
	reportSize = 64
	numbered   = 1 + reportSize // as the kernel wants a report written: its number first
)

// Key is a security key that is plugged in.
type Key struct {
	*simkey.Key
	unplug func()
}

// Key plugs one in that calls itself name.
func (m *Machine) Key(ctx context.Context, name string, model simkey.Model) (*Key, error) {
	inside, err := simkey.Open(simkey.Config{Model: model})
	if err != nil {
		return nil, err
	}
	m.ended = append(m.ended, func() { inside.Close() })
	inside.Plug(true)
	slots, err := inside.Bus().List(ctx)
	if err != nil {
		return nil, err
	}
	served, err := inside.Bus().Open(ctx, slots[0].ID)
	if err != nil {
		return nil, err
	}
	t, err := openTerminal()
	if err != nil {
		return nil, err
	}
	m.ended = append(m.ended, func() { t.other.Close(); t.Close() })
	go hid.Serve(ctx, wire{t}, forward{served}, hid.CanWink|hid.CanCBOR)
	k := &Key{Key: inside}
	k.unplug, err = m.plug(name, t.node(m))
	return k, err
}

// Unplug pulls it out.
func (k *Key) Unplug() { k.unplug() }

// forward hands on what the window asks.
type forward struct{ transport.Key }

func (f forward) Wink() { f.Key.Wink(context.Background()) }

// wire is the key's end of its node.
type wire struct{ t *terminal }

// Read gives the next report. It ends when the terminal is closed, not with ctx.
func (w wire) Read(ctx context.Context) ([]byte, error) {
	report := make([]byte, numbered)
	_, err := io.ReadFull(w.t, report)
	return report[1:], err
}

func (w wire) Write(_ context.Context, report []byte) error {
	_, err := w.t.Write(report)
	return err
}

func (w wire) Sizes() (in, out int) { return reportSize, reportSize }
func (w wire) Close() error         { return w.t.Close() }
