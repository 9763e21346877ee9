package tunnel

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

const patience = time.Minute

const someTunnel = "00112233445566778899AABBCCDDEEFF"

// lab is a relay behind a server on loopback. At its end nothing may be left.
type lab struct {
	t     *testing.T
	relay *Relay
	host  string
}

func newLab(t *testing.T, cfg Config) *lab {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, relay: New(cfg), host: ln.Addr().String()}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- l.relay.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve = %v", err)
		}
		if n := l.relay.Tunnels(); n != 0 {
			t.Errorf("%d tunnels are left", n)
		}
		l.relay.mu.Lock()
		if len(l.relay.phones)+len(l.relay.sockets) != 0 {
			t.Errorf("left: %d phones, sockets %v", len(l.relay.phones), l.relay.sockets)
		}
		l.relay.mu.Unlock()
		noGoroutines(t)
	})
	return l
}

// noGoroutines waits until no goroutine is in this package's own code.
func noGoroutines(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		buf := make([]byte, 1<<20)
		buf = buf[:runtime.Stack(buf, true)]
		left := ""
		for stack := range strings.SplitSeq(string(buf), "\n\n") {
			if strings.Contains(stack, "tunnel.(*Relay)") || strings.Contains(stack, "tunnel.(*pair)") || strings.Contains(stack, "tunnel.(*end)") {
				left = stack
			}
		}
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("a goroutine is left:\n%s", left)
		}
		runtime.Gosched()
	}
}

// ask is one request and what is to be changed about it.
type ask struct {
	path        string
	method      string
	subprotocol string // "-" for none
	header      map[string]string
	plain       bool // no upgrade
}

// socket is one side's WebSocket.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
	resp *http.Response
}

// dial upgrades; it gives the socket or the status of the refusal.
func (l *lab) dial(path string, header map[string]string) (*socket, int) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	h := http.Header{}
	for k, v := range header {
		h[k] = []string{v}
	}
	conn, resp, err := websocket.Dial(ctx, "ws://"+l.host+path, &websocket.DialOptions{HTTPHeader: h, Subprotocols: []string{Subprotocol}})
	if err != nil {
		if resp == nil {
			l.t.Fatalf("no answer: %v", err)
		}
		return nil, resp.StatusCode
	}
	l.t.Cleanup(func() { conn.CloseNow() })
	conn.SetReadLimit(-1)
	return &socket{l.t, conn, resp}, resp.StatusCode
}

func (l *lab) open(path string, header map[string]string) *socket {
	l.t.Helper()
	s, status := l.dial(path, header)
	if s == nil {
		l.t.Fatalf("%s was refused: %d", strings.Split(path, "/")[2], status)
	}
	if got := s.conn.Subprotocol(); got != Subprotocol {
		l.t.Fatalf("subprotocol %q", got)
	}
	return s
}

func (l *lab) refused(path string, header map[string]string, want int) {
	l.t.Helper()
	if _, status := l.dial(path, header); status != want {
		l.t.Errorf("%s answered %d, want %d", path, status, want)
	}
}

// expire ends the life of every tunnel now.
func (r *Relay) expire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.pairs {
		p.life.Reset(0)
	}
}

// routing is the ID that /cable/new gave.
func (s *socket) routing() string {
	s.t.Helper()
	values := s.resp.Header.Values("X-caBLE-Routing-ID")
	if len(values) != 1 || len(values[0]) != 6 {
		s.t.Fatalf("routing ID %q", values)
	}
	return values[0]
}

// pair opens a tunnel and joins it.
func (l *lab) pair() (phone, client *socket) {
	l.t.Helper()
	phone = l.open("/cable/new/"+someTunnel, nil)
	client = l.open("/cable/connect/"+phone.routing()+"/"+someTunnel, nil)
	return phone, client
}

func (s *socket) send(message []byte) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageBinary, message); err != nil {
		s.t.Fatalf("write: %v", err)
	}
}

func (s *socket) receive() []byte {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	kind, message, err := s.conn.Read(ctx)
	if err != nil {
		s.t.Fatalf("read: %v", err)
	}
	if kind != websocket.MessageBinary {
		s.t.Fatalf("a %v message", kind)
	}
	return message
}

func (s *socket) expect(want string) {
	s.t.Helper()
	if got := s.receive(); string(got) != want {
		s.t.Fatalf("received %q, want %q", got, want)
	}
}

// closedWith waits for the close frame, past messages that are still on the way.
func (s *socket) closedWith(want websocket.StatusCode) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for {
		_, _, err := s.conn.Read(ctx)
		if err == nil {
			continue
		}
		var closed websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != want {
			s.t.Errorf("closed with %v, want %v", err, want)
		}
		return
	}
}

// request sends what a WebSocket library would not.
func (l *lab) request(a ask) *http.Response {
	l.t.Helper()
	method := a.method
	if method == "" {
		method = http.MethodGet
	}
	q, err := http.NewRequestWithContext(l.t.Context(), method, "http://"+l.host, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	q.URL.Opaque = a.path
	if !a.plain {
		q.Header.Set("Connection", "Upgrade")
		q.Header.Set("Upgrade", "websocket")
		q.Header.Set("Sec-WebSocket-Version", "13")
		q.Header.Set("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
	}
	switch a.subprotocol {
	case "":
		q.Header.Set("Sec-WebSocket-Protocol", Subprotocol)
	case "-":
	default:
		q.Header.Set("Sec-WebSocket-Protocol", a.subprotocol)
	}
	for k, v := range a.header {
		if k == "Host" {
			q.Host = v
			continue
		}
		q.Header[k] = strings.Split(v, "|")
	}
	transport := &http.Transport{DisableKeepAlives: true}
	l.t.Cleanup(transport.CloseIdleConnections)
	resp, err := transport.RoundTrip(q)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { resp.Body.Close() })
	return resp
}
