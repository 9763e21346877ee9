package pcsc

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// closeTime is how long Close waits for the service to let the card go.
const closeTime = time.Second

// card is a connected card under a transaction. It implements nfc.Card.
type card struct {
	bus      *bus
	svc      service
	reader   string
	session  handle
	handle   handle
	protocol uint32
	closing  sync.Once
	closed   chan struct{}
}

var errClosed = errors.New("pcsc: closed")

// connect connects to the card on a reader and begins a transaction, for both of which
// it waits turn at most: key-busy.
//
// pcscd keeps even a connection waiting for the transaction of another program, and
// nothing ends that wait. So there is one attempt per reader at a time, and whoever
// comes while an old one still waits fails without a thread of its own.
func (b *bus) connect(ctx context.Context, svc service, reader string, turn time.Duration) (*card, error) {
	return bounded(ctx, turn, mfa.Fail(mfa.CodeKeyBusy), func(ctx context.Context) (*card, error) {
		gate := b.gate(reader)
		select {
		case gate <- struct{}{}:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		c, err := beside(ctx, b, func() (*card, error) {
			defer func() { <-gate }()
			return b.reach(svc, reader)
		}, func(c *card) { c.Close() })
		if err != nil {
			return nil, err
		}
		_, err = beside(ctx, b, func() (struct{}, error) { return struct{}{}, svc.begin(c.handle).failure() }, nil)
		if err != nil {
			c.Close() // also ends a wait for the transaction
			return nil, err
		}
		return c, nil
	})
}

// gate lets one connection to a reader through at a time.
func (b *bus) gate(reader string) chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gates[reader] == nil {
		b.gates[reader] = make(chan struct{}, 1)
	}
	return b.gates[reader]
}

func (b *bus) reach(svc service, reader string) (*card, error) {
	session, c := svc.establish()
	if c != codeOK {
		return nil, c.entrance(svc)
	}
	h, protocol, c := svc.connect(session, reader)
	if c != codeOK {
		svc.release(session)
		return nil, c.failure()
	}
	return &card{bus: b, svc: svc, reader: reader, session: session, handle: h, protocol: protocol, closed: make(chan struct{})}, nil
}

// isStill holds the card to the count of events at its reader when it was listed: another
// one that was laid in its place is key-lost. From here on a change ends the connection.
func (c *card) isStill(ctx context.Context, count state) error {
	_, err := beside(ctx, c.bus, func() (struct{}, error) {
		states := []readerState{{name: c.reader, current: stateUnaware}}
		code := c.svc.wait(c.session, 0, states)
		if code == codeTimeout || code == codeOK {
			code = codeOK
			if states[0].event>>16 != count {
				code = codeRemoved
			}
		}
		return struct{}{}, code.failure()
	}, nil)
	return err
}

// Transmit sends one APDU. When ctx ends first, the reader still finishes it.
func (c *card) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-c.closed:
			stop(mfa.Fail(mfa.CodeKeyLost).Because(errClosed))
		case <-inner.Done():
		}
	}()
	if c.protocol == protocolT0 {
		apdu = withoutLe(apdu)
	}
	return beside(inner, c.bus, func() ([]byte, error) {
		response, code := c.svc.transmit(c.handle, c.protocol, apdu)
		if code == codeOK && len(response) < 2 { // some drivers say this of a card that went
			code = codeNotTransacted
		}
		return response, c.blame(code).failure()
	}, nil)
}

// blame looks further when a card went, or must not be used any more: a reader that is
// pulled out takes its card with it, and the service tells of the card first; a service
// that ends closes doors before it goes.
func (c *card) blame(code code) code {
	switch code {
	case codeRemoved, codeNoCard, codeNotTransacted, codeInvalidHandle, codeUnresponsive, codeSecurity:
		list, looked := c.svc.readers(c.session)
		switch {
		case looked == codeNoReaders || looked == codeOK && !slices.Contains(list, c.reader):
			return codeReaderUnavailable
		case looked == codeNoService || looked == codeServiceStopped || looked == codeComm || looked == codeInvalidHandle || looked == codeSecurity:
			return codeServiceStopped
		}
	}
	return code
}

// withoutLe shortens an APDU with both data and Le to what T=0 can carry (ISO/IEC
// 7816-3 section 12.2).
func withoutLe(apdu []byte) []byte {
	if len(apdu) > 6 && len(apdu) == 6+int(apdu[4]) {
		return apdu[:len(apdu)-1]
	}
	return apdu
}

// Close ends the transaction and lets the card go, as it is.
func (c *card) Close() error {
	c.closing.Do(func() {
		close(c.closed)
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.svc.end(c.handle)
			c.svc.disconnect(c.handle)
			c.svc.release(c.session)
		}()
		late := time.NewTimer(closeTime)
		defer late.Stop()
		select {
		case <-done:
		case <-late.C: // the reader is still busy with an APDU
		}
	})
	return nil
}
