package machine

import (
	"context"

	"github.com/keyferry/keyferry/backend/simkey"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/hid"
)

const reportSize = 64

// Key plugs a security key in that calls itself name. It blinks until Touch.
func (m *Machine) Key(ctx context.Context, name string, model simkey.Model) (*simkey.Key, error) {
	key, err := simkey.Open(simkey.Config{Model: model})
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
