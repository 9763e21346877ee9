package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

func TestSnapshot(t *testing.T) {
	s := reopen(t, example(t, 300), func(c *config) { c.dailyKept = 0 })
	target := filepath.Join(t.TempDir(), "odd 'name' %20?.db")
	if err := s.Snapshot(t.Context(), target); err != nil {
		t.Fatal(describe(err))
	}
	if info, err := os.Stat(target); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got := folder(t, target); got != filepath.Base(target) {
		t.Errorf("left %s", got)
	}
	// What comes later is not in it, and the store goes on.
	if err := s.AddEvent(t.Context(), mfa.Event{Kind: mfa.EventBackupMade}); err != nil {
		t.Error(describe(err))
	}
	copied := reopen(t, target, func(c *config) { c.dailyKept = 0 })
	consistent(t, copied)
	if events, err := copied.FindEvents(t.Context(), mfa.EventFilter{Limit: 1}); err != nil || len(events) != 1 || events[0].Seq != 300 {
		t.Error(len(events), describe(err))
	}
	if a, err := copied.Account(t.Context()); err != nil || a.Alias != "harbour" {
		t.Error(describe(err))
	}
}

func TestSnapshotRefused(t *testing.T) {
	s := reopen(t, example(t, 50), func(c *config) { c.dailyKept = 0 })
	there := filepath.Join(t.TempDir(), "there.db")
	write(t, there, []byte("what was there"))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	rows := []struct {
		name string
		ctx  context.Context
		path string
		code mfa.Code
	}{
		{"a file", t.Context(), there, mfa.CodeFileExists},
		{"a folder", t.Context(), t.TempDir(), mfa.CodeFileExists},
		{"the database itself", t.Context(), s.path, mfa.CodeFileExists},
		{"no folder", t.Context(), filepath.Join(t.TempDir(), "none", "x.db"), mfa.CodeStorageFailed},
		{"cancelled", cancelled, filepath.Join(t.TempDir(), "x.db"), mfa.CodeCancelled},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if err := s.Snapshot(row.ctx, row.path); !mfa.IsCode(err, row.code) {
				t.Errorf("want %s, got %s", row.code, describe(err))
			}
			if _, err := os.Lstat(row.path); row.code != mfa.CodeFileExists && err == nil {
				t.Error("it left a file")
			}
		})
	}
	if string(read(t, there)) != "what was there" {
		t.Error("the file was changed")
	}
	consistent(t, s)
	s.Close()
	if err := s.Snapshot(t.Context(), filepath.Join(t.TempDir(), "x.db")); !mfa.IsCode(err, mfa.CodeStorageFailed) {
		t.Error(describe(err))
	}
}

// A link that leads nowhere is no free name: nobody else chooses where the copy goes.
func TestSnapshotFollowsNoLink(t *testing.T) {
	s := reopen(t, databasePath(t))
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(filepath.Join(t.TempDir(), "elsewhere.db"), link); err != nil {
		t.Skip(err)
	}
	if err := s.Snapshot(t.Context(), link); !mfa.IsCode(err, mfa.CodeFileExists) {
		t.Error(describe(err))
	}
}

// Copies are made while two others write and read; each is whole.
func TestSnapshotDuringChanges(t *testing.T) {
	path := example(t, 300)
	s := reopen(t, path, func(c *config) { c.dailyKept = 0 })
	done := make(chan error)
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			u := storetest.NewUser(mfa.NewID())
			if err := s.AddPrincipal(t.Context(), u, mfa.Event{Kind: mfa.EventUserCreated}); err != nil {
				done <- err
				return
			}
			d := storetest.NewPasskey(u.ID, mfa.NewID())
			if err := s.AddDevice(t.Context(), d, mfa.Event{Kind: mfa.EventDeviceAdded, DeviceID: d.ID}); err != nil {
				done <- err
				return
			}
		}
	}()
	var copies []string
	for i := range 5 {
		copies = append(copies, filepath.Join(t.TempDir(), string(rune('a'+i))))
		if err := s.Snapshot(t.Context(), copies[i]); err != nil {
			t.Error(describe(err))
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(describe(err))
	}
	for _, path := range copies {
		c := reopen(t, path, func(c *config) { c.dailyKept = 0 })
		consistent(t, c)
		c.Close()
	}
}
