package virtualauth

import (
	"context"
	"crypto/x509"
	"errors"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Authenticator is a software authenticator. It is a ctap2.Channel and safe for
// concurrent use; a second request during one that waits for the person is
// answered with status 0x06.
type Authenticator struct {
	cfg      Config
	attestor *attestor     // with Packed
	turn     chan struct{} // holds one token: whoever has it exchanges

	mu      sync.Mutex // guards what follows
	faults  Faults
	store   []*credential // oldest first
	next    []ctap2.GetAssertionResponse
	nextEnd time.Time
	closed  bool

	security security
	power    power
	server   *pinuv.Server // nil when tokenless
	listing  listing       // what credential management is enumerating
}

var errClosed = mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(errors.New("virtualauth: closed"))

// nextAssertionTime is how long getNextAssertion works after the answer before
// (CTAP 2.2 section 6.3).
const nextAssertionTime = 30 * time.Second

// New makes an authenticator without credentials. It panics when its keys or the
// attestation certificates cannot be made, which only a broken Config.Rand can cause.
func New(cfg Config) *Authenticator {
	a := &Authenticator{cfg: cfg.withDefaults(), turn: make(chan struct{}, 1), faults: cfg.Faults}
	a.turn <- struct{}{}
	a.security, a.power.since = a.cfg.freshSecurity(), a.cfg.Clock()
	if !a.cfg.tokenless() {
		var err error
		if a.server, err = pinuv.NewServer(a.cfg.Rand, a.cfg.Clock); err != nil {
			panic("virtualauth: key agreement: " + err.Error())
		}
	}
	if cfg.Attestation == Packed || cfg.U2F {
		if err := a.certify(); err != nil {
			panic("virtualauth: attestation certificates: " + err.Error())
		}
	}
	return a
}

// certify gets the certificate that Packed and U2F show.
func (a *Authenticator) certify() (err error) {
	if a.cfg.Issuer == nil {
		if a.cfg.Issuer, err = NewIssuer(a.cfg.Rand, a.cfg.Clock()); err != nil {
			return err
		}
	}
	a.attestor, err = a.cfg.Issuer.attestor(a.cfg)
	return err
}

// Root is the certificate that signs the attestation certificates of Packed and
// of U2F; nil without both.
func (a *Authenticator) Root() *x509.Certificate {
	if a.attestor == nil {
		return nil
	}
	return a.cfg.Issuer.Root()
}

// SetFaults changes the faults from the next request on.
func (a *Authenticator) SetFaults(f Faults) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults = f
}

// GetInfo is the CBOR of the getInfo answer without its status byte, as a phone
// sends it after the handshake.
func (a *Authenticator) GetInfo() []byte { return encode(ctap2.EncodeInfo(a.info())) }

// Transports is Config.Transports.
func (a *Authenticator) Transports() []string { return a.cfg.Transports }

// Exchange answers one request. Whatever the request is, the answer is a status;
// an error means that ctx ended, that Config.Consent failed, or that the
// authenticator is closed (authenticator-protocol).
func (a *Authenticator) Exchange(ctx context.Context, request []byte, keepalive func(status byte)) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-a.turn:
		defer func() { a.turn <- struct{}{} }()
	default:
		return []byte{byte(ctap2.StatusChannelBusy)}, nil
	}
	if a.isClosed() {
		return nil, errClosed
	}
	data, err := a.run(ctx, request, keepalive)
	var status ctap2.Status
	switch {
	case err == nil:
		return append([]byte{byte(ctap2.StatusOK)}, data...), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &status):
		return []byte{byte(status)}, nil
	}
	return nil, err
}

// run carries out one command. A status as error is the answer.
func (a *Authenticator) run(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	if len(request) == 0 {
		return nil, ctap2.StatusInvalidLength
	}
	if a.cfg.isKey() && len(request) > keyMessage {
		return nil, ctap2.StatusRequestTooLarge
	}
	command, params := request[0], request[1:]
	if command != ctap2.CommandGetNextAssertion {
		a.setNext(nil)
	}
	if command != ctap2.CommandCredentialManagement && command != ctap2.CommandCredentialManagementPreview {
		a.setListing(listing{})
	}
	ask := func(ctx context.Context, p Prompt) (Decision, error) {
		if keepalive != nil {
			keepalive(ctap2.KeepaliveUPNeeded)
		}
		return a.cfg.Consent(ctx, p)
	}
	switch command {
	case ctap2.CommandGetInfo:
		if len(params) > 0 {
			return nil, ctap2.StatusInvalidLength
		}
		return a.GetInfo(), nil
	case ctap2.CommandMakeCredential:
		req, err := ctap2.DecodeMakeCredentialRequest(params)
		if err != nil {
			return nil, err
		}
		return a.create(ctx, req, ask)
	case ctap2.CommandGetAssertion:
		req, err := ctap2.DecodeGetAssertionRequest(params)
		if err != nil {
			return nil, err
		}
		return a.get(ctx, req, ask)
	case ctap2.CommandGetNextAssertion:
		return a.getNext()
	case ctap2.CommandClientPIN:
		return a.clientPIN(ctx, params, ask)
	case ctap2.CommandCredentialManagement, ctap2.CommandCredentialManagementPreview:
		return a.manage(command, params)
	case ctap2.CommandSelection:
		return nil, a.bare(params, func() error { return a.selection(ctx, ask) })
	case ctap2.CommandReset:
		return nil, a.bare(params, func() error { return a.reset(ctx, ask) })
	}
	return nil, ctap2.StatusInvalidCommand
}

type asking func(context.Context, Prompt) (Decision, error)

// bare runs a command that has no parameters.
func (a *Authenticator) bare(params []byte, run func() error) error {
	if len(params) > 0 {
		return ctap2.StatusInvalidLength
	}
	return run()
}

// Close wipes the keys. Exchanges fail afterwards. It may be called twice.
func (a *Authenticator) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.store {
		c.wipe()
	}
	clear(a.security.PINHash)
	a.security.PINHash = nil
	if a.server != nil {
		a.server.Revoke()
	}
	a.store, a.next, a.listing, a.closed = nil, nil, listing{}, true
	return nil
}

func (a *Authenticator) isClosed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.closed
}

func (a *Authenticator) currentFaults() Faults {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.faults
}

// encode passes over an error that cannot happen: all values are of encodable types.
func encode(b []byte, err error) []byte {
	if err != nil {
		panic("virtualauth: " + err.Error())
	}
	return b
}
