package archive

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestABackupIsRehearsed(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := newWorld(t)
	w.fill()
	path := filepath.Join(t.TempDir(), "b")
	made, err := w.backups.Make(t.Context(), mfa.Session{PrincipalID: w.root.ID}, path, pass(phrase))
	w.must(err)
	got, err := Rehearse(t.Context(), path, pass(phrase), "", opener)
	w.must(err)
	want := Summary{Account: w.account.ID, Alias: w.account.Alias, MadeAt: clock(), Users: 3, Devices: 5, Sealed: 5, Events: got.Events}
	if got != want || made != want || got.Events < 10 {
		t.Errorf("made      %+v\nrehearsed %+v\nwant      %+v", made, got, want)
	}
	if left := files(t, os.Getenv("TMPDIR")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if left := files(t, filepath.Dir(path)); !slices.Equal(left, []string{"b"}) {
		t.Errorf("beside the backup: %v", left)
	}
	if left := files(t, w.dir); slices.ContainsFunc(left, func(n string) bool { return strings.Contains(n, "backup") }) {
		t.Errorf("in the data folder: %v", left)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	events, err := w.store.FindEvents(t.Context(), mfa.EventFilter{Limit: 1})
	w.must(err)
	if len(events) != 1 || events[0].Kind != mfa.EventBackupMade || events[0].PrincipalID != w.root.ID {
		t.Errorf("event %v", events)
	}
}

func TestABackupShowsNothing(t *testing.T) {
	w := newWorld(t)
	w.fill()
	path := w.backup()
	key, err := w.vault.Key()
	w.must(err)
	for name, secret := range map[string][]byte{"a seed": []byte(canary), "the key": key.Bytes(), "a name": []byte(longName),
		"SQLite": []byte("SQLite format 3"), "the passphrase": []byte(phrase)} {
		if contains(t, path, secret) {
			t.Errorf("%s is in the file", name)
		}
	}
}

func TestMakeRefuses(t *testing.T) {
	w := newWorld(t)
	w.fill()
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	w.must(os.WriteFile(there, []byte("mine"), 0o600))
	for name, test := range map[string]struct {
		path, phrase string
		spoil        func()
		code         mfa.Code
	}{
		"a name that is taken": {there, phrase, nil, mfa.CodeFileExists},
		"a short passphrase":   {filepath.Join(dir, "a"), "nine char", nil, mfa.CodePassphraseShort},
		"an endless one":       {filepath.Join(dir, "a"), strings.Repeat("x", 1025), nil, mfa.CodeInvalidInput},
		"no folder":            {filepath.Join(dir, "no", "a"), phrase, nil, mfa.CodeStorageDenied},
		"the gate says no":     {filepath.Join(dir, "a"), phrase, func() { w.gate.refuse = mfa.Fail(mfa.CodeAccessDenied) }, mfa.CodeAccessDenied},
		"a locked vault": {filepath.Join(dir, "a"), phrase, func() {
			w.backups.c.Key = func() (*mfa.Secret, error) { return nil, mfa.Fail(mfa.CodeVaultLocked, "state", "locked") }
		}, mfa.CodeVaultLocked},
		"the copy fails": {filepath.Join(dir, "a"), phrase, func() {
			w.backups.c.Snapshot = func(context.Context, string) error { return mfa.Fail(mfa.CodeDiskFull) }
		}, mfa.CodeDiskFull},
		"taken meanwhile": {filepath.Join(dir, "late"), phrase, func() {
			snapshot := w.backups.c.Snapshot
			w.backups.c.Snapshot = func(ctx context.Context, path string) error {
				return errors.Join(snapshot(ctx, path), os.WriteFile(filepath.Join(dir, "late"), []byte("mine"), 0o600))
			}
		}, mfa.CodeFileExists},
		"the event fails": {filepath.Join(dir, "a"), phrase, func() {
			w.backups.c.Store = noEvents{w.store}
		}, mfa.CodeStorageFailed},
	} {
		t.Run(name, func(t *testing.T) {
			was, gate := w.backups.c, *w.gate
			defer func() { w.backups.c, *w.gate = was, gate }()
			if test.spoil != nil {
				test.spoil()
			}
			_, err := w.backups.Make(t.Context(), mfa.Session{}, test.path, pass(test.phrase))
			refuses(t, err, test.code)
		})
	}
	if left := files(t, dir); !slices.Equal(left, []string{"late", "there"}) || string(read(t, there)) != "mine" || string(read(t, filepath.Join(dir, "late"))) != "mine" {
		t.Errorf("left: %v", left)
	}
}

type noEvents struct{ mfa.Store }

func (noEvents) AddEvent(context.Context, mfa.Event) error { return mfa.Fail(mfa.CodeStorageFailed) }

func TestCancelLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := newWorld(t)
	w.fill()
	path := w.backup()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	snapshot := w.backups.c.Snapshot
	w.backups.c.Snapshot = func(c context.Context, path string) error { defer cancel(); return snapshot(c, path) }
	if _, err := w.backups.Make(ctx, mfa.Session{}, filepath.Join(dir, "b"), pass(phrase)); !errors.Is(err, context.Canceled) {
		t.Errorf("Make: %v", err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("Make left %v", left)
	}
	for name, open := range map[string]Opener{
		"before it opens": func(ctx context.Context, path string, key *mfa.Secret) (mfa.Store, mfa.Sealer, error) {
			cancel()
			return nil, nil, ctx.Err()
		},
		"while it is open": func(ctx context.Context, path string, key *mfa.Secret) (mfa.Store, mfa.Sealer, error) {
			defer cancel()
			return opener(ctx, path, key)
		},
	} {
		ctx, cancel = context.WithCancel(t.Context())
		if _, err := Rehearse(ctx, path, pass(phrase), "", open); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := Rehearse(ctx, path, pass(phrase), "", opener); !errors.Is(err, context.Canceled) {
		t.Errorf("at once: %v", err)
	}
	if left := files(t, os.Getenv("TMPDIR")); len(left) != 0 {
		t.Errorf("Rehearse left %v", left)
	}
}

func TestAnAccountWithoutSecretsHasNoKey(t *testing.T) {
	w := newWorld(t)
	path := w.backup()
	got, err := Rehearse(t.Context(), path, pass(phrase), "", opener)
	w.must(err)
	if got.Sealed != 0 {
		t.Errorf("%+v", got)
	}
	w.close()
	_, key, err := Restore(t.Context(), path, pass(phrase), w.target(), opener)
	w.must(err)
	if key != nil {
		t.Error("a key came out of nowhere")
	}
	w.open()
}

func TestEveryCutAndEveryBitShows(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := newWorld(t)
	w.fill()
	whole := read(t, w.backup())
	path := filepath.Join(t.TempDir(), "spoiled")
	check := func(name string, data []byte) {
		t.Helper()
		w.must(os.WriteFile(path, data, 0o600))
		_, err := Rehearse(t.Context(), path, pass(phrase), "", func(context.Context, string, *mfa.Secret) (mfa.Store, mfa.Sealer, error) {
			t.Fatalf("%s: it was believed", name)
			return nil, nil, nil
		})
		switch mfa.AsFailure(err).Code {
		case mfa.CodeBackupUnreadable, mfa.CodeBackupDamaged:
		case mfa.CodeBackupPassphrase: // of a stanza that was changed, nobody can tell
			if len(data) < len(whole) || bytes.Equal(data[300:], whole[300:]) {
				break
			}
			fallthrough
		default:
			t.Fatalf("%s: %v", name, err)
		}
	}
	const chunk = 64<<10 + 16
	header := bytes.Index(whole, []byte("\n---")) + 49
	cuts := []int{0, 1, 10, 100, header, header + 16, header + 17, header + 16 + chunk, header + 16 + chunk + 5, len(whole) - 17, len(whole) - 1}
	for _, n := range cuts {
		if n < len(whole) {
			check("cut at "+string(rune('0'+n%10)), whole[:n])
		}
	}
	for at := 0; at < len(whole); at += max(1, min(at, 997)) {
		spoiled := bytes.Clone(whole)
		spoiled[at] ^= 4
		check("a bit", spoiled)
	}
	check("a byte more", append(bytes.Clone(whole), 0))
	if left := files(t, os.Getenv("TMPDIR")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWrongPassphraseAndForeignFiles(t *testing.T) {
	w := newWorld(t)
	w.fill()
	path := w.backup()
	_, err := Rehearse(t.Context(), path, pass("another passphrase"), "", opener)
	refuses(t, err, mfa.CodeBackupPassphrase)
	_, err = Rehearse(t.Context(), path, nil, "", opener)
	refuses(t, err, mfa.CodeBackupPassphrase)
	dir := t.TempDir()
	for name, test := range map[string]struct {
		content []byte
		code    mfa.Code
	}{
		"nothing":                {nil, mfa.CodeBackupUnreadable},
		"a picture":              {[]byte("\x89PNG\r\n\x1a\n" + strings.Repeat("x", 100)), mfa.CodeBackupUnreadable},
		"a database":             {read(t, w.database), mfa.CodeBackupUnreadable},
		"age, but not ours":      {sealed(t, phrase, 4, []byte("hello")), mfa.CodeBackupUnreadable},
		"age, but for a key":     {sealedForKey(t), mfa.CodeBackupUnreadable},
		"age, and very costly":   {bytes.Replace(sealed(t, phrase, 4, nil), []byte(" 4\n"), []byte(" 30\n"), 1), mfa.CodeBackupDamaged},
		"only the line of magic": {[]byte(magic), mfa.CodeBackupDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			p := filepath.Join(dir, "f")
			if err := os.WriteFile(p, test.content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Rehearse(t.Context(), p, pass(phrase), "", opener)
			refuses(t, err, test.code)
		})
	}
	for _, p := range []string{filepath.Join(dir, "none"), dir} {
		_, err := Rehearse(t.Context(), p, pass(phrase), "", opener)
		refuses(t, err, mfa.CodeFileUnreadable)
	}
}

func TestRehearsalFindsWhatTheAccountBroke(t *testing.T) {
	w := newWorld(t)
	w.fill()
	path := w.backup()
	t.Run("another key", func(t *testing.T) {
		_, err := Rehearse(t.Context(), path, pass(phrase), "", func(ctx context.Context, path string, _ *mfa.Secret) (mfa.Store, mfa.Sealer, error) {
			return opener(ctx, path, mfa.NewSecret(make([]byte, keySize)))
		})
		refuses(t, err, mfa.CodeBackupDamaged)
	})
	t.Run("a broken chain", func(t *testing.T) {
		s, err := Rehearse(t.Context(), path, pass(phrase), "", func(ctx context.Context, path string, key *mfa.Secret) (mfa.Store, mfa.Sealer, error) {
			s, v, err := opener(ctx, path, key)
			return brokenChain{s}, v, err
		})
		refuses(t, err, mfa.CodeChainBroken)
		if mfa.AsFailure(err).Params["seq"] != "4" || s.Users != 3 {
			t.Errorf("%v, %+v", mfa.AsFailure(err).Params, s)
		}
	})
	for code, want := range map[mfa.Code]mfa.Code{mfa.CodeDatabaseNewer: mfa.CodeBackupNewer, mfa.CodeDatabaseDamaged: mfa.CodeBackupDamaged,
		mfa.CodeDatabaseForeign: mfa.CodeBackupDamaged, mfa.CodeDiskFull: mfa.CodeDiskFull} {
		t.Run(string(code), func(t *testing.T) {
			_, err := Rehearse(t.Context(), path, pass(phrase), "", func(context.Context, string, *mfa.Secret) (mfa.Store, mfa.Sealer, error) {
				return nil, nil, mfa.Fail(code)
			})
			refuses(t, err, want)
		})
	}
}

// brokenChain is a trail whose fourth event was changed.
type brokenChain struct{ mfa.Store }

func (b brokenChain) Events(ctx context.Context, after int64, limit int) ([]mfa.Event, error) {
	events, err := b.Store.Events(ctx, after, limit)
	for i := range events {
		if events[i].Seq == 4 {
			events[i].Kind = mfa.EventSignedOut
		}
	}
	return events, err
}
