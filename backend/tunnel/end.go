package tunnel

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// end is one socket. Cancelling ctx drops it at once, whatever it is doing.
type end struct {
	conn   *websocket.Conn
	wire   net.Conn // under conn, whose Close waits for the peer longer than we do
	ctx    context.Context
	cancel context.CancelFunc
	cfg    *Config
	once   sync.Once
}

func newEnd(conn *websocket.Conn, wire net.Conn, cfg *Config) *end {
	e := &end{conn: conn, wire: wire, cfg: cfg}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	// read has its own bound: with the library's, the socket would be closed with
	// bytes unread, and the reset could overtake the close frame that says why.
	conn.SetReadLimit(-1)
	return e
}

var errTooBig = errors.New("message above the limit")

// read gives the next message of at most limit bytes. Pings are answered inside.
func (e *end) read(limit int) (websocket.MessageType, []byte, error) {
	kind, r, err := e.conn.Reader(e.ctx)
	if err != nil {
		return 0, nil, err
	}
	message, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(message) > limit {
		err = errTooBig
	}
	return kind, message, err
}

func (e *end) write(message []byte) error {
	ctx, cancel := context.WithTimeout(e.ctx, e.cfg.WriteTimeout)
	defer cancel()
	return e.conn.Write(ctx, websocket.MessageBinary, message)
}

// bye closes the socket politely and returns when it is gone, which takes no
// longer than CloseGrace. Only the first bye is said.
func (e *end) bye(code websocket.StatusCode, reason string) {
	e.once.Do(func() {
		hard := time.AfterFunc(e.cfg.CloseGrace, func() {
			e.cancel()
			_ = e.wire.Close()
		})
		_ = e.conn.Close(code, reason)
		hard.Stop()
		e.cancel()
	})
}

// byeAll says goodbye to several sockets at a time.
func byeAll(ends []*end, code websocket.StatusCode, reason string) {
	var all sync.WaitGroup
	for _, e := range ends {
		all.Go(func() { e.bye(code, reason) })
	}
	all.Wait()
}
