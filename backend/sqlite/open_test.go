package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

func databasePath(t testing.TB) string { return filepath.Join(t.TempDir(), "keyferry.db") }

// example makes a closed database with n events and gives its path.
func example(t testing.TB, n int) string {
	t.Helper()
	path := databasePath(t)
	fill(t, path, n)
	return path
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// folder lists the names beside path.
func folder(t testing.TB, path string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// plain opens the file with SQLite's own settings, as another program would.
func plain(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, text := range statements {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(text, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	word := func(b []byte, offset int, v uint32) []byte {
		binary.BigEndian.PutUint32(b[offset:], v)
		return b
	}
	rows := []struct {
		name   string
		change func(t *testing.T, path string)
		code   mfa.Code
	}{
		{"a newer version", func(t *testing.T, path string) {
			write(t, path, word(read(t, path), offsetUserVersion, 1000))
		}, mfa.CodeDatabaseNewer},
		{"somebody else's application ID", func(t *testing.T, path string) {
			write(t, path, word(read(t, path), offsetApplicationID, 7))
		}, mfa.CodeDatabaseForeign},
		{"a database of something else", func(t *testing.T, path string) {
			os.Remove(path)
			run(t, plain(t, path), "CREATE TABLE accounts (id)", "PRAGMA user_version = 1")
		}, mfa.CodeDatabaseForeign},
		{"ours without a version", func(t *testing.T, path string) {
			write(t, path, word(read(t, path), offsetUserVersion, 0))
		}, mfa.CodeDatabaseDamaged},
		{"ours with a negative version", func(t *testing.T, path string) {
			write(t, path, word(read(t, path), offsetUserVersion, 1<<31))
		}, mfa.CodeDatabaseDamaged},
		{"a text file", func(t *testing.T, path string) {
			write(t, path, []byte(strings.Repeat("Dear diary, ", 1000)))
		}, mfa.CodeDatabaseDamaged},
		{"three bytes", func(t *testing.T, path string) { write(t, path, []byte("SQL")) }, mfa.CodeDatabaseDamaged},
		{"nothing", func(t *testing.T, path string) { write(t, path, nil) }, mfa.CodeDatabaseDamaged},
		{"all zeros", func(t *testing.T, path string) { write(t, path, make([]byte, 8192)) }, mfa.CodeDatabaseDamaged},
		{"the header only", func(t *testing.T, path string) { write(t, path, read(t, path)[:headerSize]) }, mfa.CodeDatabaseDamaged},
		{"the first half", func(t *testing.T, path string) {
			b := read(t, path)
			write(t, path, b[:len(b)/2])
		}, mfa.CodeDatabaseDamaged},
		{"the last page missing", func(t *testing.T, path string) {
			b := read(t, path)
			write(t, path, b[:len(b)-pageSize])
		}, mfa.CodeDatabaseDamaged},
		{"garbage behind the header", func(t *testing.T, path string) {
			b := read(t, path)
			copy(b[headerSize:], bytes.Repeat([]byte{0xa5, 0x11}, len(b)))
			write(t, path, b)
		}, mfa.CodeDatabaseDamaged},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			path := example(t, 200)
			row.change(t, path)
			before, names := read(t, path), folder(t, path)
			s, err := Open(t.Context(), path)
			if err == nil {
				s.Close()
			}
			if !mfa.IsCode(err, row.code) {
				t.Errorf("want %s, got %s", row.code, describe(err))
			}
			if !bytes.Equal(read(t, path), before) {
				t.Error("the file was changed")
			}
			if after := folder(t, path); after != names {
				t.Errorf("files beside it: %s", after)
			}
			if row.code == mfa.CodeDatabaseNewer {
				if p := mfa.AsFailure(err).Params; p["found"] != "1000" || p["known"] != fmt.Sprint(len(released())) {
					t.Errorf("params %v", p)
				}
			}
		})
	}
}

// Every page in turn is overwritten. Whatever it was, Open or reading notices.
func TestEveryPageThatIsLostIsNoticed(t *testing.T) {
	path := example(t, 300)
	whole := read(t, path)
	for page := range len(whole) / pageSize {
		b := bytes.Clone(whole)
		for i := range pageSize {
			b[page*pageSize+i] ^= 0xa5
		}
		write(t, path, b)
		s, err := Open(t.Context(), path)
		if err == nil {
			err = s.VerifyChain(t.Context())
			s.Close()
		}
		if !mfa.IsCode(err, mfa.CodeDatabaseDamaged) {
			t.Errorf("page %d: %s", page+1, describe(err))
		}
	}
}

func TestChangedEventIsNoticed(t *testing.T) {
	rows := []struct {
		name, change string
		atOpen       bool
		seq          int64
	}{
		{"an old detail", `UPDATE events SET detail = replace(detail, 'somebody', 'nobody') WHERE seq = 20`, false, 20},
		{"an old hash", `UPDATE events SET hash = zeroblob(32) WHERE seq = 30`, false, 30},
		{"an old event is gone", `DELETE FROM events WHERE seq = 40`, false, 40},
		{"the first is gone", `DELETE FROM events WHERE seq = 1`, false, 1},
		{"a new time", `UPDATE events SET at = at + 1 WHERE seq = 198`, true, 198},
		{"a new event is gone", `DELETE FROM events WHERE seq = 199`, true, 199},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			path := example(t, 200)
			db := plain(t, path)
			run(t, db, "DROP TRIGGER events_stay", "DROP TRIGGER events_remain", row.change)
			db.Close()
			s, err := Open(t.Context(), path)
			if (err != nil) != row.atOpen {
				t.Fatal(describe(err))
			}
			if err == nil {
				err = s.VerifyChain(t.Context())
				s.Close()
			}
			var broken *audit.Broken
			if !mfa.IsCode(err, mfa.CodeDatabaseDamaged) || !errors.As(err, &broken) || broken.Seq != row.seq {
				t.Error(describe(err))
			}
		})
	}
}

func TestEventsCannotBeChangedByAccident(t *testing.T) {
	db := plain(t, example(t, 20))
	for _, text := range []string{"UPDATE events SET kind = 'x' WHERE seq = 3", "DELETE FROM events WHERE seq = 3"} {
		if _, err := db.Exec(text); err == nil {
			t.Errorf("%s went through", text)
		}
	}
}

func TestSettings(t *testing.T) {
	path := databasePath(t)
	s := reopen(t, path)
	rows := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1",
		"trusted_schema": "0", "page_size": fmt.Sprint(pageSize), "wal_autocheckpoint": fmt.Sprint(checkpointPages)}
	for pragma, want := range rows {
		var got string
		if err := s.writer.conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, %v", pragma, got, err)
		}
	}
	if _, err := s.reads.Exec("DELETE FROM accounts"); err == nil {
		t.Error("a reader can write")
	}
	if err := s.CreateAccount(t.Context(), storetest.NewAccount(), storetest.NewRoot(), mfa.Event{Kind: "x"}); err != nil {
		t.Fatal(describe(err))
	}
	if runtime.GOOS != "windows" {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if info, err := os.Stat(path + suffix); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%q: mode %v, %v", suffix, info.Mode(), err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := folder(t, path); got != "keyferry.db" {
		t.Errorf("after Close: %s", got)
	}
}

func TestOpenTightensTheMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are not how Windows keeps others out")
	}
	path := example(t, 20)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	reopen(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// Names of folders are data, not part of a URI.
func TestOddPaths(t *testing.T) {
	for _, name := range []string{"with space", "per%20cent", "question?mode=ro", "hash#tag", "ünï", "file:x"} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Skip(err)
		}
		s, err := Open(t.Context(), filepath.Join(dir, "a b.db"))
		if err != nil {
			t.Errorf("%s: %s", name, describe(err))
			continue
		}
		s.Close()
		if got := folder(t, filepath.Join(dir, "x")); got != "a b.db" {
			t.Errorf("%s holds %s", name, got)
		}
	}
}

func TestOpenWithoutAFolder(t *testing.T) {
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "none", "keyferry.db")); !mfa.IsCode(err, mfa.CodeStorageFailed) {
		t.Error(describe(err))
	}
	if _, err := Open(t.Context(), t.TempDir()); !mfa.IsCode(err, mfa.CodeStorageFailed) {
		t.Error(describe(err))
	}
}

func TestOpenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, databasePath(t)); !mfa.IsCode(err, mfa.CodeCancelled) {
		t.Error(describe(err))
	}
}

// A first start that was killed leaves its file under the other name.
func TestFirstStartThatWasKilled(t *testing.T) {
	for name, left := range map[string]string{"nothing written": "", "half written": strings.Repeat("\x00", 3*pageSize)} {
		t.Run(name, func(t *testing.T) {
			path := databasePath(t)
			write(t, path+".new", []byte(left))
			write(t, path+".new-journal", []byte("what SQLite had in mind"))
			s := reopen(t, path)
			if _, err := s.Account(t.Context()); !mfa.IsCode(err, mfa.CodeNoAccount) {
				t.Error(describe(err))
			}
			s.Close()
			if got := folder(t, path); got != "keyferry.db" {
				t.Errorf("left: %s", got)
			}
		})
	}
}

// The file is gone and its WAL is not: the new database must not read it.
func TestWALOfADatabaseThatIsGone(t *testing.T) {
	path := databasePath(t)
	s := reopen(t, path)
	if err := s.CreateAccount(t.Context(), storetest.NewAccount(), storetest.NewRoot(), mfa.Event{Kind: mfa.EventAccountCreated}); err != nil {
		t.Fatal(describe(err))
	}
	left := databasePath(t)
	write(t, left+"-wal", read(t, path+"-wal"))
	fresh := reopen(t, left)
	if events, err := fresh.Events(t.Context(), 0, 9); err != nil || len(events) != 0 {
		t.Error(len(events), describe(err))
	}
}

func TestReservedWALIsNotOutgrown(t *testing.T) {
	path := databasePath(t)
	s := reopen(t, path)
	for range checkpointPages {
		if err := s.AddEvent(t.Context(), mfa.Event{Kind: mfa.EventSignedOut, Detail: map[string]string{"x": strings.Repeat("y", 700)}}); err != nil {
			t.Fatal(describe(err))
		}
	}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() != walReserve {
		t.Errorf("WAL has %d bytes, reserved were %d", info.Size(), walReserve)
	}
}
