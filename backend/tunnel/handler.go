package tunnel

import (
	"bufio"
	"context"
	"encoding/hex"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/coder/websocket"
)

// Subprotocol is the WebSocket subprotocol of all four addresses.
const Subprotocol = "fido.cable"

// ServeHTTP answers one of the addresses of the package's description. It
// returns when the socket it upgraded is gone.
//
//	404  wrong path, wrong length, unknown tunnel or contact, tunnel used already
//	405  a method other than GET
//	426  no upgrade asked for
//	400  no or another subprotocol, no or odd client payload
//	403  an Origin of another host
//	409  the tunnel or the phone's place is taken
//	410  the contact was declared dead
//	429  too many sockets from this address, or too many unanswered rings
//	503  too many tunnels or phones, or the relay is closing
func (r *Relay) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if !r.enter() {
		r.refuse(w, http.StatusServiceUnavailable)
		return
	}
	defer r.handlers.Done()

	t, ok := parsePath(q.URL.Path)
	switch {
	case !ok:
		r.refuse(w, http.StatusNotFound)
	case q.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		r.refuse(w, http.StatusMethodNotAllowed)
	case !strings.EqualFold(q.Header.Get("Upgrade"), "websocket"):
		w.Header().Set("Upgrade", "websocket")
		r.refuse(w, http.StatusUpgradeRequired)
	case !offersSubprotocol(q.Header):
		r.refuse(w, http.StatusBadRequest)
	case !originFits(q):
		r.refuse(w, http.StatusForbidden)
	case t.op == opNew:
		r.serveNew(w, q, t)
	case t.op == opConnect:
		r.serveConnect(w, q, t)
	case t.op == opContact:
		r.serveContact(w, q, t)
	case t.op == opPhone:
		r.servePhone(w, q, t)
	}
}

func (r *Relay) serveNew(w http.ResponseWriter, q *http.Request, t target) {
	p, no := r.open(t.tunnel, source(q))
	if no != 0 {
		r.refuse(w, no)
		return
	}
	defer r.leave(source(q))
	w.Header()[headerRouting] = []string{strings.ToUpper(hex.EncodeToString(r.routing[:]))}
	r.carry(w, q, p, phoneSide, nil)
}

func (r *Relay) serveConnect(w http.ResponseWriter, q *http.Request, t target) {
	p, no := r.join(t.tunnel, t.routing, source(q))
	if no != 0 {
		r.refuse(w, no)
		return
	}
	defer r.leave(source(q))
	r.carry(w, q, p, clientSide, nil)
}

func (r *Relay) serveContact(w http.ResponseWriter, q *http.Request, t target) {
	payload, ok := clientPayload(q.Header)
	if !ok {
		r.refuse(w, http.StatusBadRequest)
		return
	}
	signal := q.Header.Get(headerSignal) == "true"
	p, ph, no := r.call(t.contact, signal, source(q))
	if no != 0 {
		r.refuse(w, no)
		return
	}
	defer r.leave(source(q))
	if signal {
		w.Header()[headerSignal] = []string{"true"}
	}
	r.carry(w, q, p, clientSide, func(e *end) bool { return ph.ring(e, p, payload) })
}

func (r *Relay) servePhone(w http.ResponseWriter, q *http.Request, t target) {
	ph, no := r.wait(t.contact, source(q))
	if no != 0 {
		r.refuse(w, no)
		return
	}
	defer r.leave(source(q))
	defer r.unwait(t.contact, ph)
	if e := r.upgrade(w, q); e != nil {
		r.attend(t.contact, ph, e)
	}
}

// carry upgrades one side of a tunnel and moves its messages to the end. ready,
// if any, runs when the side is in its place.
func (r *Relay) carry(w http.ResponseWriter, q *http.Request, p *pair, s side, ready func(*end) bool) {
	e := r.upgrade(w, q)
	code, reason := websocket.StatusGoingAway, ""
	if e != nil && p.attach(s, e) && (ready == nil || ready(e)) {
		code, reason = p.pump(s, e)
	}
	r.end(p, e, code, reason)
	r.cfg.Log.LogAttrs(context.Background(), slog.LevelDebug, "tunnel left", slog.Int("status", int(code)))
}

func (r *Relay) upgrade(w http.ResponseWriter, q *http.Request) *end {
	h := &hijacker{ResponseWriter: w}
	conn, err := websocket.Accept(h, q, &websocket.AcceptOptions{
		Subprotocols:       []string{Subprotocol},
		InsecureSkipVerify: true, // the Origin was checked by originFits, which is stricter
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		return nil // Accept has answered
	}
	return newEnd(conn, h.wire, &r.cfg)
}

// hijacker keeps hold of the connection that the upgrade takes over.
type hijacker struct {
	http.ResponseWriter
	wire net.Conn
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.wire = conn
	return conn, buffers, err
}

func (r *Relay) refuse(w http.ResponseWriter, status refusal) {
	r.cfg.Log.LogAttrs(context.Background(), slog.LevelDebug, "tunnel refused", slog.Int("status", int(status)))
	http.Error(w, http.StatusText(int(status)), int(status))
}

func offersSubprotocol(h http.Header) bool {
	for _, line := range h.Values("Sec-WebSocket-Protocol") {
		for offer := range strings.SplitSeq(line, ",") {
			if strings.TrimSpace(offer) == Subprotocol {
				return true
			}
		}
	}
	return false
}
