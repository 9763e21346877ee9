package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

var errHalfway = errors.New("halfway")

// A change that fails after it wrote a device and an event leaves neither, and
// the next event follows the one before it.
func TestChangeThatFailsLate(t *testing.T) {
	path := example(t, 20)
	s := reopen(t, path)
	if err := s.RemoveDevice(t.Context(), "DEVICE-key0", 1, mfa.Event{Kind: mfa.EventDeviceRemoved, DeviceID: "DEVICE-key0"}); err != nil {
		t.Fatal(describe(err))
	}
	d := storetest.NewPasskey("ROOT", "half")
	halfway := func(end func()) func(tx) error {
		return func(t tx) error {
			if err := insertDevice(t, d); err != nil {
				return err
			}
			if err := appendEvent(t, mfa.Event{Kind: mfa.EventDeviceAdded, DeviceID: d.ID}); err != nil {
				return err
			}
			end()
			return errHalfway
		}
	}
	nothing := func() {
		t.Helper()
		if _, err := s.Device(t.Context(), d.ID); !mfa.IsCode(err, mfa.CodeNotFound) {
			t.Error(describe(err))
		}
		if err := s.AddEvent(t.Context(), mfa.Event{Kind: mfa.EventSignedOut}); err != nil {
			t.Error(describe(err))
		}
		consistent(t, s)
	}
	if err := s.change(t.Context(), mfa.Event{Kind: "x"}, halfway(func() {})); !mfa.IsCode(err, mfa.CodeStorageFailed) || !errors.Is(err, errHalfway) {
		t.Error(describe(err))
	}
	nothing()
	func() {
		defer func() { recover() }()
		s.change(t.Context(), mfa.Event{Kind: "x"}, halfway(func() { panic("a fault of ours") }))
	}()
	nothing()
}

// Once a change has begun, a cancel comes too late and the caller is told that it
// was made.
func TestCancelAfterTheBeginning(t *testing.T) {
	s := reopen(t, databasePath(t))
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.change(ctx, mfa.Event{Kind: "x"}, func(tx) error { cancel(); return nil }); err != nil {
		t.Error(describe(err))
	}
	if events, err := s.Events(t.Context(), 0, 9); err != nil || len(events) != 1 {
		t.Error(len(events), describe(err))
	}
}

func TestCancelWhileWaitingForTheWriter(t *testing.T) {
	s := reopen(t, databasePath(t))
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	err := s.change(t.Context(), mfa.Event{Kind: "x"}, func(tx) error {
		go func() { waiting <- s.AddEvent(ctx, mfa.Event{Kind: "y"}) }()
		cancel()
		if err := <-waiting; !mfa.IsCode(err, mfa.CodeCancelled) {
			t.Error(describe(err))
		}
		return nil
	})
	if err != nil {
		t.Error(describe(err))
	}
}

// A process of a newer version was killed before it closed the database: what it
// left in the WAL is neither read nor lost.
func TestNewerVersionThatWasKilled(t *testing.T) {
	path := example(t, 50)
	newer := reopen(t, path, withMigrations(addColumn))
	if err := newer.AddEvent(t.Context(), mfa.Event{Kind: mfa.EventSignedOut}); err != nil {
		t.Fatal(describe(err))
	}
	left := filepath.Join(t.TempDir(), "keyferry.db")
	for _, suffix := range []string{"", "-wal"} {
		write(t, left+suffix, read(t, path+suffix))
	}
	if _, err := Open(t.Context(), left); !mfa.IsCode(err, mfa.CodeDatabaseNewer) {
		t.Error(describe(err))
	}
	for _, suffix := range []string{"", "-wal"} {
		if string(read(t, left+suffix)) != string(read(t, path+suffix)) {
			t.Errorf("%q was changed", suffix)
		}
	}
	if got := folder(t, left); got != "keyferry.db keyferry.db-wal" {
		t.Errorf("left %s", got)
	}
	s := reopen(t, left, withMigrations(addColumn))
	if events, err := s.Events(t.Context(), 50, 9); err != nil || len(events) != 1 {
		t.Error(len(events), describe(err))
	}
}
