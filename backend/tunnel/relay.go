package tunnel

import (
	"crypto/subtle"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Relay joins phones and desktops. It is an http.Handler; Serve puts a server
// around it. All its goroutines are those of its requests, and Close waits for
// them.
type Relay struct {
	cfg     Config
	routing routingID

	mu       sync.Mutex
	closed   bool
	pairs    map[tunnelID]*pair
	phones   map[contactID]*phone
	dead     *deadList
	sockets  map[netip.Prefix]int
	handlers sync.WaitGroup
}

// New makes a relay. It panics when cfg.Random fails, as nothing could be
// relayed then.
func New(cfg Config) *Relay {
	r := &Relay{
		cfg:     cfg.withDefaults(),
		pairs:   map[tunnelID]*pair{},
		phones:  map[contactID]*phone{},
		sockets: map[netip.Prefix]int{},
	}
	r.dead = newDeadList(r.cfg.Phones)
	// The routing ID tells a farm of relays which machine holds a tunnel. One
	// relay needs none, but a random one shows who mixes it up.
	if _, err := io.ReadFull(r.cfg.Random, r.routing[:]); err != nil {
		panic("tunnel: no randomness: " + err.Error())
	}
	return r
}

// Close ends every tunnel with "going away" and waits until all sockets are
// gone, at most a little longer than CloseGrace. The relay answers 503 from then on.
func (r *Relay) Close() {
	r.mu.Lock()
	r.closed = true
	var ends []*end
	for _, p := range r.pairs {
		ends = append(ends, p.end()...)
	}
	for _, ph := range r.phones {
		if ph.end != nil {
			ends = append(ends, ph.end)
		}
	}
	r.mu.Unlock()
	byeAll(ends, websocket.StatusGoingAway, "")
	r.handlers.Wait()
}

// Tunnels counts the tunnels that are open or waiting for their second side.
func (r *Relay) Tunnels() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.pairs)
}

// enter counts a goroutine in that Close has to wait for.
func (r *Relay) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.handlers.Add(1)
	return true
}

// refusal is an HTTP status to answer instead of an upgrade; 0 is none.
type refusal int

// admit counts a socket of one source in; leave counts it out.
func (r *Relay) admit(from netip.Prefix) refusal {
	if r.closed {
		return http.StatusServiceUnavailable
	}
	if r.sockets[from] >= r.cfg.PerAddress {
		return http.StatusTooManyRequests
	}
	r.sockets[from]++
	return 0
}

func (r *Relay) leave(from netip.Prefix) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sockets[from]--; r.sockets[from] <= 0 {
		delete(r.sockets, from)
	}
}

// open takes the phone's side: of a fresh tunnel, or of one that a linked
// client waits in.
func (r *Relay) open(id tunnelID, from netip.Prefix) (*pair, refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pairs[id]
	if p != nil && p.taken[phoneSide] {
		return nil, http.StatusConflict
	}
	if p == nil && len(r.pairs) >= r.cfg.Tunnels {
		return nil, http.StatusServiceUnavailable
	}
	if no := r.admit(from); no != 0 {
		return nil, no
	}
	if p == nil {
		p = r.add(&pair{id: id})
	}
	r.answered(p)
	p.taken[phoneSide] = true
	return p, 0
}

// join takes the client's side of a tunnel that a phone opened. The first one
// gets it: a second client is told what it would be told of any unknown tunnel.
func (r *Relay) join(id tunnelID, routing routingID, from netip.Prefix) (*pair, refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pairs[id]
	if p == nil || p.taken[clientSide] || subtle.ConstantTimeCompare(routing[:], r.routing[:]) != 1 {
		return nil, http.StatusNotFound
	}
	if no := r.admit(from); no != 0 {
		return nil, no
	}
	p.taken[clientSide] = true
	return p, 0
}

// add starts a tunnel's life. Callers hold mu.
func (r *Relay) add(p *pair) *pair {
	p.cfg = &r.cfg
	r.pairs[p.id] = p
	p.life = time.AfterFunc(r.cfg.Life, func() {
		if r.enter() {
			defer r.handlers.Done()
			r.end(p, nil, websocket.StatusGoingAway, "")
		}
	})
	return p
}

// answered takes a tunnel off the count of its phone's open rings. Callers hold mu.
func (r *Relay) answered(p *pair) {
	if p.rings != nil {
		p.rings.rings--
		p.rings = nil
	}
}

// end closes a tunnel because of one side, which leaves with its own words; the
// other side learns no more than that its peer has gone.
func (r *Relay) end(p *pair, leaver *end, code websocket.StatusCode, reason string) {
	r.mu.Lock()
	if r.pairs[p.id] == p {
		delete(r.pairs, p.id)
	}
	r.answered(p)
	r.mu.Unlock()

	var farewells sync.WaitGroup
	for _, e := range p.end() {
		if e != leaver {
			farewells.Go(func() { e.bye(websocket.StatusGoingAway, "") })
		}
	}
	if leaver != nil {
		leaver.bye(code, reason)
	}
	farewells.Wait()
}
