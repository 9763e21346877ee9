package nfc

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Between polls it waits a little longer each time, so that quick answers come
// quickly and a slow one does not keep the reader busy.
const (
	firstPause = 10 * time.Millisecond
	longPause  = 100 * time.Millisecond
	// maxPolls ends a card that is never done, after about two minutes: four times
	// what a person gets to touch a key.
	maxPolls = 1200
	// cancelPolls is how often a cancelled card may still say that it works.
	cancelPolls = 20
)

// message carries a CTAP2 message. A status word other than 9000 is given as it is.
func (c *Channel) message(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, status, error) {
	ask := command{cla: claCTAP, ins: insMessage, p1: c.p1, data: request}
	data, sw, err := c.send(ctx, ask)
	if err == nil && c.p1 != 0 && (sw == statusWrongP1P2 || sw == statusWrongP1P2Plain) {
		c.p1, ask.p1 = 0, 0
		data, sw, err = c.send(ctx, ask)
	}
	pause := firstPause
	for range maxPolls {
		if err != nil || sw != statusUpdate {
			return data, sw, err
		}
		if keepalive != nil {
			keepalive(working(data))
		}
		select {
		case <-ctx.Done():
			return nil, 0, c.cancel(ctx)
		case <-c.after(pause):
		}
		pause = min(2*pause, longPause)
		data, sw, err = c.send(ctx, command{cla: claCTAP, ins: insPoll})
		if ctx.Err() != nil && c.dead == nil {
			if err != nil || sw == statusUpdate {
				return nil, 0, c.cancel(ctx)
			}
		}
	}
	return nil, 0, c.die(mfa.Fail(mfa.CodeKeySilent))
}

// working reads the status that a card sends while it works: that of CTAPHID's
// keep-alive, where 1 is processing and 2 is waiting for the person.
func working(data []byte) byte {
	if len(data) == 1 && data[0] == 2 {
		return 2
	}
	return 1
}

// cancel tells the card to stop and waits for its last word, which nobody wants
// (CTAP 2.2 section 11.3.7.2). It gives ctx.Err() in every case.
func (c *Channel) cancel(ctx context.Context) error {
	quiet, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	late := c.after(graceTime)
	go func() {
		select {
		case <-late:
			stop()
		case <-quiet.Done():
		}
	}()
	for range cancelPolls {
		_, sw, err := c.send(quiet, command{cla: claCTAP, ins: insPoll, p1: p1Cancel})
		if err != nil || sw != statusUpdate {
			return ctx.Err()
		}
		<-c.after(firstPause)
	}
	_ = c.die(mfa.Fail(mfa.CodeKeySilent))
	return ctx.Err()
}
