package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("somewhere", 3600))

// withMigrations adds to what is released, as a later version would.
func withMigrations(texts ...string) Option {
	return func(c *config) {
		c.clock = func() time.Time { return noon }
		c.dailyKept = 0
		for _, text := range texts {
			c.migrations = append(c.migrations, migration{"test", text})
		}
	}
}

const addColumn = "ALTER TABLE accounts ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'"

func versionOf(t testing.TB, path string) (version int) {
	t.Helper()
	db := plain(t, path)
	defer db.Close()
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		t.Fatal(err)
	}
	return version
}

func TestMigrationMakesABackupFirst(t *testing.T) {
	path := example(t, 200)
	before := len(released())
	if got := Backups(path); len(got) != 0 {
		t.Errorf("a first start left %v", got)
	}
	s := reopen(t, path, withMigrations(addColumn, "CREATE TABLE more (x)"))
	if err := s.VerifyChain(t.Context()); err != nil {
		t.Fatal(describe(err))
	}
	if a, err := s.Account(t.Context()); err != nil || a.Alias != "harbour" {
		t.Error(describe(err))
	}
	s.Close()
	if got := versionOf(t, path); got != before+2 {
		t.Errorf("version %d", got)
	}
	backups := Backups(path)
	name := func(version int) string { return fmt.Sprintf("keyferry.db.v%d.20260301T110000Z.bak", version) }
	if len(backups) != 2 || filepath.Base(backups[0]) != name(before+1) || filepath.Base(backups[1]) != name(before) {
		t.Fatalf("backups %v", backups)
	}
	if info, err := os.Stat(backups[0]); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	// Today's version opens what was kept of it, and refuses the new one.
	if _, err := Open(t.Context(), path); !mfa.IsCode(err, mfa.CodeDatabaseNewer) {
		t.Error(describe(err))
	}
	old := reopen(t, backups[1])
	if err := old.VerifyChain(t.Context()); err != nil {
		t.Error(describe(err))
	}
	if list, err := old.Devices(t.Context(), "ROOT"); err != nil || len(list) != mfa.MaxDevices {
		t.Error(describe(err))
	}
}

func TestMigrationThatFailsChangesNothing(t *testing.T) {
	rows := []struct {
		name, text string
	}{
		{"a mistake", addColumn + "; ALTER TABLE nothing ADD COLUMN x"},
		{"a device without its principal", addColumn + "; PRAGMA defer_foreign_keys = 1; DELETE FROM principals"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			path := example(t, 50)
			if _, err := Open(t.Context(), path, withMigrations(row.text)); !mfa.IsCode(err, mfa.CodeStorageFailed) {
				t.Error(describe(err))
			}
			s := reopen(t, path, func(c *config) { c.dailyKept = 0 })
			if err := s.VerifyChain(t.Context()); err != nil {
				t.Error(describe(err))
			}
			if list, err := s.Devices(t.Context(), "ROOT"); err != nil || len(list) != mfa.MaxDevices {
				t.Error(describe(err))
			}
			if len(Backups(path)) != 1 {
				t.Error("no backup")
			}
		})
	}
}

func TestMigrationIsRefusedForADamagedDatabase(t *testing.T) {
	path := example(t, 200)
	b := read(t, path)
	copy(b[pageSize:], bytes.Repeat([]byte{0xa5}, pageSize))
	write(t, path, b)
	if _, err := Open(t.Context(), path, withMigrations(addColumn)); !mfa.IsCode(err, mfa.CodeDatabaseDamaged) {
		t.Error(describe(err))
	}
	if !bytes.Equal(read(t, path), b) || len(Backups(path)) != 0 {
		t.Error("something was written")
	}
}

func TestMigrationCancelled(t *testing.T) {
	path := example(t, 50)
	ctx, cancel := context.WithCancel(t.Context())
	stop := func(c *config) {
		withMigrations(addColumn)(c)
		c.clock = func() time.Time { cancel(); return noon } // as the backup begins
	}
	if _, err := Open(ctx, path, stop); !mfa.IsCode(err, mfa.CodeCancelled) {
		t.Error(describe(err))
	}
	if got := versionOf(t, path); got != len(released()) {
		t.Errorf("version %d", got)
	}
	if got := folder(t, path); strings.Contains(got, "part") {
		t.Errorf("half a backup stayed: %s", got)
	}
	reopen(t, path)
}

func TestBackupsListsOnlyBackups(t *testing.T) {
	path := databasePath(t)
	for _, name := range []string{"keyferry.db", "keyferry.db.bak.part", "keyferry.db.v1.bak", "keyferry.db.v1.20260101T000000Z.bak",
		"keyferry.db.v1.20260301T000000Z.bak", "keyferry.db.v1.20260301T000000Z-2.bak", "keyferry.db.v1.20260301T000000Z-10.bak", "keyferry.db.v12.20260201T000000Z.bak",
		"keyferry.db.daily.20260215T000000Z.bak", "keyferry.db.daily.20260301T000000Z.bak", "keyferry.db.daily.20269901T000000Z.bak", "keyferry.db.weekly.20260301T000000Z.bak",
		"other.db.v1.20260301T000000Z.bak", "keyferry.db.v1.20260301T000000Z.bak.txt", "keyferry.dbx.v1.20260301T000000Z.bak"} {
		write(t, filepath.Join(filepath.Dir(path), name), nil)
	}
	os.Mkdir(path+".v1.20270101T000000Z.bak", 0o700)
	var names []string
	for _, p := range Backups(path) {
		names = append(names, strings.TrimPrefix(p, path))
	}
	want := ".v1.20260301T000000Z-10.bak .v1.20260301T000000Z-2.bak .v1.20260301T000000Z.bak .daily.20260301T000000Z.bak .daily.20260215T000000Z.bak .v12.20260201T000000Z.bak .v1.20260101T000000Z.bak"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got := Backups(filepath.Join(t.TempDir(), "none", "x")); len(got) != 0 {
		t.Errorf("a folder that is not there has %v", got)
	}
}

func TestTwoBackupsInOneSecond(t *testing.T) {
	path := example(t, 20)
	for range 2 {
		if _, err := Open(t.Context(), path, withMigrations("a mistake")); err == nil {
			t.Fatal("opened")
		}
	}
	if got := Backups(path); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

func TestReadMigrations(t *testing.T) {
	file := &fstest.MapFile{Data: []byte("SELECT 1")}
	rows := []struct {
		name  string
		files fstest.MapFS
		fine  bool
	}{
		{"in order", fstest.MapFS{"m/0001_a.sql": file, "m/0002_b.sql": file}, true},
		{"a gap", fstest.MapFS{"m/0001_a.sql": file, "m/0003_b.sql": file}, false},
		{"a number twice", fstest.MapFS{"m/0001_a.sql": file, "m/0001_b.sql": file}, false},
		{"no number", fstest.MapFS{"m/a.sql": file}, false},
	}
	for _, row := range rows {
		if _, err := readMigrations(row.files, "m"); (err == nil) != row.fine {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	if list := released(); len(list) == 0 || !strings.HasPrefix(list[0].name, "0001_") {
		t.Error(errors.New("the released migrations are not there"))
	}
}
