package phonesim

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
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
	Reachable  func()                          // called by Serve whenever the phone can be rung; may be nil
	HTTP       *http.Client                    // for the tunnel; nil is hybrid's own
	Timers     hybrid.Timers                   // zero fields are hybrid's defaults
	Retry      time.Duration                   // Serve: pause after the relay was lost; default 2 s
	Clock      func() time.Time
	Rand       io.Reader
	Log        *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = DefaultName
	}
	if c.Model == "" {
		c.Model = Android
	}
	if c.Behaviour == "" {
		c.Behaviour = Ask
	}
	if c.Retry <= 0 {
		c.Retry = 2 * time.Second
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
	return c
}

// Phone is one simulated phone. It does one transaction at a time: a new code
// ends what runs, as it does on a phone whose camera is opened again. It is safe
// for concurrent use.
type Phone struct {
	c Config

	turn   sync.Mutex // held while transactions change over
	mu     sync.Mutex // guards what is below; never held during I/O
	state  State
	memory memory
	asked  chan bool // the open question; nil when there is none
	now    *transaction
	closed bool
}

// transaction is what runs now.
type transaction struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

// Open makes a phone and reads what it remembers from Path. It fails with
// invalid-input (field model or behaviour), storage-failed, storage-denied, or
// database-damaged when the file is not one of its own.
func Open(c Config) (*Phone, error) {
	c = c.withDefaults()
	if err := check(c.Behaviour, c.Model); err != nil {
		return nil, err
	}
	m, err := recall(c.Path, c.Rand)
	if err != nil {
		return nil, err
	}
	return &Phone{c: c, memory: m, state: State{Phase: PhaseIdle, Model: c.Model, Behaviour: c.Behaviour, Name: c.Name}}, nil
}

// Configure selects which phone is imitated and what it does from the next
// transaction on. It fails with invalid-input (field model or behaviour).
func (p *Phone) Configure(b Behaviour, m Model) error {
	if err := check(b, m); err != nil {
		return err
	}
	p.update(func(s *State) { s.Behaviour, s.Model = b, m })
	return nil
}

// State is what the screen shows now.
func (p *Phone) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// Stop ends the running transaction, if there is one, and waits for its end.
func (p *Phone) Stop() {
	p.turn.Lock()
	defer p.turn.Unlock()
	p.interrupt()
}

// Close ends what is running and waits for it. The phone cannot be used afterwards.
func (p *Phone) Close() error {
	p.turn.Lock()
	defer p.turn.Unlock()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.interrupt()
	return nil
}

// update changes the state and tells it. Changed runs under the lock, so that
// changes are told in their order.
func (p *Phone) update(change func(*State)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.state)
	if p.c.Changed != nil {
		p.c.Changed(p.state)
	}
}
