package nfc

import (
	"context"
	"errors"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	// apduTime bounds one APDU. A card without polling waits for the person in one.
	apduTime = 60 * time.Second
	// graceTime is what an APDU under way gets after a cancel, so that the card is
	// left in a state that is known.
	graceTime = time.Second
	// longest bounds one exchange in all, of however many APDUs: as over USB, ten times
	// what a key waits for a touch.
	longest = 5 * time.Minute
	// maxParts bounds the parts of an answer: maxMessage, in the smallest that are met.
	maxParts = maxMessage / 128
)

// send sends a command of any length and gives the whole answer and the last status
// word. Short parts are chained; see the package for when it is one extended APDU.
func (c *Channel) send(ctx context.Context, cmd command) ([]byte, status, error) {
	if len(cmd.data) >= maxMessage {
		return nil, 0, mfa.Fail(mfa.CodeInvalidInput, "field", "request").Because(errors.New("nfc: too long"))
	}
	if len(cmd.data) > shortData && !c.extended {
		data, sw, err := c.chain(ctx, cmd)
		if err != nil || !refusesChaining(sw) {
			return data, sw, err
		}
		c.extended = true
	}
	cmd.extended = c.extended && len(cmd.data) > shortData
	cmd.want = shortWant
	if cmd.extended {
		cmd.want = maxData
	}
	return c.collect(ctx, cmd)
}

// chain sends a long command in parts. Each part but the last is answered with
// success and nothing else; what else it says ends the chain.
func (c *Channel) chain(ctx context.Context, cmd command) ([]byte, status, error) {
	part := cmd
	part.cla |= claChain
	part.extended, part.want = false, 0
	for rest := cmd.data; ; rest = rest[shortData:] {
		if len(rest) <= shortData {
			part.cla, part.data, part.want = cmd.cla, rest, shortWant
			return c.collect(ctx, part)
		}
		part.data = rest[:shortData]
		data, sw, err := c.transmit(ctx, part)
		switch {
		case err != nil:
			return nil, 0, err
		case sw != statusOK:
			return nil, sw, nil
		case len(data) > 0:
			return nil, 0, c.die(broken("chaining"))
		}
	}
}

func refusesChaining(sw status) bool {
	return sw == statusNoChaining || sw == statusLastExpected || sw == statusNoClass || sw == statusWrongLength
}

// collect sends one APDU and fetches the rest of its answer (ISO/IEC 7816-4 section
// 5.3.4), which is bounded in its parts and as a whole.
func (c *Channel) collect(ctx context.Context, cmd command) ([]byte, status, error) {
	data, sw, err := c.transmit(ctx, cmd)
	if err == nil && sw.high() == statusWrongLe && !cmd.extended {
		cmd.want = wanted(int(sw.low()), shortWant)
		data, sw, err = c.transmit(ctx, cmd)
	}
	for parts := 0; err == nil && sw.high() == statusMore; parts++ {
		var part []byte
		part, sw, err = c.transmit(ctx, command{cla: cmd.cla &^ claChain, ins: insGetResponse, want: wanted(int(sw.low()), shortWant)})
		if err == nil && sw.high() == statusMore && len(part) == 0 {
			err = c.die(broken("empty part"))
		}
		if data = append(data, part...); err == nil && (len(data) > maxMessage || parts > maxParts) {
			err = c.die(broken("answer too long"))
		}
	}
	if err != nil {
		return nil, 0, err
	}
	return data, sw, nil
}

// transmit sends one APDU. A cancel lets it end first, for graceTime.
func (c *Channel) transmit(ctx context.Context, cmd command) ([]byte, status, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	inner, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	late, after := c.after(apduTime), c.after
	go func() {
		select {
		case <-inner.Done():
			return
		case <-late:
			stop(mfa.Fail(mfa.CodeKeySilent))
			return
		case <-ctx.Done():
		}
		select {
		case <-inner.Done():
		case <-after(graceTime):
			stop(ctx.Err())
		}
	}()
	raw, err := c.card.Transmit(inner, cmd.encode())
	if err != nil {
		if cause := context.Cause(inner); cause != nil {
			err = cause
		}
		return nil, 0, c.die(err)
	}
	data, sw, err := parseResponse(raw)
	if err != nil {
		return nil, 0, c.die(broken("response"))
	}
	return data, sw, nil
}

// die keeps the channel from sending more, as nobody knows what the card made of the
// last APDU.
func (c *Channel) die(err error) error {
	c.dead = mfa.Fail(mfa.CodeKeyLost).Because(err)
	var f *mfa.Failure
	switch {
	case errors.As(err, &f):
		c.dead = f
	case !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded):
		err = mfa.Fail(mfa.CodeKeyFailed).Because(err)
		c.dead = err
	}
	return err
}
