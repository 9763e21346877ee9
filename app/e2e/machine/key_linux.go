package machine

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/simkey"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/hid"
)

const (
	reportSize = 64
	patience   = 10 * time.Minute // longer than a picture takes on a busy machine
)

// Key plugs a security key in that calls itself name. It blinks until Touch.
func (m *Machine) Key(ctx context.Context, name string, model simkey.Model) (*simkey.Key, error) {
	key, err := simkey.Open(simkey.Config{Model: model, Patience: patience})
	if err != nil {
		return nil, err
	}
	m.ended = append(m.ended, func() { key.Close() })
	key.Plug(true)
	slots, err := key.Bus().List(ctx)
	if err != nil {
		return nil, err
	}
	inside, err := key.Bus().Open(ctx, slots[0].ID)
	if err != nil {
		return nil, err
	}
	return key, m.plug(name, func(path string) error {
		n, err := mountNode(path)
		if err != nil {
			return err
		}
		m.ended = append(m.ended, func() { n.Close() })
		go hid.Serve(ctx, n, forward{inside}, hid.CanWink|hid.CanCBOR)
		return nil
	})
}

// forward hands on what the window asks.
type forward struct{ transport.Key }

func (f forward) Wink() { f.Key.Wink(context.Background()) }
