package hid

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// Capability is a bit of what a device says of itself at INIT (CTAP 2.2
// section 11.2.9.1.3).
type Capability byte

const (
	CanWink Capability = 0x01
	CanCBOR Capability = 0x04 // CTAP2
	NoMSG   Capability = 0x08 // no CTAP1
)

// Channel is an allocated channel of a device: a transport.Key. It has no
// goroutine of its own.
type Channel struct {
	host   Host
	device Device
	in     int // the size of the reports that come

	turn      chan struct{} // holds one token while an exchange runs
	report    []byte        // where reports are built
	id        uint32
	can       Capability
	version   [3]byte
	unsettled bool      // the device may still talk about what we have given up: INIT comes first
	due       time.Time // when the exchange that runs must have ended
}

var _ transport.Key = (*Channel)(nil)

// Exchange carries one CTAP2 message (CTAPHID_CBOR): see transport.Key. A request
// that is longer than MaxMessage is key-protocol (what: length).
func (c *Channel) Exchange(ctx context.Context, request []byte, keepalive func(status byte)) ([]byte, error) {
	response, err := c.transact(ctx, cmdCBOR, request, keepalive)
	if err == nil && len(response) == 0 {
		return nil, broken("length", fmt.Errorf("hid: a response without a status"))
	}
	return response, err
}

// APDU carries one CTAP1 message (CTAPHID_MSG): see transport.Key.
func (c *Channel) APDU(ctx context.Context, command []byte) ([]byte, error) {
	response, err := c.transact(ctx, cmdMsg, command, nil)
	if err == nil && len(response) < 2 {
		return nil, broken("length", fmt.Errorf("hid: an answer of %d bytes, without a status word", len(response)))
	}
	return response, err
}

// Ping has data come back, and gives what came (CTAPHID_PING).
func (c *Channel) Ping(ctx context.Context, data []byte) ([]byte, error) {
	return c.transact(ctx, cmdPing, data, nil)
}

// Wink makes the device show itself (CTAPHID_WINK), if it can.
func (c *Channel) Wink(ctx context.Context) error {
	if c.can&CanWink == 0 {
		return nil
	}
	_, err := c.transact(ctx, cmdWink, nil, nil)
	return err
}

// Speaks says what the device offered at INIT.
func (c *Channel) Speaks() (ctap2, ctap1 bool) { return c.can&CanCBOR != 0, c.can&NoMSG == 0 }

// Version is the device's own: major, minor, build.
func (c *Channel) Version() [3]byte { return c.version }

// Way is transport.WayUSB.
func (c *Channel) Way() string { return transport.WayUSB }

// Close closes the device. An exchange that runs ends with key-lost.
func (c *Channel) Close() error { return c.device.Close() }

// transact sends one message and gives the one that answers it.
func (c *Channel) transact(ctx context.Context, command byte, data []byte, keepalive func(byte)) ([]byte, error) {
	if n := MaxMessage(len(c.report)); len(data) > n {
		return nil, broken("length", fmt.Errorf("hid: a message of %d bytes where %d fit", len(data), n))
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var answer []byte
	err := c.patiently(ctx, func() (err error) {
		answer, err = c.once(ctx, command, data, keepalive)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// once sends a message and waits for the answer, without a second try. While it
// runs the channel is unsettled, and stays so unless the device had its say.
func (c *Channel) once(ctx context.Context, command byte, data []byte, keepalive func(byte)) ([]byte, error) {
	c.unsettled = true
	a := &answer{channel: c.id, command: command, report: c.in, keepalive: keepalive, left: c.host.Keepalives}
	w := c.watch(ctx)
	err := writeMessage(c.report, c.id, command, data, w.write)
	sent := err == nil
	if sent {
		err = w.read(a)
	}
	w.stop()
	if _, said := err.(faultCode); said || err == nil {
		c.unsettled = false
		return a.got.data, err
	}
	endless := errors.Is(err, errLongest) || errors.Is(err, errFlood)
	if sent && (ctx.Err() != nil || endless) { // half a message is no request: INIT will make the device forget it
		c.cancel(ctx, a)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return nil, err
}

// cancel tells the device, and waits for the end of what it was at: a request is
// answered with status 0x2D then, or in the usual way if it was done already.
// What does not end in time is left to settle.
func (c *Channel) cancel(ctx context.Context, a *answer) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), c.host.Drain)
	defer stop()
	c.due = time.Now().Add(c.host.Drain)
	a.keepalive, a.left = nil, c.host.Keepalives
	w := c.watch(ctx)
	defer w.stop()
	if a.command == cmdCBOR { // nothing else can be cancelled
		if err := writeMessage(c.report, c.id, cmdCancel, nil, w.write); err != nil {
			return
		}
	}
	err := w.read(a)
	_, said := err.(faultCode)
	c.unsettled = err != nil && !said
}

// settle sends INIT: on the broadcast channel for a channel of our own, on that
// to make the device forget what it was at. Either way everything before the
// answer is stale and dropped.
func (c *Channel) settle(ctx context.Context) error {
	nonce := make([]byte, nonceSize)
	if _, err := io.ReadFull(c.host.Rand, nonce); err != nil {
		return mfa.Fail(mfa.CodeInternal).Because(err)
	}
	w := c.watch(ctx)
	defer w.stop()
	if err := writeMessage(c.report, c.id, cmdInit, nonce, w.write); err != nil {
		return err
	}
	a := &allocation{channel: c.id, report: c.in, nonce: nonce}
	if err := w.read(a); err != nil {
		return err
	}
	b := a.got.data[nonceSize:]
	id := binary.BigEndian.Uint32(b)
	switch {
	case id == 0 || id == broadcast || c.id != broadcast && id != c.id:
		return broken("channel", fmt.Errorf("hid: channel %08x", id))
	case b[4] != protocolVer:
		return broken("version", fmt.Errorf("hid: version %d of the protocol", b[4]))
	}
	c.id, c.version, c.can, c.unsettled = id, [3]byte(b[5:]), Capability(b[8]), false
	return nil
}

// allocation takes the answer to INIT. Others allocate channels of the same
// device at the same time: whose nonce is not ours is none of our business.
type allocation struct {
	channel uint32
	report  int
	nonce   []byte
	got     message
	begun   bool
}

func (a *allocation) take(p packet) (mine, done bool, err error) {
	switch {
	case p.channel != a.channel:
		return false, false, nil
	case p.initial && p.command == cmdError && p.total > 0:
		if fault := faultCode(p.data[0]); fault == faultBusy || fault == faultChannel {
			return true, false, fault
		}
		return false, false, nil // about what was before, or about somebody else
	case p.initial:
		a.got, a.begun = begin(p, a.report)
		a.begun = a.begun && p.command == cmdInit
	case a.begun:
		a.begun = a.got.add(p)
	}
	if !a.begun || !a.got.done() {
		return false, false, nil
	}
	a.begun = false
	if !bytes.HasPrefix(a.got.data, a.nonce) {
		return false, false, nil
	}
	if len(a.got.data) < initAnswer {
		return true, false, broken("length", fmt.Errorf("hid: INIT answered with %d bytes", len(a.got.data)))
	}
	return true, true, nil
}
