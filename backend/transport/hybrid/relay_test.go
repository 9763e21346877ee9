package hybrid

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"
)

// relay is a tunnel server that can do what a bad network or a bad server does.
type relay struct {
	server *httptest.Server
	base   string
	ends   *sockets

	mu      sync.Mutex
	waiting map[string]*pair       // tunnel ID in upper-case hex
	phones  map[string]chan []byte // contact: calls
	taken   atomic.Int32           // upgrades asked for
	open    sync.WaitGroup         // sockets
	counts  [2]atomic.Int32        // messages forwarded, by direction

	// tamper turns the n-th message of one direction into what is forwarded.
	tamper func(d direction, n int, message []byte) [][]byte
	// answer may take a request over; it then returns true.
	answer func(w http.ResponseWriter, r *http.Request) bool
	// signal makes the server echo the client's wish for a signal and send this.
	signal []byte
	// routing is sent to phones; nil = one good header
	routing []string
	// heldBack is closed by release: a tamper function may wait on it.
	heldBack chan struct{}
	once     sync.Once
}

type direction int

const (
	toPhone direction = iota
	toClient
)

// pair is a tunnel of which one end is there.
type pair struct {
	firstEnd  chan *end
	secondEnd chan *end
}

// end is one socket and what came in on it.
type end struct {
	conn *websocket.Conn
	in   chan []byte
}

func newRelay(t testing.TB) *relay {
	r := &relay{waiting: map[string]*pair{}, phones: map[string]chan []byte{}, heldBack: make(chan struct{}), ends: newSockets("relay")}
	r.server = httptest.NewUnstartedServer(r)
	r.server.Listener = r.ends.listener(r.server.Listener)
	r.server.Start()
	r.base = "ws" + strings.TrimPrefix(r.server.URL, "http")
	t.Cleanup(func() {
		r.release()
		r.server.Close() // no request is before its upgrade any more
		r.open.Wait()
		r.ends.wantClosed(t)
	})
	return r
}

func (r *relay) release() { r.once.Do(func() { close(r.heldBack) }) }

func (r *relay) url(uint16) (string, error) { return r.base, nil }

func (r *relay) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.taken.Add(1)
	if r.answer != nil && r.answer(w, q) {
		return
	}
	parts := strings.Split(strings.TrimPrefix(q.URL.Path, "/cable/"), "/")
	switch {
	case len(parts) == 2 && parts[0] == "new":
		if r.routing == nil {
			w.Header().Set(headerRoutingID, "00A1b2")
		}
		for _, v := range r.routing {
			w.Header().Add(headerRoutingID, v)
		}
		if p := r.take(parts[1]); p != nil { // a linked client waits there
			if e := r.accept(w, q); e != nil {
				r.second(p, e, toClient)
			}
			return
		}
		p := r.offer(parts[1])
		if e := r.accept(w, q); e != nil {
			r.first(parts[1], p, e, toClient)
		}
	case len(parts) == 3 && parts[0] == "connect":
		p := r.take(parts[2])
		if p == nil || parts[1] != "00A1B2" {
			http.NotFound(w, q)
			return
		}
		if e := r.accept(w, q); e != nil {
			r.second(p, e, toPhone)
		}
	case len(parts) == 2 && parts[0] == "contact":
		r.mu.Lock()
		calls, there := r.phones[parts[1]]
		r.mu.Unlock()
		payload, err := hex.DecodeString(q.Header.Get(headerClientPayload))
		if !there || err != nil {
			http.NotFound(w, q)
			return
		}
		if r.signal != nil && q.Header.Get(headerSignal) == "true" {
			w.Header().Set(headerSignal, "true")
		}
		if e := r.accept(w, q); e != nil {
			tunnelID := make([]byte, tunnelIDSize)
			rand.Read(tunnelID)
			p := r.offer(upperHex(tunnelID))
			if r.signal != nil {
				e.conn.Write(q.Context(), websocket.MessageBinary, r.signal)
			}
			calls <- EncodeCall(payload, tunnelID)
			r.first(upperHex(tunnelID), p, e, toPhone)
		}
	case len(parts) == 2 && parts[0] == "phone":
		e := r.accept(w, q)
		if e == nil {
			return
		}
		calls := make(chan []byte, 4)
		r.mu.Lock()
		r.phones[parts[1]] = calls
		r.mu.Unlock()
		defer r.open.Done()
		defer e.conn.CloseNow()
		for {
			select {
			case call := <-calls:
				e.conn.Write(q.Context(), websocket.MessageBinary, call)
			case <-e.in:
				return
			}
		}
	default:
		http.NotFound(w, q)
	}
}

func (r *relay) offer(tunnelID string) *pair {
	p := &pair{make(chan *end, 1), make(chan *end, 1)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting[tunnelID] = p
	return p
}

func (r *relay) someoneWaits() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting) > 0
}

func (r *relay) take(tunnelID string) *pair {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.waiting[tunnelID]
	delete(r.waiting, tunnelID)
	return p
}

// first waits for the other end, or for its own to close.
func (r *relay) first(tunnelID string, p *pair, own *end, d direction) {
	p.firstEnd <- own
	var early [][]byte
	for {
		select {
		case other := <-p.secondEnd:
			r.forward(own, other, d, early)
			return
		case message, ok := <-own.in:
			if ok {
				early = append(early, message)
				continue
			}
			if r.take(tunnelID) != nil {
				own.conn.CloseNow()
				r.open.Done()
				return
			}
			r.forward(own, <-p.secondEnd, d, early)
			return
		}
	}
}

func (r *relay) second(p *pair, own *end, d direction) {
	p.secondEnd <- own
	r.forward(own, <-p.firstEnd, d, nil)
}

// forward hands messages on until its own end closes, and then closes the other.
func (r *relay) forward(own, other *end, d direction, early [][]byte) {
	defer r.open.Done()
	defer own.conn.CloseNow()
	defer other.conn.Close(websocket.StatusGoingAway, "")
	n := 0
	hand := func(message []byte) {
		out := [][]byte{message}
		if r.tamper != nil {
			out = r.tamper(d, n, message)
		}
		n++
		r.counts[d].Add(1)
		for _, m := range out {
			other.conn.Write(context.Background(), websocket.MessageBinary, m)
		}
	}
	for _, m := range early {
		hand(m)
	}
	for m := range own.in {
		hand(m)
	}
}

// accept upgrades and begins to read. Each open socket counts.
func (r *relay) accept(w http.ResponseWriter, q *http.Request) *end {
	r.open.Add(1)
	conn, err := websocket.Accept(w, q, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
	if err != nil {
		r.open.Done()
		return nil
	}
	conn.SetReadLimit(2 << 20)
	e := &end{conn: conn, in: make(chan []byte, 256)}
	go func() {
		defer close(e.in)
		for {
			_, message, err := conn.Read(context.Background())
			if err != nil {
				return
			}
			e.in <- message
		}
	}()
	return e
}
