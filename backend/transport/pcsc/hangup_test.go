//go:build linux

package pcsc

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// standIn listens where pcscd would and lets meet do what it likes with each client.
func standIn(t *testing.T, meet func(net.Conn)) {
	t.Helper()
	if _, err := load(); err != nil {
		t.Skip("libpcsclite is not installed (build/setup.sh peers)")
	}
	name, err := socketName()
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(name)
	l, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			meet(conn)
		}
	})
	t.Cleanup(func() { l.Close(); done.Wait() })
}

func TestNoService(t *testing.T) {
	if _, err := load(); err != nil {
		t.Skip("libpcsclite is not installed (build/setup.sh peers)")
	}
	if _, err := socketName(); err != nil {
		t.Fatal(err)
	}
	b := System()
	_, err := b.List(t.Context())
	if !mfa.IsCode(err, mfa.CodeReaderNoService) || mfa.AsFailure(err).Params["system"] != "linux" {
		t.Errorf("List: %v", err)
	}
	if err := b.Watch(t.Context(), func() { t.Error("told of a change") }); !mfa.IsCode(err, mfa.CodeReaderNoService) {
		t.Errorf("Watch: %v", err)
	}
	if _, err := b.Open(t.Context(), "0 a reader"); !mfa.IsCode(err, mfa.CodeReaderNoService) {
		t.Errorf("Open: %v", err)
	}
}

// pcscd hangs up on a client whom polkit refuses.
func TestAServiceThatHangsUpRefuses(t *testing.T) {
	standIn(t, func(c net.Conn) {
		var header [8]byte
		_, _ = c.Read(header[:])
		c.Close()
	})
	if _, err := System().List(t.Context()); !mfa.IsCode(err, mfa.CodeReaderDenied) {
		t.Errorf("List: %v (%s)", err, mfa.AsFailure(err).Explain())
	}
}

func TestAServiceThatNeverAnswers(t *testing.T) {
	var mu sync.Mutex
	var clients []net.Conn
	met := make(chan struct{}, 10)
	standIn(t, func(c net.Conn) {
		mu.Lock()
		defer mu.Unlock()
		clients = append(clients, c)
		met <- struct{}{}
	})
	b := newBus(load)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-met; cancel() }()
	if _, err := b.List(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("List: %v", err)
	}
	if n := b.stuck.Load(); n != 1 {
		t.Errorf("%d calls hang, want 1", n)
	}
	mu.Lock()
	for _, c := range clients {
		c.Close()
	}
	mu.Unlock()
	for late := time.Now().Add(patience); b.stuck.Load() > 0; {
		if time.Now().After(late) {
			t.Fatal("the call never returned")
		}
	}
}
