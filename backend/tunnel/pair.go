package tunnel

import (
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"
)

type side int

const (
	phoneSide side = iota
	clientSide
)

func (s side) other() side { return 1 - s }

// pair is one tunnel.
//
//	/cable/new ----> waiting for the client --/cable/connect--> paired --> ended
//	/cable/contact -> waiting for the phone ----/cable/new----> paired --> ended
//
// A side is taken before its socket exists (while the upgrade is answered), so
// that two requests can never both believe they got it.
type pair struct {
	id     tunnelID
	signal bool // tell the client when the phone has come
	cfg    *Config
	life   *time.Timer

	taken [2]bool // guarded by Relay.mu
	rings *phone  // the phone that was rung and has not come yet; guarded by Relay.mu

	mu    sync.Mutex
	ends  [2]*end
	ended bool

	lanes [2]lane // messages from that side
}

// lane is one direction of a tunnel. Its lock is held while a message is
// written, which keeps the order and lets a slow receiver slow its sender down.
type lane struct {
	mu       sync.Mutex
	to       *end
	early    [][]byte // what came before the receiver; a linked client may speak first
	messages int
	bytes    int
}

var errLimit = errors.New("direction above its limit")

// attach puts a socket into its place and hands it what waited for it. It
// reports false when the tunnel has ended meanwhile.
func (p *pair) attach(s side, e *end) bool {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return false
	}
	p.ends[s] = e
	p.mu.Unlock()

	if s == phoneSide && p.signal {
		out := &p.lanes[phoneSide]
		out.mu.Lock()
		if out.to != nil && out.to.write([]byte{0}) != nil {
			out.mu.Unlock()
			return false
		}
		out.mu.Unlock()
	}

	in := &p.lanes[s.other()]
	in.mu.Lock()
	defer in.mu.Unlock()
	in.to = e
	for _, message := range in.early {
		if e.write(message) != nil {
			return false
		}
	}
	in.early = nil
	return true
}

// forward passes one message on, or keeps it for a receiver yet to come.
func (p *pair) forward(from side, message []byte) error {
	l := &p.lanes[from]
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages++
	l.bytes += len(message)
	if l.messages > p.cfg.Messages || l.bytes > p.cfg.DirectionSize {
		return errLimit
	}
	if l.to == nil {
		l.early = append(l.early, message)
		return nil
	}
	return l.to.write(message)
}

// pump carries one side's messages until it goes. It gives the words for this
// side's goodbye; the other side only learns that its peer is away.
func (p *pair) pump(from side, e *end) (websocket.StatusCode, string) {
	for {
		kind, message, err := e.read(p.cfg.MessageSize)
		switch {
		case errors.Is(err, errTooBig):
			return websocket.StatusMessageTooBig, ""
		case err != nil:
			return websocket.StatusGoingAway, ""
		case kind != websocket.MessageBinary:
			return websocket.StatusUnsupportedData, "binary messages only"
		}
		switch err := p.forward(from, message); {
		case errors.Is(err, errLimit):
			return websocket.StatusPolicyViolation, "limit reached"
		case err != nil:
			return websocket.StatusGoingAway, ""
		}
	}
}

// end marks the tunnel as over and gives the sockets in it. Only the first call
// gets them.
func (p *pair) end() []*end {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil
	}
	p.ended = true
	p.life.Stop()
	var ends []*end
	for _, e := range p.ends {
		if e != nil {
			ends = append(ends, e)
		}
	}
	return ends
}
