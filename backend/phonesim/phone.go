package phonesim

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// DefaultName is what the phone calls itself when Config.Name is empty.
const DefaultName = "Simulated phone"

// Config is what a Phone is made of. Advertiser and DomainURL are required.
type Config struct {
	Name       string
	Advertiser transport.Advertiser
	DomainURL  func(id uint16) (string, error) // tunnel server ID to "ws://HOST" or "wss://HOST"
	ServerID   uint16                          // the tunnel server it opens tunnels at
	Path       string                          // file of its passkeys and links, mode 0600; "" keeps them in memory
	Model      Model                           // default Android
	Behaviour  Behaviour                       // default Ask
	Changed    func(State)                     // called after each change, in order, from any goroutine; must not block or call back
	Clock      func() time.Time
	Rand       io.Reader
	Log        *slog.Logger
}

// Phone is one simulated phone. It does one transaction at a time and is safe
// for concurrent use.
type Phone struct {
	c Config

	mu       sync.Mutex
	state    State
	busy     bool
	question chan bool // open while asking
	closed   context.Context
	close    context.CancelFunc
}

// Open makes a phone and reads what it remembers from Path. It fails with
// invalid-input (field model or behaviour), storage-failed or storage-denied.
func Open(c Config) (*Phone, error) {
	if c.Name == "" {
		c.Name = DefaultName
	}
	if c.Model == "" {
		c.Model = Android
	}
	if c.Behaviour == "" {
		c.Behaviour = Ask
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if err := check(c.Behaviour, c.Model); err != nil {
		return nil, err
	}
	p := &Phone{c: c, state: State{Phase: PhaseIdle, Model: c.Model, Behaviour: c.Behaviour, Name: c.Name}}
	p.closed, p.close = context.WithCancel(context.Background())
	return p, nil
}

// Configure selects what the phone does with the next request. It fails with
// invalid-input, and with ceremony-running during a transaction.
func (p *Phone) Configure(b Behaviour, m Model) error {
	if err := check(b, m); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy {
		return mfa.Fail(mfa.CodeBusy)
	}
	p.state.Behaviour, p.state.Model = b, m
	p.changed()
	return nil
}

// State is what the screen shows now.
func (p *Phone) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// Answer answers the question on the screen. It fails with invalid-input when
// there is none.
func (p *Phone) Answer(approve bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.question == nil {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "answer")
	}
	p.question <- approve // buffered
	p.question = nil
	return nil
}

// Close ends what is running. The phone cannot be used afterwards.
func (p *Phone) Close() error {
	p.close()
	return nil
}

// update changes the state and tells it. Changed runs under the lock, so that
// changes are told in their order.
func (p *Phone) update(change func(*State)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.state)
	p.changed()
}

func (p *Phone) changed() {
	if p.c.Changed != nil {
		p.c.Changed(p.state)
	}
}
