package phonesim

import (
	"context"
	"errors"
	"io"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/qrpicture"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
)

// Scan does one transaction with the code in uri and returns when it has ended:
// nil when an answer was given, a "no" included, or when the behaviour was to
// drop the line. It fails with not-a-phone-code, phone-code-damaged, cancelled,
// and the bluetooth-, tunnel-, computer- and handshake- codes of hybrid.Phone.
// The age of the code is no reason to refuse: the clocks of two devices differ.
func (p *Phone) Scan(ctx context.Context, uri string) error {
	run, err := p.begin(ctx, func() (string, error) { return uri, nil })
	if err != nil {
		return err
	}
	return run()
}

// ScanPicture finds the code in a PNG or JPEG picture and scans it. Besides the
// codes of Scan: picture-unreadable, picture-no-code.
func (p *Phone) ScanPicture(ctx context.Context, r io.Reader) error {
	run, err := p.begin(ctx, func() (string, error) { return qrpicture.Read(r) })
	if err != nil {
		return err
	}
	return run()
}

// Begin is ScanPicture for screens: it returns as soon as the code was read, or
// could not be. The transaction goes on until ctx ends; State tells how.
func (p *Phone) Begin(ctx context.Context, r io.Reader) error {
	run, err := p.begin(ctx, func() (string, error) { return qrpicture.Read(r) })
	if err != nil {
		return err
	}
	go run()
	return nil
}

// begin reads the code and gives what does the transaction. run must be called.
func (p *Phone) begin(ctx context.Context, read func() (string, error)) (run func() error, err error) {
	ctx, end, err := p.take(ctx, true)
	if err != nil {
		return nil, err
	}
	p.update(func(s *State) { s.begin(PhaseReading) })
	uri, err := read()
	var code *hybrid.QRCode
	if err == nil {
		code, err = hybrid.ParseURI(uri)
	}
	if err != nil {
		end(err)
		return nil, err
	}
	return func() error {
		defer code.Wipe()
		err := p.answerCode(ctx, code)
		return end(err)
	}, nil
}

// take makes this the running transaction, after the one before has ended: it is
// interrupted, or else this one fails with ceremony-running. end ends it, shows
// how it ended and gives back err.
func (p *Phone) take(ctx context.Context, interrupt bool) (context.Context, func(err error) error, error) {
	p.turn.Lock()
	defer p.turn.Unlock()
	if !interrupt && p.isBusy() {
		return nil, nil, mfa.Fail(mfa.CodeBusy)
	}
	p.interrupt()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, mfa.Fail(mfa.CodeCancelled)
	}
	ctx, cancel := context.WithCancel(ctx)
	x := &transaction{cancel: cancel, ended: make(chan struct{})}
	p.now = x
	return ctx, func(err error) error {
		cancel()
		p.update(func(s *State) { s.end(err) })
		p.mu.Lock()
		p.asked = nil
		p.mu.Unlock()
		close(x.ended)
		return err
	}, nil
}

// interrupt ends the running transaction and waits for its end. With turn held.
func (p *Phone) interrupt() {
	p.mu.Lock()
	x := p.now
	p.now = nil
	p.mu.Unlock()
	if x != nil {
		x.cancel()
		<-x.ended
	}
}

func (p *Phone) isBusy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == nil {
		return false
	}
	select {
	case <-p.now.ended:
		return false
	default:
		return true
	}
}

// answerCode is the transaction by code.
func (p *Phone) answerCode(ctx context.Context, code *hybrid.QRCode) error {
	d, err := p.device()
	if err != nil {
		return err
	}
	if code.StateAssisted && d.state.Model == Android {
		if d.Link, err = p.newLink(); err != nil {
			return err
		}
	}
	p.update(func(s *State) { s.Phase = PhaseConnecting })
	err = d.Answer(ctx, code)
	if err != nil && d.Link != nil && !d.answered {
		// A computer that never got an answer has no use for the link.
		err = errors.Join(err, p.forgetLink(d.Link.LinkID))
	}
	return err
}
