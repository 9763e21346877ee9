package nfc

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Answerer is the authenticator behind an Applet.
type Answerer interface {
	// Exchange answers one CTAP2 message: see ctap2.Channel.
	Exchange(ctx context.Context, request []byte, keepalive func(status byte)) (response []byte, err error)
	// APDU answers one U2F command of extended length with data and status word.
	APDU(ctx context.Context, command []byte) (response []byte, err error)
}

// updateTime is how long the card works before it says so, if it may.
const updateTime = 100 * time.Millisecond

// Applet is the card's role: it answers APDUs for an Answerer. It is a Card, so that
// a Channel can speak to it without a reader, and safe for concurrent use.
type Applet struct {
	answerer Answerer
	version  string
	after    func(time.Duration) <-chan time.Time
	life     context.Context // ends when the card is closed
	end      context.CancelFunc

	mu       sync.Mutex
	selected bool
	chain    *command // parts of a chained command so far
	rest     []byte   // of an answer that is fetched in parts
	last     status   // the status word behind the rest
	job      *job     // a message that is worked on
}

// job is one message under way.
type job struct {
	done   chan []byte // the answer, once
	update chan byte   // the newest status, if nobody read it yet
	latest byte
	cancel context.CancelFunc
}

// NewApplet makes a card that calls itself version: VersionU2F if the answerer knows
// both, VersionFIDO2 if it knows CTAP2 only.
func NewApplet(a Answerer, version string) *Applet {
	life, end := context.WithCancel(context.Background())
	return &Applet{answerer: a, version: version, after: time.After, life: life, end: end}
}

// Transmit answers one APDU. An error is ctx.Err(), or key-lost after Close.
func (a *Applet) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.gone(ctx); err != nil {
		return nil, err
	}
	cmd, err := parseCommand(apdu)
	if err != nil {
		a.chain, a.rest = nil, nil
		return statusWrongLength.append(nil), nil
	}
	if cmd.ins == insGetResponse {
		return a.next(cmd), nil
	}
	a.rest = nil
	whole, sw := a.gather(cmd)
	if whole == nil {
		return sw.append(nil), nil
	}
	data, sw := a.answer(ctx, *whole)
	if err := a.gone(ctx); err != nil {
		return nil, err
	}
	a.rest, a.last = data, sw
	return a.next(*whole), nil
}

// gather puts chained commands together. It gives nil and a status word until the
// last part is there.
func (a *Applet) gather(cmd command) (*command, status) {
	chained := cmd.cla&claChain != 0
	cmd.cla &^= claChain
	before := a.chain
	a.chain = nil
	if before != nil {
		if before.cla != cmd.cla || before.ins != cmd.ins || before.p1 != cmd.p1 || before.p2 != cmd.p2 {
			return nil, statusLastExpected
		}
		cmd.data = append(before.data, cmd.data...)
	} else {
		cmd.data = bytes.Clone(cmd.data)
	}
	switch {
	case len(cmd.data) >= maxMessage:
		return nil, statusWrongLength
	case chained:
		a.chain = &cmd
		return nil, statusOK
	}
	return &cmd, 0
}

// next gives as much of the answer as the command wants, and how much is left.
func (a *Applet) next(cmd command) []byte {
	n := min(len(a.rest), max(cmd.want, shortWant))
	part := a.rest[:n:n]
	a.rest = a.rest[n:]
	switch left := len(a.rest); {
	case left > 255:
		return statusMore.append(part)
	case left > 0:
		return (statusMore | status(left)).append(part)
	case n == 0 && cmd.ins == insGetResponse:
		return statusNoConditions.append(nil)
	}
	return a.last.append(part)
}

// gone is why no answer can be given, if so.
func (a *Applet) gone(ctx context.Context) error {
	if a.life.Err() != nil {
		return mfa.Fail(mfa.CodeKeyLost)
	}
	return ctx.Err()
}

// Close lifts the card off: what is under way is cancelled, and nothing is answered
// any more. It may be called twice.
func (a *Applet) Close() error {
	a.end()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stop()
	return nil
}

// stop ends the message that is worked on and gives its answer.
func (a *Applet) stop() []byte {
	if a.job == nil {
		return nil
	}
	j := a.job
	a.job = nil
	j.cancel()
	return <-j.done
}
