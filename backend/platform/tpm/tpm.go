package tpm

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-tpm/tpm2/transport"

	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/mfa"
)

// AAGUID names this authenticator's model: e4dc5d89-1dc2-4154-8968-d3953592fe0f. It
// is a label. Nobody vouches for it: see "Attestation" in the package's description.
var AAGUID = mfa.AAGUID{0xe4, 0xdc, 0x5d, 0x89, 0x1d, 0xc2, 0x41, 0x54, 0x89, 0x68, 0xd3, 0x95, 0x35, 0x92, 0xfe, 0x0f}

// Operation is what a person is asked to agree to.
type Operation string

const (
	OpCreate Operation = "create"
	OpGet    Operation = "get"
	OpReset  Operation = "reset"
	OpSelect Operation = "select"
)

// Prompt is one question for the person at this computer.
type Prompt struct {
	Op       Operation
	RPID     string // OpCreate, OpGet
	UserName string // OpCreate, and OpGet with one account
}

// Device opens a TPM. It gives an mfa.Failure, as SystemDevice does.
type Device func() (transport.TPMCloser, error)

// Config is what an Authenticator is made of.
type Config struct {
	Device Device // nil is SystemDevice
	Store  mfa.LocalStore
	Clock  func() time.Time // nil is time.Now
	Rand   io.Reader        // nil is crypto/rand
	// Consent asks the person; nil: who typed the PIN is there and agrees.
	Consent func(ctx context.Context, p Prompt) (bool, error)
	// Patience bounds one TPM command; 0 is 30 s.
	Patience time.Duration
}

// Authenticator is this computer. It is a ctap2.Channel and, by its shape, an
// authenticator.Authenticator. It is safe for concurrent use; exchanges wait for one
// another.
type Authenticator struct {
	cfg  Config
	bus  *bus
	life context.Context // ends with Close
	end  context.CancelFunc
	once sync.Once
	turn chan struct{} // holds one token: whoever has it exchanges
	info atomic.Pointer[[]byte]

	// What follows belongs to the turn.
	call    *call
	pins    *pinuv.Server
	secret  *mfa.Secret // what the PIN opened: the auth value of the keys, for as long as the token lives
	since   time.Time   // when it was opened
	wrongAt time.Time   // the last wrong PIN
	parent  *parent
	next    *following
	listing *listing
}

// Open opens the TPM and looks whether it can guard a PIN. Nothing is made in it
// before a PIN is set.
//
// tpm-missing, tpm-denied (node), tpm-failed (why: gone, silent, answer, no-guard,
// broken, old; code: the TPM's own, in hexadecimal), and the failures of Config.Store.
func Open(ctx context.Context, cfg Config) (*Authenticator, error) {
	if cfg.Device == nil {
		cfg.Device = SystemDevice
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Patience == 0 {
		cfg.Patience = 30 * time.Second
	}
	device, err := cfg.Device()
	if err != nil {
		return nil, err
	}
	a := &Authenticator{cfg: cfg, bus: &bus{device: device, patience: cfg.Patience, hung: make(chan struct{})}, turn: make(chan struct{}, 1)}
	a.life, a.end = context.WithCancel(context.Background())
	a.turn <- struct{}{}
	if err := a.start(ctx); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func (a *Authenticator) start(ctx context.Context) (err error) {
	if a.pins, err = pinuv.NewServer(a.cfg.Rand, a.cfg.Clock); err != nil {
		return err
	}
	_, err = a.hold(ctx, func(ctx context.Context) ([]byte, error) {
		g, err := a.guard(ctx)
		if err == nil && !g.works() {
			err = failed(whyNoGuard, errors.New("tpm: its dictionary-attack protection is switched off"))
		}
		if err != nil {
			return nil, err
		}
		return nil, a.tell(ctx)
	})
	return err
}

// Probe reports whether there is a TPM that this program may use and that can guard
// a PIN; nil is SystemDevice. The failures are those of Open.
func Probe(ctx context.Context, device Device) error {
	a, err := Open(ctx, Config{Device: device, Store: nothing{}})
	if err != nil {
		return err
	}
	return a.Close()
}

// nothing is the store of a probe.
type nothing struct{ mfa.LocalStore }

func (nothing) LocalState(context.Context) (mfa.LocalState, error) { return mfa.LocalState{}, nil }
func (nothing) LocalPasskeys(context.Context, string) ([]mfa.LocalPasskey, error) {
	return nil, nil
}

// GetInfo is the CBOR of the getInfo answer without its status byte, as of the last
// exchange.
func (a *Authenticator) GetInfo() []byte { return *a.info.Load() }

// Transports is "internal" alone.
func (a *Authenticator) Transports() []string { return []string{"internal"} }

// Close ends what runs, forgets what the PIN opened, takes our objects out of the
// TPM and lets it go. It may be called twice.
func (a *Authenticator) Close() error {
	var err error
	a.once.Do(func() {
		a.end()
		select {
		case <-a.turn: // never given back: exchanges fail from now on
			a.forget()
			a.dropParent()
			a.turn <- struct{}{}
		case <-a.bus.hung:
		case <-time.After(closePatience):
			// A command takes long. What it holds is dropped with the device.
		}
		err = a.bus.close()
	})
	return err
}

// closePatience is how long Close waits for a command that runs.
const closePatience = 3 * time.Second
