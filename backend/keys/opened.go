package keys

import (
	"context"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/u2f"
)

// opened is one key as an authenticator.Authenticator, whatever it speaks.
type opened struct {
	ctap2.Channel
	key  transport.Key
	id   string
	name string
	way  string
	raw  []byte // getInfo
	info ctap2.Info
	old  bool   // it speaks U2F only
	left func() // called when it is let go; may be nil
}

// openSlot opens the key in a slot and reads what it can do. A key that says it speaks
// CTAP2 and then cannot say what is taken for one that speaks U2F, if it does that, too
// (CTAP 2.2 section 6.4). One that works on it for ever must not stand in the way of
// another: key-silent.
func openSlot(ctx context.Context, s slot) (o *opened, err error) {
	err = bounded(ctx, meetLimit, late(s.Way), func(ctx context.Context) error {
		key, err := s.bus.Open(ctx, s.ID)
		if err != nil {
			return err
		}
		o = &opened{Channel: key, key: key, id: s.id, name: s.Name, way: s.Way}
		if err = o.introduce(ctx); err != nil {
			_ = key.Close()
			o = nil
		}
		return err
	})
	return o, err
}

func (o *opened) introduce(ctx context.Context) error {
	new, old := o.key.Speaks()
	if new {
		err := o.ask(ctx)
		if err == nil || !old || ctx.Err() != nil || isGone(err) {
			return err
		}
	}
	if !old {
		return mfa.Fail(mfa.CodeKeyProtocol, "what", "protocols")
	}
	o.Channel, o.old = u2f.New(o.key), true
	return o.ask(ctx)
}

func (o *opened) ask(ctx context.Context) error {
	var response []byte
	err := bounded(ctx, patience, late(o.way), func(ctx context.Context) (err error) {
		response, err = o.Channel.Exchange(ctx, []byte{ctap2.CommandGetInfo}, nil)
		return err
	})
	if err != nil {
		return err
	}
	if o.raw, err = ctap2.Data(response); err != nil {
		return err
	}
	if o.info, err = ctap2.ParseInfo(o.raw); err != nil {
		return mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(err)
	}
	return nil
}

// GetInfo is what the key said when it was opened.
func (o *opened) GetInfo() []byte { return o.raw }

// Transports says by which way it was met.
func (o *opened) Transports() []string { return []string{o.key.Way()} }

// Name is what the key calls itself.
func (o *opened) Name() string { return o.name }

// Close lets the key go.
func (o *opened) Close() error {
	err := o.key.Close()
	if o.left != nil {
		o.left()
	}
	return err
}
