package simkey

import (
	"context"
	"crypto/rand"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/hid"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// Config is what a Key is made of. The zero value is a plain key that forgets
// everything when it is closed.
type Config struct {
	Model   Model               // of a key that remembers none; default Plain
	Path    string              // the file of its memory, mode 0600; "" keeps it in memory
	Changed func(State)         // called after each change, in order, from any goroutine; must not block or call back
	Issuer  *virtualauth.Issuer // of the certified models; nil: one of its own, which it remembers
	// Patience is how long it blinks before it gives up: default 30 s.
	Patience time.Duration
	Clock    func() time.Time
	Rand     io.Reader
}

func (c Config) withDefaults() Config {
	if c.Model == "" {
		c.Model = Plain
	}
	if c.Patience <= 0 {
		c.Patience = 30 * time.Second
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Changed == nil {
		c.Changed = func(State) {}
	}
	return c
}

// Key is one simulated security key. It is safe for concurrent use.
type Key struct {
	c      Config
	issuer *virtualauth.Issuer

	turn sync.Mutex // held while the key is plugged, unplugged or exchanged for another
	auth *virtualauth.Authenticator
	run  *running // nil when unplugged; changes with both locks held

	saving sync.Mutex // held while the memory is written

	mu     sync.Mutex // guards what follows; never held during I/O
	state  State
	memory memory
	asked  chan touch    // the open question; nil when there is none
	polled *poll         // the open question of U2F
	moved  chan struct{} // closed when what the bus lists has changed
	plugs  int           // how often it was plugged in
	unkept bool          // the file is older than the memory
	closed bool
}

// running is the time between plugging in and pulling out.
type running struct {
	slot  string
	port  *port
	end   context.CancelFunc
	ended chan struct{}
}

// Open takes the key out of the drawer: as it was left, or a new one, which is not
// plugged in. It fails with invalid-input (field model), storage-failed,
// storage-denied, or database-damaged when the file is not one of its own.
func Open(c Config) (*Key, error) {
	c = c.withDefaults()
	if err := c.Model.check(); err != nil {
		return nil, err
	}
	m, err := recall(c.Path, c.Model)
	if err != nil {
		return nil, err
	}
	k := &Key{c: c, issuer: c.Issuer, memory: m, moved: make(chan struct{})}
	if err := k.findIssuer(); err != nil {
		return nil, err
	}
	k.turn.Lock()
	defer k.turn.Unlock()
	if err := k.take(m.Model); err != nil {
		return nil, err
	}
	if m.Plugged {
		k.plug()
	}
	return k, nil
}

// findIssuer makes sure that there is one: the given one, the remembered one, or a
// new one, which the next write remembers.
func (k *Key) findIssuer() (err error) {
	switch {
	case k.issuer != nil:
		return nil
	case k.memory.Issuer != nil:
		if k.issuer, err = virtualauth.ImportIssuer(k.memory.Issuer); err != nil {
			return mfa.Fail(mfa.CodeDatabaseDamaged).Because(err)
		}
		return nil
	}
	if k.issuer, err = virtualauth.NewIssuer(k.c.Rand, k.c.Clock()); err == nil {
		k.memory.Issuer, err = k.issuer.Export()
	}
	if err != nil {
		return mfa.Fail(mfa.CodeInternal).Because(err)
	}
	return nil
}

// Issuer is who attests the certified models: metadata that names its root proves them.
func (k *Key) Issuer() *virtualauth.Issuer { return k.issuer }

// Bus is the port that the key is plugged into.
func (k *Key) Bus() transport.KeyBus { return bus{k} }

// State is what is seen of it now.
func (k *Key) State() State {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen()
}

func (k *Key) seen() State {
	s := k.state
	s.Models = Models()
	return s
}

// Plug puts the key in or takes it out. Taking it out ends what it is at with
// key-lost and forgets nothing, except what a key forgets without power.
func (k *Key) Plug(on bool) {
	k.turn.Lock()
	defer k.turn.Unlock()
	if on == (k.run != nil) || k.isClosed() {
		return
	}
	if on {
		k.auth.PowerCycle()
		k.plug()
	} else {
		k.unplug()
	}
	_ = k.remember(func(m *memory) { m.Plugged = on }) // what is not remembered is put in once more, no harm done
}

// SetModel takes another key: what is in the port is pulled out for it. It fails
// with invalid-input (field model) and as Open does.
func (k *Key) SetModel(m Model) error {
	if err := m.check(); err != nil {
		return err
	}
	k.turn.Lock()
	defer k.turn.Unlock()
	if k.isClosed() || m == k.State().Model {
		return nil
	}
	plugged := k.run != nil
	k.unplug()
	before := k.auth
	if err := k.take(m); err != nil {
		return err
	}
	before.Close()
	if plugged {
		k.plug()
	}
	return k.remember(func(mem *memory) { mem.Model = m })
}

// Close takes the key out and wipes what is in memory. It may be called twice.
func (k *Key) Close() error {
	k.turn.Lock()
	defer k.turn.Unlock()
	k.unplug()
	k.mu.Lock()
	k.closed = true
	k.memory.wipe()
	k.mu.Unlock()
	return k.auth.Close()
}

func (k *Key) isClosed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closed
}

// take makes the authenticator of a model, with what it remembers. With turn held.
func (k *Key) take(m Model) error {
	cfg := m.config()
	cfg.Issuer, cfg.Clock, cfg.Rand = k.issuer, k.c.Clock, k.c.Rand
	cfg.Consent, cfg.Present = k.consent, k.present
	a := virtualauth.New(cfg)
	k.mu.Lock()
	kept := slices.Clone(k.memory.Keys[m])
	k.mu.Unlock()
	defer clear(kept)
	if kept != nil {
		if err := a.Import(kept); err != nil {
			return mfa.Fail(mfa.CodeDatabaseDamaged).Because(err)
		}
	}
	k.auth = a
	k.update(func(s *State) { s.Model = m; k.look(s) })
	return nil
}

// look takes over what is visible of the authenticator.
func (k *Key) look(s *State) {
	s.PINSet, s.Passkeys = k.auth.Security().PINSet, 0
	for _, c := range k.auth.Credentials() {
		if c.Discoverable {
			s.Passkeys++
		}
	}
}

// update changes the state and tells it when it is another. Changed runs under the
// lock, so that changes are told in their order.
func (k *Key) update(change func(*State)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.change(change)
}

func (k *Key) change(change func(*State)) {
	before := k.state
	change(&k.state)
	if !same(before, k.state) {
		k.c.Changed(k.seen())
	}
}

// same compares all but Models, which never changes.
func same(a, b State) bool {
	return a.Model == b.Model && a.Plugged == b.Plugged && a.Waiting == b.Waiting && a.Op == b.Op && a.RPID == b.RPID &&
		a.Passkeys == b.Passkeys && a.PINSet == b.PINSet
}

// plug begins to serve. With turn held.
func (k *Key) plug() {
	ctx, end := context.WithCancel(context.Background())
	r := &running{port: newPort(), end: end, ended: make(chan struct{})}
	server := hid.Server{Answerer: answerer{k, k.auth}, Can: k.State().Model.capabilities(), Version: [3]byte{1, 2, 3}}
	go func() {
		defer close(r.ended)
		_ = server.Serve(ctx, r.port)
	}()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.plugs++
	r.slot = slotName(k.plugs)
	k.run = r
	k.bump()
	k.change(func(s *State) { s.Plugged = true })
}

// unplug ends the serving and waits for its end. With turn held.
func (k *Key) unplug() {
	r := k.run
	if r == nil {
		return
	}
	k.mu.Lock()
	k.run = nil
	k.bump()
	k.mu.Unlock()
	r.port.Close()
	r.end()
	<-r.ended
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unask()
	k.change(func(s *State) { s.Plugged = false })
}

// bump tells those who watch the bus. With the lock held.
func (k *Key) bump() {
	close(k.moved)
	k.moved = make(chan struct{})
}
