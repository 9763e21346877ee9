package canary

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/archive"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/vault/vaulttest"
)

// opener opens a copy as assembly does.
func opener(l *lab) archive.Opener {
	return func(ctx context.Context, path string, key *mfa.Secret) (mfa.Store, mfa.Sealer, error) {
		store, err := sqlite.Open(ctx, path, sqlite.WithClock(l.clock.read))
		if err != nil {
			return nil, nil, err
		}
		v, err := vaulttest.Adopted(ctx, store, key)
		if err != nil {
			return nil, nil, errors.Join(err, store.Close())
		}
		return store, v, nil
	}
}

const phrase = "a passphrase for backups"

func (l *lab) backup() string {
	l.Helper()
	path := filepath.Join(l.TempDir(), "account.keyferry")
	_, err := l.archive.Make(l.Context(), l.who, path, secret(phrase))
	l.must(err)
	return path
}

// print is a folder's files and what is in them.
func print(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %x", e.Name(), sha256.Sum256(text)))
	}
	return out
}

// A backup that cannot or must not be restored leaves every file of the folder as it was.
func TestBackupsThatAreNotRestored(t *testing.T) {
	w := newWorld(t)
	own := w.backup()
	other := newWorld(t).backup()
	good, err := os.ReadFile(own)
	w.must(err)
	a, err := w.store.Account(t.Context())
	w.must(err)
	w.close()
	spoil := func(name string, change func([]byte) []byte) string {
		path := filepath.Join(t.TempDir(), name)
		w.must(os.WriteFile(path, change(slices.Clone(good)), 0o600))
		return path
	}
	rows := map[string]struct {
		path, phrase string
		change       func(*archive.Target)
		codes        []mfa.Code
	}{
		"another account's":  {other, phrase, nil, []mfa.Code{mfa.CodeBackupOther}},
		"into the sandbox":   {own, phrase, func(t *archive.Target) { t.Sandbox, t.ReplaceOther = true, true }, []mfa.Code{mfa.CodeBackupOther}},
		"a wrong passphrase": {own, "another passphrase", nil, []mfa.Code{mfa.CodeBackupPassphrase}},
		"no passphrase":      {own, "", nil, []mfa.Code{mfa.CodeBackupPassphrase}},
		"no file":            {own + "x", phrase, nil, []mfa.Code{mfa.CodeFileUnreadable}},
		"a folder":           {t.TempDir(), phrase, nil, []mfa.Code{mfa.CodeFileUnreadable, mfa.CodeBackupUnreadable}},
		"nothing":            {spoil("empty", func([]byte) []byte { return nil }), phrase, nil, []mfa.Code{mfa.CodeBackupUnreadable, mfa.CodeBackupDamaged}},
		"something else":     {spoil("else", func([]byte) []byte { return []byte("name,password\n") }), phrase, nil, []mfa.Code{mfa.CodeBackupUnreadable}},
		"a database":         {w.path, phrase, nil, []mfa.Code{mfa.CodeBackupUnreadable}},
		"a byte less":        {spoil("short", func(b []byte) []byte { return b[:len(b)-1] }), phrase, nil, []mfa.Code{mfa.CodeBackupDamaged}},
		"half":               {spoil("half", func(b []byte) []byte { return b[:len(b)/2] }), phrase, nil, []mfa.Code{mfa.CodeBackupDamaged}},
		"a byte more":        {spoil("long", func(b []byte) []byte { return append(b, 0) }), phrase, nil, []mfa.Code{mfa.CodeBackupDamaged}},
		"twice":              {spoil("twice", func(b []byte) []byte { return append(b, b...) }), phrase, nil, []mfa.Code{mfa.CodeBackupDamaged}},
		"a work factor of 2^30": {spoil("work", func(b []byte) []byte {
			return []byte(strings.Replace(string(b), " 4\n", " 30\n", 1))
		}), phrase, nil, []mfa.Code{mfa.CodeBackupDamaged, mfa.CodeBackupUnreadable, mfa.CodeBackupPassphrase}},
	}
	for i := range 24 { // a bit in each part of the file
		at := i * (len(good) - 1) / 23
		rows[fmt.Sprintf("a bit of byte %d", at)] = struct {
			path, phrase string
			change       func(*archive.Target)
			codes        []mfa.Code
		}{spoil(fmt.Sprint("bit", i), func(b []byte) []byte { b[at] ^= 1 << (i % 8); return b }), phrase, nil,
			[]mfa.Code{mfa.CodeBackupDamaged, mfa.CodeBackupUnreadable, mfa.CodeBackupPassphrase}}
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			target := archive.Target{Database: w.path, AccountID: a.ID, Clock: w.clock.read}
			if row.change != nil {
				row.change(&target)
			}
			stored := dump(t, w.path) // it leaves an index of the WAL beside
			before := print(t, w.dir)
			_, key, err := archive.Restore(t.Context(), row.path, secret(row.phrase), target, opener(w.lab))
			if f := mfa.AsFailure(err); f == nil || !slices.Contains(row.codes, f.Code) || key != nil {
				t.Errorf("got %v (%s), want one of %v", err, mfa.AsFailure(err).Explain(), row.codes)
			} else if len(f.Explain()) > 500 {
				t.Errorf("the failure explains %d bytes", len(f.Explain()))
			}
			if after := print(t, w.dir); !slices.Equal(before, after) {
				t.Errorf("files before\n%s\nafter\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
			}
			if after := dump(t, w.path); !slices.Equal(stored, after) {
				t.Error("the account was changed")
			}
			if target.Sandbox || strings.HasPrefix(name, "another") {
				return
			}
			if _, err := archive.Rehearse(t.Context(), row.path, secret(row.phrase), t.TempDir(), opener(w.lab)); err == nil {
				t.Error("the rehearsal praises it")
			}
		})
	}
	w.open()
	if _, err := w.ceremony.SignInWithCode(t.Context(), w.pending(mfa.Identity{Kind: mfa.Root, Name: rootMail}), w.code(w.app, 1)); err != nil {
		t.Errorf("after all that: %v (%s)", err, mfa.AsFailure(err).Explain())
	}
}

// A backup of another account takes the place when the person says so, and what was there
// is kept beside it.
func TestAnotherAccountsBackup(t *testing.T) {
	other := newWorld(t)
	path := other.backup()
	want := dump(t, other.path, "events", "highest_time", "key_slots")
	w := newWorld(t)
	a, err := w.store.Account(t.Context())
	w.must(err)
	w.close()
	old := dump(t, w.path)
	sum, key, err := archive.Restore(t.Context(), path, secret(phrase), archive.Target{Database: w.path, AccountID: a.ID, ReplaceOther: true, Clock: w.clock.read}, opener(w.lab))
	if err != nil || key == nil || sum.Account == a.ID || sum.Devices != 6 || sum.Users != 2 {
		t.Fatalf("%+v, %v", sum, err)
	}
	key.Wipe()
	if got := dump(t, w.path, "events", "highest_time", "key_slots"); !slices.Equal(got, want) {
		t.Errorf("restored is something else:\n%s", strings.Join(difference(want, got), "\n"))
	}
	kept, err := filepath.Glob(w.path + ".replaced.*.bak")
	if err != nil || len(kept) != 1 || !slices.Equal(dump(t, kept[0]), old) {
		t.Errorf("what was there is not kept: %v, %v", kept, err)
	}
}
