package peers

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/transport/hid"
)

const reportSize = 64

// wire is a hid.Device over a stream: whole reports, one after the other.
type wire struct {
	net.Conn
	writing sync.Mutex
}

var _ hid.Device = (*wire)(nil)

func (w *wire) Read(ctx context.Context) ([]byte, error) {
	stop := context.AfterFunc(ctx, func() { w.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	report := make([]byte, reportSize)
	_, err := io.ReadFull(w.Conn, report)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return report, err
}

func (w *wire) Write(ctx context.Context, report []byte) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := w.Conn.Write(report)
	return err
}

func (w *wire) Sizes() (in, out int) { return reportSize, reportSize }

// plugIn makes a socket at which the authenticator is a key, for one program after
// the other, until the test ends.
func plugIn(t *testing.T, a hid.Answerer, can hid.Capability) (path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "key") // t.TempDir is too long a name for a socket
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "hid")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			// A peer that a busy machine stops between two packets has not given up.
			err = hid.Server{Answerer: a, Can: can, Timeout: patience}.Serve(ctx, &wire{Conn: conn})
			conn.Close()
			if ctx.Err() == nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("serving: %v", err)
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		l.Close()
		served.Wait()
		os.RemoveAll(dir)
	})
	return path
}
