package hybrid

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// sockets counts the TCP connections of one side from their opening to their
// Close. A socket that nobody closes keeps no goroutine of ours: only this sees it.
type sockets struct {
	side string

	mu   sync.Mutex
	ever int
	open map[*socket]struct{}
	gone chan struct{} // closed and made anew when one is closed
}

func newSockets(side string) *sockets {
	return &sockets{side: side, open: map[*socket]struct{}{}, gone: make(chan struct{})}
}

// socket is a connection that says when it is closed.
type socket struct {
	net.Conn
	of   *sockets
	once sync.Once
}

func (s *sockets) watch(c net.Conn) net.Conn {
	one := &socket{Conn: c, of: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ever++
	s.open[one] = struct{}{}
	return one
}

func (c *socket) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.of.mu.Lock()
		defer c.of.mu.Unlock()
		delete(c.of.open, c)
		close(c.of.gone)
		c.of.gone = make(chan struct{})
	})
	return err
}

// http is the package's own HTTP client, its connections counted.
func (s *sockets) http() *http.Client {
	transport := defaultHTTP.Transport.(*http.Transport).Clone()
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return s.watch(c), nil
	}
	return &http.Client{Transport: transport}
}

// listener counts what a server accepts.
func (s *sockets) listener(l net.Listener) net.Listener { return countingListener{l, s} }

type countingListener struct {
	net.Listener
	of *sockets
}

func (l countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.of.watch(c), nil
}

// wantClosed waits for the last socket to close, and fails when one stays open.
func (s *sockets) wantClosed(t testing.TB) {
	t.Helper()
	tooLong := time.NewTimer(time.Minute)
	defer tooLong.Stop()
	for {
		s.mu.Lock()
		open, gone := len(s.open), s.gone
		s.mu.Unlock()
		if open == 0 {
			return
		}
		select {
		case <-gone:
		case <-tooLong.C:
			t.Errorf("%d of %d sockets of the %s left open", open, s.ever, s.side)
			return
		}
	}
}

// wantUsed fails when there was no socket at all: then the count proves nothing.
func (s *sockets) wantUsed(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ever == 0 {
		t.Errorf("the %s opened no socket that was counted", s.side)
	}
}

// TestSocketsAreCounted has the count find a socket that is left open, which the
// other tests wait for in vain.
func TestSocketsAreCounted(t *testing.T) {
	s := newSockets("test")
	here, there := net.Pipe()
	defer there.Close()
	c := s.watch(here)
	if len(s.open) != 1 {
		t.Errorf("%d open, want 1", len(s.open))
	}
	go c.Close()
	s.wantClosed(t)
	c.Close()
	s.wantClosed(t)
	s.wantUsed(t)
}
