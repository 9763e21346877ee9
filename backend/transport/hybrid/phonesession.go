package hybrid

import (
	"bytes"
	"context"
	"errors"

	"github.com/keyferry/keyferry/backend/mfa"
)

// phoneSession is the phone's side after the handshake.
type phoneSession struct {
	phone    *Phone
	tunnel   *tunnel
	timers   Timers
	x        phoneTransaction
	hash     []byte
	tx, rx   *Crypter
	answered bool
}

// greet sends the post-handshake message and, in a QR transaction, an update.
func (s *phoneSession) greet(ctx context.Context) error {
	p := s.phone
	features := p.Features
	if features == nil {
		features = []string{FeatureCTAP}
	}
	message := (&PostHandshake{Features: features, GetInfo: p.GetInfo}).Encode()
	if p.Faults.Revision0 {
		// Rounded up to 512 with a two-byte count, as Chrome did from 99 on.
		zeros := 510 - len(message)%512
		if zeros < 0 {
			zeros += 512
		}
		message = append(append(message, make([]byte, zeros)...), byte(zeros), byte(zeros>>8))
	}
	if err := s.send(ctx, message); err != nil || p.Faults.Revision0 {
		return err
	}
	switch {
	case s.x.client == nil && (!p.Faults.PushyLink || p.Link == nil):
		return nil
	case s.x.client != nil && p.LinkLate:
		return s.update(ctx, nil)
	default:
		return s.update(ctx, p.Link)
	}
}

// update sends a link, if there is one and the code allowed it. Like Chromium's
// phone code it sends an update of padding otherwise.
func (s *phoneSession) update(ctx context.Context, link *PhoneLink) error {
	if !s.x.linkable && !s.phone.Faults.PushyLink {
		link = nil
	}
	hash := s.hash
	if s.phone.Faults.BadLink {
		hash = make([]byte, len(hash))
	}
	client := s.x.client
	if client == nil { // PushyLink without a code: there is nobody to sign for
		client = link.Identity.PublicKey()
	}
	body, err := link.update(client, hash)
	if err != nil {
		return mfa.Fail(mfa.CodeInternal).Because(err)
	}
	return s.send(ctx, Frame(FrameUpdate, body))
}

// serve answers requests until the client shuts down.
func (s *phoneSession) serve(ctx context.Context) error {
	for {
		sealed, err := s.tunnel.receive(ctx, s.timers.NextRequest, mfa.CodeComputerSilent)
		if err != nil {
			return s.ending(ctx, err)
		}
		message, err := s.rx.Open(sealed)
		if err != nil {
			return mfa.Fail(mfa.CodeComputerProtocol).Because(err)
		}
		kind, body, err := ParseFrame(message)
		switch {
		case err != nil:
			return mfa.Fail(mfa.CodeComputerProtocol).Because(err)
		case kind == FrameShutdown:
			return s.shutdown(ctx)
		case kind == FrameUpdate:
			// Allowed in theory; there is nothing in it for a phone.
			if _, err := ParseUpdate(body); err != nil {
				return mfa.Fail(mfa.CodeComputerProtocol).Because(err)
			}
		case kind == FrameCTAP && len(body) > 0:
			if done, err := s.answer(ctx, body); done || err != nil {
				return err
			}
		default:
			return mfa.Fail(mfa.CodeComputerProtocol)
		}
	}
}

// answer handles one request. The client cancels by closing the socket, so the
// handler's context ends with the tunnel.
func (s *phoneSession) answer(ctx context.Context, request []byte) (done bool, err error) {
	if s.phone.Faults.Drop == DropAfterRequest {
		s.tunnel.close()
		return true, nil
	}
	handling, stop := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-s.tunnel.ended:
			stop(mfa.Fail(mfa.CodeComputerHungUp))
		case <-handling.Done():
		}
	}()
	response, err := s.phone.Handle(handling, bytes.Clone(request))
	gone := context.Cause(handling)
	stop(nil)
	<-watched
	switch {
	case ctx.Err() != nil:
		return true, mfa.AsFailure(ctx.Err())
	case gone != nil:
		return true, gone
	case errors.Is(err, ErrHangUp):
		s.tunnel.close()
		return true, nil
	case err != nil:
		return true, err
	}
	if err := s.send(ctx, Frame(FrameCTAP, response)); err != nil {
		return true, err
	}
	s.answered = true
	if s.phone.OneRequest {
		s.tunnel.close()
		return true, nil
	}
	return false, nil
}

// shutdown ends the transaction as the client wished. A client that no longer
// waits for the late link has its answer all the same: see ending.
func (s *phoneSession) shutdown(ctx context.Context) error {
	if p := s.phone; p.LinkLate && p.Link != nil && s.x.client != nil {
		if err := s.update(ctx, p.Link); err != nil {
			return s.ending(ctx, err)
		}
	}
	s.tunnel.close()
	return nil
}

// ending says what the end of the line means: after an answer, nothing bad.
func (s *phoneSession) ending(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return err
	case s.answered && (mfa.IsCode(err, mfa.CodeTunnelLost) || mfa.IsCode(err, mfa.CodeComputerSilent)):
		s.tunnel.close()
		return nil
	default:
		return err
	}
}

func (s *phoneSession) send(ctx context.Context, message []byte) error {
	sealed, err := s.tx.Seal(message)
	if err != nil {
		return mfa.Fail(mfa.CodeInternal).Because(err)
	}
	return s.tunnel.send(ctx, sealed)
}
