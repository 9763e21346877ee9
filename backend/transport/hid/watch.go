package hid

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// watch reads and writes for one exchange, and ends it when the device is silent
// for too long, or works without an end.
type watch struct {
	channel *Channel
	outer   context.Context
	ctx     context.Context
	end     context.CancelCauseFunc
	gap     *time.Timer
	longest *time.Timer
}

func (c *Channel) watch(ctx context.Context) *watch {
	w := &watch{channel: c, outer: ctx}
	w.ctx, w.end = context.WithCancelCause(ctx)
	w.gap = time.AfterFunc(c.host.Gap, func() { w.end(errGap) })
	w.longest = time.AfterFunc(time.Until(c.due), func() { w.end(errLongest) })
	return w
}

func (w *watch) stop() {
	w.gap.Stop()
	w.longest.Stop()
	w.end(nil)
}

func (w *watch) write(report []byte) error {
	return w.judge(w.channel.device.Write(w.ctx, report))
}

// taker is given the packets that come. mine says that the packet was meant for
// it, which is a sign of life.
type taker interface {
	take(p packet) (mine, done bool, err error)
}

// read gives packets to a taker until it is done. It may go on where another
// watch had to stop.
func (w *watch) read(t taker) error {
	w.gap.Reset(w.channel.host.Gap)
	for {
		report, err := w.channel.device.Read(w.ctx)
		if err != nil {
			return w.judge(err)
		}
		p, ok := parsePacket(report)
		if !ok || len(report) != w.channel.in {
			return broken("report", fmt.Errorf("hid: a report of %d bytes", len(report)))
		}
		mine, done, err := t.take(p)
		switch {
		case done || err != nil:
			return err
		case mine:
			w.gap.Reset(w.channel.host.Gap)
		}
		if w.ctx.Err() != nil { // a device that has always something to say is not to keep us
			return w.judge(w.ctx.Err())
		}
	}
}

// judge says what an error of the device means.
func (w *watch) judge(err error) error {
	var known *mfa.Failure
	cause := context.Cause(w.ctx)
	switch {
	case err == nil:
		return nil
	case w.outer.Err() != nil:
		return w.outer.Err()
	case errors.Is(cause, errGap) || errors.Is(cause, errLongest):
		return mfa.Fail(mfa.CodeKeySilent).Because(cause)
	case errors.As(err, &known):
		return known
	}
	return mfa.Fail(mfa.CodeKeyLost).Because(err)
}

// answer takes the answer to a request.
type answer struct {
	channel   uint32
	command   byte
	report    int
	keepalive func(status byte)
	left      int // keep-alives that may still come
	got       message
	begun     bool
}

func (a *answer) take(p packet) (mine, done bool, err error) {
	switch {
	case p.channel != a.channel: // every program that has opened the device sees all that it sends
		return false, false, nil
	case !p.initial:
		if !a.begun || !a.got.add(p) {
			return true, false, broken("sequence", fmt.Errorf("hid: continuation %d", p.seq))
		}
	case p.command == cmdError && p.total > 0:
		return true, false, faultCode(p.data[0])
	case a.begun:
		return true, false, broken("sequence", fmt.Errorf("hid: command %02x within a message", p.command))
	case p.command == cmdKeepalive:
		return true, false, a.alive(p)
	case p.command != a.command:
		return true, false, broken("command", fmt.Errorf("hid: command %02x in answer to %02x", p.command, a.command))
	default:
		if a.got, a.begun = begin(p, a.report); !a.begun {
			return true, false, broken("length", fmt.Errorf("hid: a message of %d bytes", p.total))
		}
	}
	return true, a.got.done(), nil
}

// alive hands on what a device says that works (CTAP 2.2 section 11.2.9.2.5).
func (a *answer) alive(p packet) error {
	if p.total != 1 {
		return broken("length", fmt.Errorf("hid: a keep-alive of %d bytes", p.total))
	}
	if a.left--; a.left < 0 {
		return mfa.Fail(mfa.CodeKeySilent).Because(errFlood)
	}
	const processing, upNeeded = 1, 2
	if status := p.data[0]; a.keepalive != nil && (status == processing || status == upNeeded) {
		a.keepalive(status)
	}
	return nil
}
