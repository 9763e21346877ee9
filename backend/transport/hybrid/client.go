package hybrid

import (
	"context"
	"crypto/ecdh"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// Client is the desktop's side. Its zero value needs a Scanner and nothing else.
//
//	Connect                                   ConnectLinked
//	   |  Probe                                  |  Probe
//	needs-bluetooth                           needs-bluetooth
//	   |  Scan listens, key and secret made      |  Scan listens, nonce made
//	show-qr                                   ring-phone
//	   |  advert under our EID key               |  upgrade /cable/contact and advert, in any order
//	phone-seen                                phone-seen
//	   |                                         |
//	connecting: upgrade /cable/connect        connecting
//	   |  KNpsk0, post-handshake message         |  NKpsk0, post-handshake message
//	Session                                   Session
//
// There is no way past the advert: the nonce in it is what proves that the phone
// is near. One advert and one connection are taken per transaction, so whoever
// photographs the code can at most race the person, and the loser sees a failure.
type Client struct {
	Scanner   transport.Scanner
	DomainURL DomainURL    // nil = PublicDomainURL
	HTTP      *http.Client // nil = TLS 1.2 or newer, web PKI. Its Timeout, Jar and CheckRedirect are not used
	Timers    Timers       // zero fields = defaults

	// OfferLinking lets phones give a link. Linked takes each one whose
	// signature is right, ID and PrincipalID empty; it is called from Exchange or,
	// until the update timer ends, in the background.
	OfferLinking bool
	Linked       func(mfa.LinkedPhone)

	// Grease adds an unknown key to one code in four, to keep readers tolerant.
	Grease bool

	Clock func() time.Time // nil = time.Now
	Rand  io.Reader        // nil = crypto/rand
	Log   *slog.Logger     // nil = none

	mu        sync.Mutex
	lingering map[*tunnel]struct{}
	idle      chan struct{} // closed when lingering becomes empty; nil while it is
}

// Connect runs a QR-initiated transaction (CTAP 2.2 section 11.5.1) up to the
// post-handshake message. The caller closes the session.
//
// It fails with mfa bluetooth-..., code-expired (no phone was heard in time),
// tunnel-..., handshake-failed, phone-silent, phone-protocol, phone-too-old,
// phone-no-passkeys or cancelled.
func (c *Client) Connect(ctx context.Context, r Request, report mfa.Report) (*Session, error) {
	timers := c.Timers.withDefaults()
	radio, err := c.probe(ctx, report)
	if err != nil {
		return nil, err
	}
	code, identity, err := c.newCode(r)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	defer code.Wipe()
	secret := code.Secret.Bytes()

	watch, err := c.listen(ctx, Derive(secret, nil, PurposeEIDKey, eidKeySize), false)
	if err != nil {
		return nil, err
	}
	defer watch.end()
	report.To(mfa.Progress{Stage: mfa.StageShowQR, QR: code.URI(), Until: c.now().Add(timers.Code), Radio: radio})

	seen, err := watch.wait(ctx, timers.Code, func(s mfa.Sighting) { report.To(mfa.Progress{Stage: mfa.StageShowQR, Radio: radio, Sighting: &s}) })
	if err != nil {
		return nil, err
	}
	watch.cancel()
	report.To(mfa.Progress{Stage: mfa.StagePhoneSeen, Radio: radio, Signal: seen.signal, Sighting: seen.told()})
	report.To(mfa.Progress{Stage: mfa.StageConnecting, Radio: radio})

	base, err := c.domainURL(seen.eid.ServerID())
	if err != nil {
		return nil, err
	}
	tunnelID := Derive(secret, nil, PurposeTunnelID, tunnelIDSize)
	t, err := c.dialer(timers).dial(ctx, ConnectURL(base, seen.eid.RoutingID(), tunnelID), nil, false)
	if err != nil {
		return nil, err
	}
	psk := Derive(secret, seen.eid[:], PurposePSK, keySize)
	defer clear(psk)
	return c.handshake(ctx, t, timers, &Session{identity: identity, serverID: seen.eid.ServerID()},
		func(ephemeral *ecdh.PrivateKey) (*Initiator, []byte, error) { return StartQR(psk, identity, ephemeral) })
}

// ConnectLinked runs a state-assisted transaction with a phone that gave a link.
//
// It fails as Connect does, except that a phone which is not heard is
// phone-not-near, and one that no longer accepts the link is link-gone: delete it.
func (c *Client) ConnectLinked(ctx context.Context, phone mfa.LinkedPhone, r Request, report mfa.Report) (*Session, error) {
	timers := c.Timers.withDefaults()
	identity, err := ecdh.P256().NewPublicKey(phone.PublicKey)
	if err != nil || phone.Secret.Len() != linkSecretSize || len(phone.LinkID) != linkIDSize {
		return nil, mfa.Fail(mfa.CodeLinkGone).Because(errLink)
	}
	base, err := c.domainURL(phone.TunnelServer)
	if err != nil {
		return nil, err
	}
	radio, err := c.probe(ctx, report)
	if err != nil {
		return nil, err
	}
	nonce, err := newBytes(orRandom(c.Rand), clientNonceSize)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	secret := phone.Secret.Bytes()
	watch, err := c.listen(ctx, Derive(secret, nonce, PurposeEIDKey, eidKeySize), true)
	if err != nil {
		return nil, err
	}
	defer watch.end()
	report.To(mfa.Progress{Stage: mfa.StageRingPhone, Radio: radio})

	name, value := ClientPayloadHeader(phone.LinkID, nonce, r)
	header := http.Header{name: {value}, headerSignal: {"true"}}
	t, seen, err := c.ring(ctx, timers, ContactURL(base, phone.ContactID), header, watch,
		func(s mfa.Sighting) { report.To(mfa.Progress{Stage: mfa.StageRingPhone, Radio: radio, Sighting: &s}) },
		func(s sighting) {
			report.To(mfa.Progress{Stage: mfa.StagePhoneSeen, Radio: radio, Signal: s.signal, Sighting: s.told()})
		})
	if err != nil {
		return nil, err
	}
	watch.cancel()
	report.To(mfa.Progress{Stage: mfa.StageConnecting, Radio: radio})

	psk := Derive(secret, seen.eid[:], PurposePSK, keySize)
	defer clear(psk)
	return c.handshake(ctx, t, timers, new(Session),
		func(ephemeral *ecdh.PrivateKey) (*Initiator, []byte, error) {
			return StartLinked(psk, identity, ephemeral)
		})
}

// ring opens the contact socket while the radio listens, and waits for both.
func (c *Client) ring(ctx context.Context, timers Timers, target string, header http.Header, watch *watch, tell func(mfa.Sighting), phoneSeen func(sighting)) (t *tunnel, seen sighting, err error) {
	ctx, cancel := context.WithCancel(ctx)
	type opened struct {
		t   *tunnel
		err error
	}
	dialed := make(chan opened, 1)
	go func() {
		t, err := c.dialer(timers).dial(ctx, target, header, true)
		dialed <- opened{t, err}
	}()
	waiting := true
	defer func() {
		cancel()
		if waiting {
			t = (<-dialed).t
		}
		if err != nil && t != nil {
			t.cut()
			t = nil
		}
	}()

	near := time.NewTimer(0)
	near.Stop()
	var ended chan struct{}
	heard, hit := false, watch.hit
	for !heard || t == nil {
		select {
		case o := <-dialed:
			waiting = false
			if o.err != nil {
				return nil, seen, o.err
			}
			t, ended = o.t, o.t.ended
			near.Reset(timers.LinkedAdvert)
		case seen = <-hit:
			heard, hit = true, nil
			phoneSeen(seen)
		case o := <-watch.others:
			tell(o)
		case <-watch.unlessHeard(heard):
			return t, seen, watch.failure(ctx)
		case <-ended:
			return t, seen, t.lost()
		case <-near.C:
			return t, seen, mfa.Fail(mfa.CodePhoneNotNear)
		case <-ctx.Done():
			return t, seen, mfa.AsFailure(ctx.Err())
		}
	}
	return t, seen, nil
}

// handshake runs Noise and takes the post-handshake message. s comes with what
// depends on the kind of transaction; start writes message 1.
func (c *Client) handshake(ctx context.Context, t *tunnel, timers Timers, s *Session,
	start func(*ecdh.PrivateKey) (*Initiator, []byte, error)) (_ *Session, err error) {
	defer func() {
		if err != nil {
			t.cut()
		}
	}()
	ephemeral, err := newKey(orRandom(c.Rand))
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	initiator, message1, err := start(ephemeral)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeHandshakeFailed).Because(err)
	}
	if err := t.send(ctx, message1); err != nil {
		return nil, err
	}
	if t.header.Get(headerSignal) != "" {
		// The server echoed our wish: one zero byte tells that the phone has connected.
		signal, err := t.receive(ctx, timers.Handshake, mfa.CodePhoneSilent)
		if err != nil {
			return nil, err
		}
		if len(signal) != 1 || signal[0] != 0 {
			return nil, mfa.Fail(mfa.CodeTunnelProtocol, "host", t.host)
		}
	}
	message2, err := t.receive(ctx, timers.Handshake, mfa.CodePhoneSilent)
	if err != nil {
		return nil, err
	}
	keys, err := initiator.Finish(message2)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeHandshakeFailed).Because(err)
	}
	defer keys.Wipe()
	s.client, s.tunnel, s.timers, s.hash = c, t, timers, keys.Hash
	s.tx = &Crypter{aead: newGCM(keys.ClientToPhone)}
	s.rx = &Crypter{aead: newGCM(keys.PhoneToClient)}

	sealed, err := t.receive(ctx, timers.PostHandshake, mfa.CodePhoneSilent)
	if err != nil {
		return nil, err
	}
	message, err := s.rx.Open(sealed)
	if err != nil {
		return nil, mfa.Fail(mfa.CodePhoneProtocol).Because(err)
	}
	defer clear(message) // it may hold a link secret
	p, err := ParsePostHandshake(message)
	switch {
	case err != nil:
		return nil, mfa.Fail(mfa.CodePhoneProtocol).Because(err)
	case p.Revision == 0:
		return nil, mfa.Fail(mfa.CodePhoneTooOld)
	case !p.HasCTAP():
		return nil, mfa.Fail(mfa.CodePhoneNoPasskeys)
	}
	s.getInfo = p.GetInfo
	s.takeLink(p.Linking)
	return s, nil
}

// newCode makes the code and its key: both new for every transaction.
func (c *Client) newCode(r Request) (*QRCode, *ecdh.PrivateKey, error) {
	random := orRandom(c.Rand)
	identity, err := newKey(random)
	if err != nil {
		return nil, nil, err
	}
	secret, err := newBytes(random, secretSize)
	if err != nil {
		return nil, nil, err
	}
	q := NewQRCode(identity.PublicKey(), secret, r, c.now(), c.OfferLinking)
	if c.Grease {
		dice, err := newBytes(random, 4)
		if err != nil {
			return nil, nil, err
		}
		if dice[0]&3 == 0 {
			// Two-byte keys are far from those that mean something.
			q.encode(int64(binary.BigEndian.Uint16(dice[1:])|0x100), dice[3])
		}
	}
	return q, identity, nil
}

func (c *Client) probe(ctx context.Context, report mfa.Report) (string, error) {
	report.To(mfa.Progress{Stage: mfa.StageNeedsBluetooth})
	radio, err := c.Scanner.Probe(ctx)
	if err != nil {
		return "", radioFailure(ctx, err)
	}
	return radio, nil
}

// radioFailure lets a Failure through; anything else from a radio is bluetooth-failed.
func radioFailure(ctx context.Context, err error) error {
	var f *mfa.Failure
	switch {
	case ctx.Err() != nil:
		return mfa.AsFailure(ctx.Err())
	case errors.As(err, &f):
		return f
	default:
		return mfa.Fail(mfa.CodeRadioFailed).Because(err)
	}
}

func (c *Client) domainURL(id uint16) (string, error) { return resolve(c.DomainURL, id) }

func resolve(domainURL DomainURL, id uint16) (string, error) {
	if domainURL == nil {
		domainURL = PublicDomainURL
	}
	return domainURL(id)
}

func (c *Client) dialer(timers Timers) dialer {
	return dialer{http: c.HTTP, timeout: timers.Upgrade, peer: mfa.CodePhoneProtocol}
}

func (c *Client) now() time.Time {
	if c.Clock == nil {
		return time.Now()
	}
	return c.Clock()
}

func (c *Client) log() *slog.Logger { return orDiscard(c.Log) }

func orDiscard(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
