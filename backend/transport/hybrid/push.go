package hybrid

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// How a linked phone is woken is private to each vendor: it is not part of the
// specification. This file is the convention between our own phones and our own
// relay, and nobody else speaks it:
//
//   - a phone that gave links keeps a WebSocket (subprotocol fido.cable) open at
//     /cable/phone/CONTACTID, the contact ID in base64url without padding;
//   - for each client at /cable/contact/CONTACTID the relay sends one binary
//     message into it, the CBOR map {1: client payload, 2: tunnel ID of 16 bytes};
//   - the phone connects to /cable/new/TUNNELID as after a code, and the relay
//     pairs the two.

// Call is one such message: who rings, and where to meet.
type Call struct {
	LinkID      []byte // 8 bytes
	ClientNonce []byte // 16 bytes
	Request     Request
	TunnelID    []byte // 16 bytes
}

// PhoneURL is where a phone waits for calls.
func PhoneURL(base string, contactID []byte) string {
	return base + "/cable/phone/" + base64.RawURLEncoding.EncodeToString(contactID)
}

// EncodeCall writes the relay's message. payload is the client's, as it came.
func EncodeCall(payload, tunnelID []byte) []byte {
	return ctapcbor.MustMarshal(map[int]any{1: payload, 2: tunnelID})
}

// ParseCall reads the relay's message.
func ParseCall(message []byte) (*Call, error) {
	var fields map[any]ctapcbor.RawMessage
	if err := decodeMap(message, &fields); err != nil {
		return nil, err
	}
	var payload []byte
	if err := typed(fields[uint64(1)], majorBytes, &payload); err != nil {
		return nil, err
	}
	c := new(Call)
	if err := bytesField(fields, 2, tunnelIDSize, &c.TunnelID); err != nil {
		return nil, err
	}
	var err error
	c.LinkID, c.ClientNonce, c.Request, err = ParseClientPayload(payload)
	return c, err
}

// AwaitCalls keeps the phone reachable under a contact ID until ctx ends or the
// relay is lost, and hands each call on. waiting, which may be nil, is called
// when calls can arrive. A call that cannot be read is skipped.
//
// It fails with mfa cancelled or tunnel-...; the caller decides when to try again.
func (p *Phone) AwaitCalls(ctx context.Context, contactID []byte, waiting func(), ring func(*Call)) error {
	base, err := resolve(p.DomainURL, p.ServerID)
	if err != nil {
		return err
	}
	for {
		t, err := p.dialer(p.Timers.withDefaults()).dial(ctx, PhoneURL(base, contactID), nil, false)
		if err != nil {
			return err
		}
		if waiting != nil {
			waiting()
		}
		err = p.takeCalls(ctx, t, ring)
		t.cut()
		// The bound on messages is for one transaction; here it only means a
		// new socket.
		if !errors.Is(err, errTooMuch) {
			return err
		}
	}
}

func (p *Phone) takeCalls(ctx context.Context, t *tunnel, ring func(*Call)) error {
	for {
		select {
		case message, ok := <-t.in:
			if !ok {
				return t.lost()
			}
			call, err := ParseCall(message)
			if err != nil {
				orDiscard(p.Log).Warn("a call could not be read", "why", err)
				continue
			}
			ring(call)
		case <-ctx.Done():
			return mfa.AsFailure(ctx.Err())
		}
	}
}
