package hybrid

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// The CTAP commands that make sense over hybrid, and the status for the others.
const (
	commandMakeCredential = 0x01
	commandGetAssertion   = 0x02
	commandGetInfo        = 0x04

	statusOK             = 0x00
	statusInvalidCommand = 0x01
	keepaliveUPNeeded    = 0x02
)

// Session is an authenticated, encrypted connection to one phone. It is a
// channel for CTAP messages:
//
//	open --Exchange: answer--> answered --Close--> shutdown sent --> updates, in the background --> closed
//	  |                           |
//	  +--any failure, cancel------+--> closed
//
// A phone usually hangs up after one operation: a further Exchange may be tried,
// and must not be relied on.
type Session struct {
	client   *Client
	tunnel   *tunnel
	timers   Timers
	tx, rx   *Crypter
	hash     []byte // handshake hash
	getInfo  []byte
	serverID uint16
	identity *ecdh.PrivateKey // of the code; nil in a linked transaction, which takes no links

	mu       sync.Mutex // held during Exchange
	failed   error
	answered bool
	closed   sync.Once
	lastLink []byte
}

// Exchange sends one CTAP message (command byte and CBOR) and gives the answer
// (status byte and CBOR). getInfo is answered from the post-handshake message,
// because iPhones do not answer it; commands other than makeCredential and
// getAssertion get the status "invalid command" without bothering the phone,
// which would show a screen or hang up. keepalive may be nil; it is called once
// with 2 (user presence needed) when the request is with the phone, as hybrid
// has no keep-alive messages.
//
// It fails with mfa phone-hung-up when the phone closed without an answer, which
// is how some phones say that they cannot do it; phone-silent after the answer
// timer; phone-protocol; tunnel-lost; cancelled or timed-out by the context. There
// is no cancel message: a failure closes the socket and ends the session.
func (s *Session) Exchange(ctx context.Context, request []byte, keepalive func(status byte)) ([]byte, error) {
	if len(request) == 0 || len(request) > MaxMessage-2*paddingBlock-tagSize {
		return nil, mfa.Fail(mfa.CodeInternal).Because(errors.New("hybrid: request has no usable length"))
	}
	switch request[0] {
	case commandGetInfo:
		return append([]byte{statusOK}, s.getInfo...), nil
	case commandMakeCredential, commandGetAssertion:
	default:
		return []byte{statusInvalidCommand}, nil
	}
	if !s.mu.TryLock() {
		return nil, mfa.Fail(mfa.CodeBusy)
	}
	defer s.mu.Unlock()
	if s.failed != nil {
		return nil, s.failed
	}
	answer, err := s.exchange(ctx, request, keepalive)
	if err != nil {
		s.failed = err
		s.tunnel.cut()
		return nil, err
	}
	s.answered = true
	return answer, nil
}

func (s *Session) exchange(ctx context.Context, request []byte, keepalive func(status byte)) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, mfa.AsFailure(err)
	}
	if err := s.drain(); err != nil {
		return nil, err
	}
	sealed, err := s.tx.Seal(Frame(FrameCTAP, request))
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	if err := s.tunnel.send(ctx, sealed); err != nil {
		return nil, s.ending(err)
	}
	if keepalive != nil {
		keepalive(keepaliveUPNeeded)
	}
	for until := time.Now().Add(s.timers.Answer); ; {
		sealed, err := s.tunnel.receive(ctx, time.Until(until), mfa.CodePhoneSilent)
		if err != nil {
			return nil, s.ending(err)
		}
		kind, body, err := s.open(sealed)
		switch {
		case err != nil:
			return nil, err
		case kind == FrameUpdate:
			// An update may come at any time; the answer is still to come.
		case kind == FrameCTAP && len(body) > 0:
			return body, nil
		default:
			return nil, mfa.Fail(mfa.CodePhoneProtocol)
		}
	}
}

// drain takes what arrived while no request was open: updates, nothing else.
func (s *Session) drain() error {
	for {
		select {
		case sealed, ok := <-s.tunnel.in:
			if !ok {
				return s.ending(s.tunnel.lost())
			}
			kind, _, err := s.open(sealed)
			if err != nil {
				return err
			}
			if kind != FrameUpdate {
				return mfa.Fail(mfa.CodePhoneProtocol).Because(errors.New("hybrid: message out of turn"))
			}
		default:
			return nil
		}
	}
}

// open decrypts one message and deals with what is the same at any time: an
// update is taken, a shutdown is a close.
func (s *Session) open(sealed []byte) (FrameType, []byte, error) {
	message, err := s.rx.Open(sealed)
	if err != nil {
		return 0, nil, mfa.Fail(mfa.CodePhoneProtocol).Because(err)
	}
	kind, body, err := ParseFrame(message)
	switch {
	case err != nil:
		return 0, nil, mfa.Fail(mfa.CodePhoneProtocol).Because(err)
	case kind == FrameShutdown:
		return 0, nil, mfa.Fail(mfa.CodePhoneHungUp)
	case kind == FrameUpdate:
		defer clear(body) // it may hold a link secret
		linking, err := ParseUpdate(body)
		if err != nil {
			return 0, nil, mfa.Fail(mfa.CodePhoneProtocol).Because(err)
		}
		s.takeLink(linking)
	}
	return kind, body, nil
}

// ending turns the end of a tunnel into the phone's answer, if the end was orderly.
func (s *Session) ending(err error) error {
	if mfa.IsCode(err, mfa.CodeTunnelLost) && s.tunnel.hungUp() {
		return mfa.Fail(mfa.CodePhoneHungUp).Because(s.tunnel.err)
	}
	return err
}

// takeLink checks a linking map and hands it on. A bad one is dropped and
// logged; the transaction goes on. Outside of a QR transaction the signature
// cannot be checked, so there all are dropped. The map is wiped.
func (s *Session) takeLink(linking ctapcbor.RawMessage) {
	defer clear(linking)
	if linking == nil || s.identity == nil || !s.client.OfferLinking || s.client.Linked == nil {
		return
	}
	l, err := ParseLink(linking)
	if err == nil {
		err = VerifyLink(s.identity, l, s.hash)
	}
	if err != nil {
		s.client.log().Warn("a phone's link was dropped", "why", err)
		return
	}
	if bytes.Equal(l.LinkID, s.lastLink) {
		return
	}
	s.lastLink = l.LinkID
	s.client.Linked(mfa.LinkedPhone{
		Name:         l.Name,
		ContactID:    l.ContactID,
		LinkID:       l.LinkID,
		Secret:       mfa.NewSecret(l.Secret),
		PublicKey:    l.PublicKey,
		TunnelServer: s.serverID,
		CreatedAt:    s.client.now(),
	})
}

// GetInfo is the CBOR of the phone's authenticatorGetInfo, without a status byte.
func (s *Session) GetInfo() []byte { return slices.Clone(s.getInfo) }

// Transports are the WebAuthn transports of a credential made here, sorted:
// hybrid, internal, and others that getInfo names.
func (s *Session) Transports() []string {
	found := []string{"hybrid", "internal"}
	var fields map[any]ctapcbor.RawMessage
	var listed []string
	if decodeMap(s.getInfo, &fields) == nil && typed(fields[uint64(9)], majorArray, &listed) == nil {
		for _, name := range listed {
			// "cable" is what phones of 2022 called hybrid.
			if slices.Contains([]string{"ble", "nfc", "smart-card", "usb"}, name) {
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Close ends the session: it sends the shutdown frame and returns. After an
// answer, and if linking was offered, the socket stays open for updates in the
// background until the phone closes it or the update timer ends; Client.Close
// ends that and Client.WaitIdle waits for it. A running Exchange is broken off.
// Close never fails and may be called twice.
func (s *Session) Close() error {
	s.closed.Do(func() {
		if !s.mu.TryLock() {
			s.tunnel.cut()
			return
		}
		defer s.mu.Unlock()
		if s.failed != nil {
			s.tunnel.cut()
			return
		}
		s.failed = mfa.Fail(mfa.CodeCancelled).Because(errors.New("hybrid: session is closed"))
		if sealed, err := s.tx.Seal(Frame(FrameShutdown, nil)); err == nil {
			ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
			defer cancel()
			if s.tunnel.send(ctx, sealed) != nil && !s.answered {
				s.tunnel.cut()
				return
			}
		}
		s.client.linger(s.tunnel, func() {
			if s.answered && s.identity != nil && s.client.OfferLinking {
				s.takeUpdates()
			}
			s.tunnel.close()
		})
	})
	return nil
}

// shutdownTime bounds the writing of the last frame.
const shutdownTime = time.Second

// takeUpdates reads until the phone closes or the time is up.
func (s *Session) takeUpdates() {
	for until := time.Now().Add(s.timers.Update); ; {
		sealed, err := s.tunnel.receive(context.Background(), time.Until(until), mfa.CodePhoneSilent)
		if err != nil {
			return
		}
		if kind, _, err := s.open(sealed); err != nil || kind != FrameUpdate {
			return
		}
	}
}

// linger runs the end of a session in the background.
func (c *Client) linger(t *tunnel, end func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lingering == nil {
		c.lingering = map[*tunnel]struct{}{}
	}
	if len(c.lingering) == 0 {
		c.idle = make(chan struct{})
	}
	c.lingering[t] = struct{}{}
	go func() {
		end()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.lingering, t)
		if len(c.lingering) == 0 {
			close(c.idle)
			c.idle = nil
		}
	}()
}

// WaitIdle waits until no closed session waits for updates any more. It fails
// with the context's failure.
func (c *Client) WaitIdle(ctx context.Context) error {
	c.mu.Lock()
	idle := c.idle
	c.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return mfa.AsFailure(ctx.Err())
	}
}

// Close ends what closed sessions still do in the background and waits for it.
// Open sessions are not touched.
func (c *Client) Close() error {
	c.mu.Lock()
	idle := c.idle
	for t := range c.lingering {
		t.stop()
	}
	c.mu.Unlock()
	if idle != nil {
		<-idle
	}
	return nil
}
