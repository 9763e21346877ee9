package archive

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// plant makes folders with a file in them, and files.
func plant(t *testing.T, dir string, folders, plain []string) {
	t.Helper()
	for _, n := range folders {
		if err := os.Mkdir(filepath.Join(dir, n), 0o700); err != nil {
			t.Fatal(err)
		}
		plain = append(slices.Clone(plain), filepath.Join(n, databaseName))
	}
	for _, n := range plain {
		if err := os.WriteFile(filepath.Join(dir, n), []byte("somebody's"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSweepTakesItsOwnOnly(t *testing.T) {
	dir := t.TempDir()
	ours := []string{"keyferry-backup-1", "keyferry-rehearsal-4294967295", "keyferry.db.restore-77", "sandbox.db.restore-1"}
	others := []string{"keyferry-backup-", "keyferry-backup-x1", "keyferry-backup-1x", "my-keyferry-backup-1", "keyferry-backup-1.bak",
		"keyferry-rehearsal", "other.db.restore-1", "keyferryxdb.restore-1", "keyferry.db.restore-1-2", "KEYFERRY-BACKUP-2"}
	plain := []string{"keyferry.db", "keyferry-backup-2", "keyferry-rehearsal-3", "keyferry.db.replaced.20260301T120000Z.bak"}
	plant(t, dir, append(slices.Clone(ours), others...), plain)
	want := append(slices.Clone(others), plain...)
	if runtime.GOOS != "windows" {
		elsewhere := t.TempDir()
		plant(t, elsewhere, nil, []string{"precious"})
		if err := os.Symlink(elsewhere, filepath.Join(dir, "keyferry-backup-9")); err != nil {
			t.Fatal(err)
		}
		want = append(want, "keyferry-backup-9")
		defer func() {
			if left := files(t, elsewhere); !slices.Equal(left, []string{"precious"}) {
				t.Errorf("behind a link: %v", left)
			}
		}()
	}
	Sweep(dir, filepath.Join(dir, "keyferry.db"), filepath.Join(dir, "sandbox.db"))
	slices.Sort(want)
	if left := files(t, dir); !slices.Equal(left, want) {
		t.Errorf("left %v\nwant %v", left, want)
	}
	Sweep(filepath.Join(dir, "no such folder"))
}

// Where others may be at work, age decides.
func TestOldLeftoversGo(t *testing.T) {
	w := newWorld(t)
	w.fill()
	beside, shared := t.TempDir(), t.TempDir()
	plant(t, beside, []string{".keyferry-backup-9.part"}, []string{".keyferry-backup-1.part", ".keyferry-backup-2.part", ".keyferry-backup-.part", ".keyferry-backup-3.part.txt"})
	plant(t, shared, []string{"keyferry-rehearsal-1", "keyferry-rehearsal-2", "keyferry-rehearsal-x"}, []string{"keyferry-rehearsal-3"})
	old := time.Now().Add(-25 * time.Hour)
	for _, path := range []string{filepath.Join(beside, "*"), filepath.Join(beside, ".*"), filepath.Join(shared, "*")} {
		all, err := filepath.Glob(path)
		w.must(err)
		for _, p := range all {
			if n := filepath.Base(p); n != ".keyferry-backup-2.part" && n != "keyferry-rehearsal-2" {
				w.must(os.Chtimes(p, old, old))
			}
		}
	}
	path := filepath.Join(beside, "b")
	_, err := w.backups.Make(t.Context(), mfa.Session{PrincipalID: w.root.ID}, path, pass(phrase))
	w.must(err)
	_, err = Rehearse(t.Context(), path, pass(phrase), shared, opener)
	w.must(err)
	if left, want := files(t, beside), []string{".keyferry-backup-.part", ".keyferry-backup-2.part", ".keyferry-backup-3.part.txt", ".keyferry-backup-9.part", "b"}; !slices.Equal(left, want) {
		t.Errorf("beside the backup %v, want %v", left, want)
	}
	if left, want := files(t, shared), []string{"keyferry-rehearsal-2", "keyferry-rehearsal-3", "keyferry-rehearsal-x"}; !slices.Equal(left, want) {
		t.Errorf("in the shared folder %v, want %v", left, want)
	}
}
