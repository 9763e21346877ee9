package tunnel

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/coder/websocket"

	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// phone is a phone that waits to be rung. Its fields are guarded by Relay.mu.
type phone struct {
	settled chan struct{} // closed when end is set, or never will be
	end     *end          // nil while its upgrade is answered
	rings   int           // tunnels that wait for it
}

// ring is what a waiting phone gets for each desktop that asks for it.
type ring struct {
	Payload []byte `cbor:"1,keyasint"`
	Tunnel  []byte `cbor:"2,keyasint"`
}

// Headers of a linked transaction, spelled as the other side spells them.
const (
	headerRouting = "X-caBLE-Routing-ID"
	headerPayload = "X-caBLE-Client-Payload"
	headerSignal  = "X-caBLE-Signal-Connection"
)

// maxPayload bounds the client payload; a real one has 34 bytes.
const maxPayload = 512

// forgetWord is the text message by which a phone declares its contact dead.
const forgetWord = "forget"

// Forget declares a contact dead: whoever asks for it gets 410 from now on, and
// a phone waiting under it is sent away. The list of the dead is as long as
// Config.Phones; the oldest fall out of it and count as unknown (404).
func (r *Relay) Forget(contact string) {
	id := contactID(contact)
	if !id.valid() || !r.enter() {
		return
	}
	defer r.handlers.Done()
	r.mu.Lock()
	r.dead.add(id)
	var waiting *end
	if ph := r.phones[id]; ph != nil {
		waiting = ph.end
	}
	r.mu.Unlock()
	if waiting != nil {
		waiting.bye(websocket.StatusNormalClosure, "")
	}
}

// wait takes the place of the phone of a contact.
func (r *Relay) wait(id contactID, from netip.Prefix) (*phone, refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.dead.has(id):
		return nil, http.StatusGone
	case r.phones[id] != nil:
		return nil, http.StatusConflict
	case len(r.phones) >= r.cfg.Phones:
		return nil, http.StatusServiceUnavailable
	}
	if no := r.admit(from); no != 0 {
		return nil, no
	}
	ph := &phone{settled: make(chan struct{})}
	r.phones[id] = ph
	return ph, 0
}

// call takes the client's side of a new tunnel to the phone of a contact.
func (r *Relay) call(id contactID, signal bool, from netip.Prefix) (*pair, *phone, refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ph := r.phones[id]
	switch {
	case r.dead.has(id):
		return nil, nil, http.StatusGone
	case ph == nil:
		return nil, nil, http.StatusNotFound
	case ph.rings >= r.cfg.Rings:
		return nil, nil, http.StatusTooManyRequests
	case len(r.pairs) >= r.cfg.Tunnels:
		return nil, nil, http.StatusServiceUnavailable
	}
	p := &pair{signal: signal, rings: ph}
	if _, err := io.ReadFull(r.cfg.Random, p.id[:]); err != nil || r.pairs[p.id] != nil {
		return nil, nil, http.StatusInternalServerError
	}
	if no := r.admit(from); no != 0 {
		return nil, nil, no
	}
	ph.rings++
	p.taken[clientSide] = true
	return r.add(p), ph, 0
}

// attend keeps a phone's socket until it goes.
func (r *Relay) attend(id contactID, ph *phone, e *end) {
	r.mu.Lock()
	dead, closed := r.dead.has(id), r.closed
	if !dead && !closed {
		ph.end = e
		close(ph.settled)
	}
	r.mu.Unlock()
	switch {
	case dead: // forgotten while the upgrade was answered
		e.bye(websocket.StatusNormalClosure, "")
		return
	case closed:
		e.bye(websocket.StatusGoingAway, "")
		return
	}
	stopPings := r.keepAlive(e)
	defer stopPings()
	kind, message, err := e.read(len(forgetWord))
	switch {
	case err == nil && kind == websocket.MessageText && string(message) == forgetWord:
		r.mu.Lock()
		r.dead.add(id)
		r.mu.Unlock()
		e.bye(websocket.StatusNormalClosure, "")
	case err == nil, e.ctx.Err() == nil && websocket.CloseStatus(err) == -1:
		e.bye(websocket.StatusUnsupportedData, "")
	default:
		e.bye(websocket.StatusGoingAway, "")
	}
}

// keepAlive notices phones that went without a word. The stop function waits
// for the last ping to end.
func (r *Relay) keepAlive(e *end) (stop func()) {
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(e.ctx)
	go func() {
		defer close(done)
		ticks := time.NewTicker(r.cfg.PingInterval)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
			answer, gaveUp := context.WithTimeout(ctx, r.cfg.WriteTimeout)
			err := e.conn.Ping(answer)
			gaveUp()
			if err != nil {
				e.cancel()
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (r *Relay) unwait(id contactID, ph *phone) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phones[id] == ph {
		delete(r.phones, id)
	}
	if ph.end == nil {
		close(ph.settled)
	}
}

// clientPayload reads the header of a linked transaction. What is in it is the
// phone's affair.
func clientPayload(h http.Header) ([]byte, bool) {
	values := h.Values(headerPayload)
	if len(values) != 1 || len(values[0]) == 0 || len(values[0]) > hex.EncodedLen(maxPayload) {
		return nil, false
	}
	payload, err := hex.DecodeString(values[0])
	return payload, err == nil
}

// ring tells the phone of a client's tunnel. The phone may have been told 101
// and not be in its place yet: that moment is waited for.
func (ph *phone) ring(client *end, p *pair, payload []byte) bool {
	select {
	case <-ph.settled:
	case <-client.ctx.Done():
		return false
	}
	return ph.end != nil && ph.end.write(ctapcbor.MustMarshal(ring{Payload: payload, Tunnel: p.id[:]})) == nil
}

// deadList remembers the contacts that were declared dead, up to a number.
type deadList struct {
	order []contactID
	next  int
	set   map[contactID]struct{}
}

func newDeadList(size int) *deadList {
	return &deadList{order: make([]contactID, size), set: map[contactID]struct{}{}}
}

func (d *deadList) has(id contactID) bool {
	_, ok := d.set[id]
	return ok
}

func (d *deadList) add(id contactID) {
	if d.has(id) {
		return
	}
	delete(d.set, d.order[d.next])
	d.order[d.next] = id
	d.set[id] = struct{}{}
	d.next = (d.next + 1) % len(d.order)
}
