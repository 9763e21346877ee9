package nfc

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// maxMessage bounds what goes out and what comes in, in bytes. No key comes near it:
// maxMsgSize of those that are sold is 1200 to 7609.
const maxMessage = 1 << 16

// Channel is an opened key on a reader. It implements transport.Key.
type Channel struct {
	card         Card
	ctap1, ctap2 bool
	turn         chan struct{} // holds one token while an exchange runs
	dead         error         // guarded by turn; why no more APDU is sent
	closed       atomic.Bool
	extended     bool // the card refused chaining
	p1           byte // of NFCCTAP_MSG
	after        func(time.Duration) <-chan time.Time
}

var _ transport.Key = (*Channel)(nil)

// Exchange sends a CTAP2 message of at most 65535 bytes. Failures: key-lost (hold
// the key still and begin again), key-busy, key-silent, key-protocol, key-failed.
// Once it failed otherwise than by key-busy, the channel is to be closed.
func (c *Channel) Exchange(ctx context.Context, request []byte, keepalive func(status byte)) ([]byte, error) {
	var data []byte
	err := c.exclusively(ctx, func(ctx context.Context) error {
		var sw status
		var err error
		if data, sw, err = c.message(ctx, request, keepalive); err == nil && sw != statusOK {
			err = sw.failure()
		}
		return err
	})
	if err == nil && len(data) == 0 {
		err = broken("empty answer")
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// APDU sends a U2F command, short or extended, and gives data and status word.
// Failures are those of Exchange.
func (c *Channel) APDU(ctx context.Context, apdu []byte) ([]byte, error) {
	cmd, err := parseCommand(apdu)
	if err != nil || cmd.cla != claISO {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", "apdu").Because(errAPDU)
	}
	var response []byte
	err = c.exclusively(ctx, func(ctx context.Context) error {
		data, sw, err := c.send(ctx, cmd)
		response = sw.append(data)
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// exclusively runs one exchange, if none runs and the card is still there, and no longer
// than longest: key-silent.
func (c *Channel) exclusively(ctx context.Context, exchange func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	default:
		return mfa.Fail(mfa.CodeKeyBusy)
	}
	if c.closed.Load() {
		return mfa.Fail(mfa.CodeKeyLost).Because(errors.New("nfc: closed"))
	}
	if c.dead != nil {
		return c.dead
	}
	inner, stop := context.WithTimeout(ctx, longest)
	defer stop()
	err := exchange(inner)
	if errors.Is(err, context.DeadlineExceeded) && inner.Err() != nil && ctx.Err() == nil {
		c.dead = mfa.Fail(mfa.CodeKeySilent).Because(err)
		return c.dead
	}
	return err
}

// Speaks says what the card answered when it was opened.
func (c *Channel) Speaks() (ctap2, ctap1 bool) { return c.ctap2, c.ctap1 }

// Wink does nothing: a card on a reader has nothing to blink with.
func (c *Channel) Wink(context.Context) error { return nil }

// Way is nfc.
func (c *Channel) Way() string { return transport.WayNFC }

// farewell is how long the card may take to let the applet go.
const farewell = 500 * time.Millisecond

// Close lets the applet go, where the card still listens, and closes the card.
func (c *Channel) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	select {
	case c.turn <- struct{}{}:
		if c.dead == nil && c.ctap2 {
			ctx, stop := context.WithTimeout(context.Background(), farewell)
			_, _, _ = c.transmit(ctx, command{cla: claCTAP, ins: insControl, p1: p1End})
			stop()
		}
		<-c.turn
	default: // an exchange runs: closing the card ends it
	}
	return c.card.Close()
}
