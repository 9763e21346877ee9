package sqlite

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// small gives a folder on a file system of its own with that much room.
func small(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skip("cannot mount a small file system here: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fillDisk makes a file that takes all the room that is left.
func fillDisk(t *testing.T, dir string) (ballast string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return f.Name()
		}
	}
}

func TestFullDisk(t *testing.T) {
	dir := small(t, "size=1536k,mode=0700")
	path := filepath.Join(dir, "keyferry.db")
	s := reopen(t, path)
	if err := s.CreateAccount(t.Context(), storetest.NewAccount(), storetest.NewRoot(), mfa.Event{Kind: mfa.EventAccountCreated}); err != nil {
		t.Fatal(describe(err))
	}
	ballast := fillDisk(t, dir)
	added, err := fillUp(t, s)
	if !mfa.IsCode(err, mfa.CodeDiskFull) {
		t.Fatal(describe(err))
	}
	if got := len(consistent(t, s)); got != added {
		t.Errorf("%d devices were added, %d are there", added, got)
	}
	s.Close()
	if s, err := Open(t.Context(), path); err == nil { // whether it opens without room or not,
		s.Close()
	} else if !mfa.IsCode(err, mfa.CodeDiskFull) {
		t.Error(describe(err))
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, path) // nothing is lost
	if got := len(consistent(t, s)); got != added {
		t.Errorf("%d devices were added, %d are there", added, got)
	}
}

func TestFirstStartOnAFullDisk(t *testing.T) {
	for _, room := range []string{"4k", "8k", "16k", "24k", "32k", "48k", "64k", "96k", "128k"} {
		t.Run(room, func(t *testing.T) {
			path := filepath.Join(small(t, "size="+room+",mode=0700"), "keyferry.db")
			s, err := Open(t.Context(), path)
			if err == nil {
				err = s.CreateAccount(t.Context(), storetest.NewAccount(), storetest.NewRoot(), mfa.Event{Kind: mfa.EventAccountCreated})
				s.Close()
			}
			if err != nil && !mfa.IsCode(err, mfa.CodeDiskFull) {
				t.Fatal(describe(err))
			}
			if err := syscall.Mount("tmpfs", filepath.Dir(path), "tmpfs", syscall.MS_REMOUNT, "size=8m"); err != nil {
				t.Fatal(err)
			}
			consistent(t, reopen(t, path))
		})
	}
}

func TestFullDiskInAMigration(t *testing.T) {
	dir := small(t, "size=4m,mode=0700")
	path := filepath.Join(dir, "keyferry.db")
	fill(t, path, 1000)
	fillDisk(t, dir)
	if _, err := Open(t.Context(), path, withMigrations(addColumn)); !mfa.IsCode(err, mfa.CodeDiskFull) {
		t.Fatal(describe(err))
	}
	if got := folder(t, path); strings.Contains(got, "bak") {
		t.Errorf("left behind: %s", got)
	}
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
	consistent(t, reopen(t, path))
}

// asNobody runs f without root's right to pass over file modes.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := syscall.Setfsuid(65534); err != nil {
		t.Skip(err)
	}
	defer syscall.Setfsuid(0)
	f()
}

func TestDenied(t *testing.T) {
	rows := []struct {
		name         string
		folder, file os.FileMode
	}{
		{"a file that cannot be read", 0o755, 0o200},
		{"a file that cannot be written", 0o755, 0o400},
		{"a folder that cannot be written", 0o555, 0o600},
		{"a folder that cannot be entered", 0o600, 0o600},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			path := example(t, 20)
			before := read(t, path)
			dir := filepath.Dir(path)
			if os.Geteuid() == 0 {
				os.Chown(path, 65534, 65534)
				os.Chown(dir, 65534, 65534)
			}
			os.Chmod(path, row.file)
			os.Chmod(dir, row.folder)
			defer os.Chmod(dir, 0o755)
			asNobody(t, func() {
				s, err := Open(t.Context(), path)
				if err == nil {
					s.Close()
				}
				if !mfa.IsCode(err, mfa.CodeStorageDenied) {
					t.Error(describe(err))
				}
			})
			os.Chmod(dir, 0o755)
			os.Chmod(path, 0o600)
			if string(read(t, path)) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
	t.Run("a new file in a folder that cannot be written", func(t *testing.T) {
		dir := t.TempDir()
		os.Chmod(dir, 0o555)
		asNobody(t, func() {
			if _, err := Open(t.Context(), filepath.Join(dir, "keyferry.db")); !mfa.IsCode(err, mfa.CodeStorageDenied) {
				t.Error(describe(err))
			}
		})
	})
}
