package hybrid

import (
	"context"
	"crypto/ecdh"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// Phone is the authenticator's side of one or more transactions.
//
//	Answer                                    AnswerLinked
//	   |  upgrade /cable/new: routing ID         |  upgrade /cable/new: the client is waiting there
//	   |  advert under the code's EID key        |  advert under the link's EID key
//	   |  message 1 opens: stop the advert       |  the same
//	   |  message 2, post-handshake message      |  the same
//	   |  an update, with a link or padding only |
//	   |  requests and answers until shutdown    |  the same
//
// Nothing is sent before message 1 has opened with the PSK.
type Phone struct {
	Advertiser transport.Advertiser
	DomainURL  DomainURL // nil = PublicDomainURL
	ServerID   uint16    // of the tunnel server used
	HTTP       *http.Client
	Timers     Timers
	Clock      func() time.Time
	Rand       io.Reader
	Log        *slog.Logger

	GetInfo    []byte   // CBOR without status byte; nil for a phone without passkeys
	Features   []string // nil = "ctap" alone, which is not sent
	LegacyUUID bool     // advertise under 0xFDE2, as iOS 16
	Suffix     []byte   // CTAP 2.3 bytes behind the advert
	OneRequest bool     // hang up after one answer, as real phones do

	// Handle answers one CTAP message (command byte and CBOR) with status byte
	// and CBOR. Its context ends when the client goes away. ErrHangUp closes
	// the tunnel without an answer.
	Handle func(ctx context.Context, request []byte) (response []byte, err error)

	Link     *PhoneLink // given to clients whose code allows it; nil gives none
	LinkLate bool       // give it after the shutdown frame, not after the post-handshake message

	Faults Faults
}

// ErrHangUp is how Handle says that the phone closes instead of answering.
var ErrHangUp = errors.New("hybrid: the phone hangs up")

// DropPoint is where a faulty phone closes its socket.
type DropPoint string

const (
	DropNever          DropPoint = ""
	DropBeforeConnect  DropPoint = "before-connect"  // adverts for a tunnel that is gone
	DropAtHandshake    DropPoint = "at-handshake"    // message 1 came, nothing goes back
	DropAfterHandshake DropPoint = "after-handshake" // no post-handshake message
	DropAfterConnect   DropPoint = "after-connect"   // post-handshake message sent
	DropAfterRequest   DropPoint = "after-request"   // the request came, no answer
)

// Faults are what a simulated phone does wrong. The zero value is a good phone.
type Faults struct {
	WrongEID  bool      // advertise under a key that is not the code's
	Drop      DropPoint // close the socket there
	Revision0 bool      // speak as phones did before 2022
	BadLink   bool      // sign links for another transaction
	PushyLink bool      // give a link though the code did not allow it, or there is no code
}

// LinkedCall is what wakes a phone for a state-assisted transaction.
type LinkedCall struct {
	Link        *PhoneLink
	ClientNonce []byte // 16 bytes
	Request     Request
	TunnelID    []byte // 16 bytes, chosen by the relay
}

// phoneTransaction is what differs between the two kinds.
type phoneTransaction struct {
	tunnelID []byte
	secret   []byte
	salt     []byte // of the EID key
	client   *ecdh.PublicKey
	linkable bool
	newEID   func(routingID []byte) (EID, error)
	answer   func(psk []byte, ephemeral *ecdh.PrivateKey, message1 []byte) ([]byte, *Keys, error)
}

// Answer runs one QR transaction to its end. An end by shutdown, or by the client
// closing after an answer, is no error.
//
// It fails with mfa bluetooth-..., tunnel-..., computer-silent (no client came, or
// it sent nothing), computer-hung-up (closed before an answer),
// computer-protocol, handshake-failed, cancelled, or with Handle's error.
func (p *Phone) Answer(ctx context.Context, code *QRCode) error {
	client, err := code.Identity()
	if err != nil {
		return mfa.Fail(mfa.CodeCodeDamaged).Because(err)
	}
	if made := time.Unix(code.Timestamp, 0); code.Timestamp != 0 && p.now().Sub(made).Abs() > codeAge {
		orDiscard(p.Log).Warn("the code is not of this time", "made", made)
	}
	secret := code.Secret.Bytes()
	return p.run(ctx, phoneTransaction{
		tunnelID: Derive(secret, nil, PurposeTunnelID, tunnelIDSize),
		secret:   secret,
		client:   client,
		linkable: code.StateAssisted,
		newEID: func(routingID []byte) (EID, error) {
			nonce, err := newBytes(orRandom(p.Rand), 10)
			if err != nil {
				return EID{}, err
			}
			return NewEID(nonce, routingID, p.ServerID)
		},
		answer: func(psk []byte, ephemeral *ecdh.PrivateKey, message1 []byte) ([]byte, *Keys, error) {
			return AnswerQR(psk, client, ephemeral, message1)
		},
	})
}

// AnswerLinked runs one state-assisted transaction to its end. It fails as
// Answer does, and with link-gone when the call names no whole link.
func (p *Phone) AnswerLinked(ctx context.Context, call LinkedCall) error {
	if l := call.Link; l == nil || l.Identity == nil || len(l.Secret) != linkSecretSize {
		return mfa.Fail(mfa.CodeLinkGone)
	}
	if len(call.ClientNonce) != clientNonceSize || len(call.TunnelID) != tunnelIDSize {
		return mfa.Fail(mfa.CodeComputerProtocol)
	}
	return p.run(ctx, phoneTransaction{
		tunnelID: call.TunnelID,
		secret:   call.Link.Secret,
		salt:     call.ClientNonce,
		// The routing has happened. The server ID is written all the same,
		// because Chromium's client checks it and would drop 1 advert in 258.
		newEID: func([]byte) (EID, error) {
			random, err := newBytes(orRandom(p.Rand), 13)
			if err != nil {
				return EID{}, err
			}
			return NewEID(random[:10], random[10:], p.ServerID)
		},
		answer: func(psk []byte, ephemeral *ecdh.PrivateKey, message1 []byte) ([]byte, *Keys, error) {
			return AnswerLinked(psk, call.Link.Identity, ephemeral, message1)
		},
	})
}

func (p *Phone) run(ctx context.Context, x phoneTransaction) (err error) {
	timers := p.Timers.withDefaults()
	base, err := resolve(p.DomainURL, p.ServerID)
	if err != nil {
		return err
	}
	t, err := p.dialer(timers).dial(ctx, NewURL(base, x.tunnelID), nil, false)
	if err != nil {
		return err
	}
	defer t.cut()
	routingID, err := t.routingID()
	if err != nil {
		return err
	}
	eid, err := x.newEID(routingID)
	if err != nil {
		return mfa.Fail(mfa.CodeInternal).Because(err)
	}
	if p.Faults.Drop == DropBeforeConnect {
		t.close()
	}

	message1, err := p.awaitClient(ctx, t, timers, x, eid)
	if err != nil || p.Faults.Drop == DropBeforeConnect || p.Faults.Drop == DropAtHandshake {
		return err
	}
	defer func() {
		// From here on somebody was there: a lost line is theirs.
		if mfa.IsCode(err, mfa.CodeTunnelLost) {
			err = mfa.Fail(mfa.CodeComputerHungUp).Because(t.err)
		}
	}()
	psk := Derive(x.secret, eid[:], PurposePSK, keySize)
	defer clear(psk)
	ephemeral, err := newKey(orRandom(p.Rand))
	if err != nil {
		return mfa.Fail(mfa.CodeInternal).Because(err)
	}
	message2, keys, err := x.answer(psk, ephemeral, message1)
	if err != nil {
		return mfa.Fail(mfa.CodeHandshakeFailed).Because(err)
	}
	defer keys.Wipe()
	if err := t.send(ctx, message2); err != nil || p.Faults.Drop == DropAfterHandshake {
		return err
	}
	s := &phoneSession{
		phone: p, tunnel: t, timers: timers, x: x, hash: keys.Hash,
		tx: &Crypter{aead: newGCM(keys.PhoneToClient)},
		rx: &Crypter{aead: newGCM(keys.ClientToPhone)},
	}
	if err := s.greet(ctx); err != nil || p.Faults.Drop == DropAfterConnect {
		return err
	}
	return s.serve(ctx)
}

// awaitClient advertises until message 1 is there. A radio that fails ends it.
func (p *Phone) awaitClient(ctx context.Context, t *tunnel, timers Timers, x phoneTransaction, eid EID) ([]byte, error) {
	key := Derive(x.secret, x.salt, PurposeEIDKey, eidKeySize)
	defer clear(key)
	if p.Faults.WrongEID {
		key[0] ^= 1
		key[keySize] ^= 1
	}
	data, err := EncryptEID(key, eid)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	advert := transport.Advert{Service: transport.ServiceFIDO, Data: append(data, p.Suffix...)}
	if p.LegacyUUID {
		advert.Service = transport.ServiceLegacy
	}

	waiting, stop := context.WithCancelCause(ctx)
	advertised := make(chan struct{})
	go func() {
		defer close(advertised)
		if err := p.Advertiser.Advertise(waiting, advert); waiting.Err() == nil {
			if err == nil {
				err = errors.New("hybrid: the radio stopped advertising")
			}
			stop(radioFailure(ctx, err))
		}
	}()
	defer func() {
		stop(nil)
		<-advertised
	}()

	if p.Faults.Drop == DropBeforeConnect {
		return nil, p.hold(waiting, timers.ClientConnect)
	}
	message1, err := t.receive(waiting, timers.ClientConnect, mfa.CodeComputerSilent)
	if cause := context.Cause(waiting); err != nil && cause != nil && ctx.Err() == nil {
		return nil, cause
	}
	return message1, err
}

// hold goes on advertising for a tunnel that is gone.
func (p *Phone) hold(ctx context.Context, within time.Duration) error {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return mfa.AsFailure(context.Cause(ctx))
	}
}

func (p *Phone) dialer(timers Timers) dialer {
	return dialer{http: p.HTTP, timeout: timers.Upgrade, peer: mfa.CodeComputerProtocol}
}

func (p *Phone) now() time.Time {
	if p.Clock == nil {
		return time.Now()
	}
	return p.Clock()
}
