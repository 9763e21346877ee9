package archive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// steps are all that Restore goes through.
var steps = []string{"read", "check", "settle", "keep", "clear", "swap", "done"}

// Two worlds, each as files in memory: most tests begin with one of them,
// and making it takes longer than what they try.
var closedWorld, crashedWorld madeOnce

type madeOnce struct {
	once   sync.Once
	files  map[string][]byte // of the data folder
	backup []byte
}

// world gives a copy of a world with a user more than its backup has: "late" tells the
// old database from the one in the backup. end closes the one that is copied.
func (m *madeOnce) world(t *testing.T, end func(*world)) (*world, string) {
	t.Helper()
	m.once.Do(func() {
		w := newWorld(t)
		w.fill()
		path := w.backup()
		w.must(w.store.AddPrincipal(t.Context(), storetest.NewUser("late"), mfa.Event{At: clock(), Kind: mfa.EventUserCreated}))
		end(w)
		made := map[string][]byte{"keys": read(t, filepath.Join(w.dir, "keys"))}
		for _, name := range files(t, w.dir) {
			made[name] = read(t, filepath.Join(w.dir, name))
		}
		m.backup, m.files = read(t, path), made
	})
	if m.files == nil {
		t.Fatal("the world could not be made")
	}
	w := emptyWorld(t, storetest.NewAccount())
	for name, data := range m.files {
		w.must(os.WriteFile(filepath.Join(w.dir, name), data, 0o600))
	}
	path := filepath.Join(t.TempDir(), "account.keyferry")
	w.must(os.WriteFile(path, m.backup, 0o600))
	return w, path
}

// late is a world that was closed.
func late(t *testing.T) (*world, string) {
	t.Helper()
	return closedWorld.world(t, (*world).close)
}

// holdsLate opens a database, checks all of it and says whether the late user is in it.
func holdsLate(t *testing.T, database string) bool {
	t.Helper()
	s, err := openStore(t.Context(), database)
	if err != nil {
		t.Fatalf("%s does not open: %v", filepath.Base(database), err)
	}
	defer s.Close()
	if err := s.VerifyChain(t.Context()); err != nil {
		t.Fatal(err)
	}
	people, err := s.Overviews(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(people); n != 4 && n != 5 {
		t.Fatalf("%d principals", n)
	}
	return slices.ContainsFunc(people, func(o mfa.Overview) bool { return o.Name == "late" })
}

func kept(t *testing.T, w *world) (found []string) {
	t.Helper()
	for _, name := range files(t, w.dir) {
		if strings.Contains(name, ".replaced.") && !strings.Contains(name, ".daily.") { // opening one makes a daily copy
			found = append(found, name)
		}
	}
	return found
}

func TestRestore(t *testing.T) {
	w, path := late(t)
	s, key, err := Restore(t.Context(), path, pass(phrase), w.target(), opener)
	w.must(err)
	if s.Account != w.account.ID || s.Users != 3 || s.Devices != 5 || s.Sealed != 5 || key.Len() != keySize {
		t.Errorf("%+v", s)
	}
	if names := files(t, w.dir); !slices.Equal(names, []string{"keyferry.db", "keyferry.db.replaced.20261122T120000Z.bak"}) {
		t.Errorf("files %v", names)
	}
	if holdsLate(t, w.database) {
		t.Error("the old database is still there")
	}
	if !holdsLate(t, filepath.Join(w.dir, kept(t, w)[0])) {
		t.Error("the copy beside is not the old one")
	}

	// On a new machine: the store knows nothing, the key came with the backup.
	w.must(os.Remove(filepath.Join(w.dir, "keys")))
	w.open()
	w.must(w.vault.Start(t.Context(), w.account.ID))
	w.must(w.vault.Adopt(t.Context(), "ROOT", key))
	device, err := w.store.Device(t.Context(), "APP-app")
	w.must(err)
	seed, err := w.vault.Open(mfa.SealSeed, device.ID, device.OneTime.Sealed)
	w.must(err)
	if string(seed.Bytes()) != canary {
		t.Error("the seed is another")
	}
	events, err := w.store.FindEvents(t.Context(), mfa.EventFilter{Kinds: []mfa.EventKind{mfa.EventBackupRestored}, Limit: 1})
	w.must(err)
	if len(events) != 1 || events[0].Detail["made"] != "2026-11-22T12:00:00Z" || len(events[0].Detail) != 1 {
		t.Errorf("event %v", events)
	}
	w.close()
	w.open()
	w.must(w.vault.Start(t.Context(), w.account.ID))
	if _, err := w.vault.Open(mfa.SealSeed, device.ID, device.OneTime.Sealed); err != nil {
		t.Errorf("after a restart: %v", err)
	}

	// And once more: the second copy gets a name of its own.
	w.close()
	_, _, err = Restore(t.Context(), path, pass(phrase), w.target(), opener)
	w.must(err)
	if len(kept(t, w)) != 2 {
		t.Errorf("kept %v", kept(t, w))
	}
}

func TestRestoreToAnEmptyPlace(t *testing.T) {
	w, path := late(t)
	dir := t.TempDir()
	database := filepath.Join(dir, "new.db")
	// What another database of that name left would spoil ours.
	for _, end := range beside {
		w.must(os.WriteFile(database+end, bytes.Repeat([]byte("x"), 5000), 0o600))
	}
	stale := filepath.Join(dir, "new.db.restore-123")
	w.must(os.Mkdir(stale, 0o700))
	_, _, err := Restore(t.Context(), path, pass(phrase), Target{Database: database, Clock: clock}, opener)
	w.must(err)
	if names := files(t, dir); !slices.Equal(names, []string{"new.db"}) {
		t.Errorf("files %v", names)
	}
	if holdsLate(t, database) {
		t.Error("not what was in the backup")
	}
}

func TestRestoreRefuses(t *testing.T) {
	w, path := late(t)
	other := storetest.NewAccount()
	other.ID, other.Alias = "999999999999", "quay"
	ow := newWorldOf(t, other)
	ow.fill()
	foreign := ow.backup()
	box := storetest.NewAccount()
	box.Sandbox, box.RPID = true, mfa.SandboxRPID
	bw := newWorldOf(t, box)
	sandbox := bw.backup()
	garbage := filepath.Join(t.TempDir(), "f")
	w.must(os.WriteFile(garbage, []byte("garbage"), 0o600))
	cut := filepath.Join(t.TempDir(), "f")
	whole := read(t, path)
	w.must(os.WriteFile(cut, whole[:len(whole)-100], 0o600))
	before := read(t, w.database)
	for name, test := range map[string]struct {
		path, phrase string
		target       func(*Target)
		open         Opener
		code         mfa.Code
	}{
		"another account":    {foreign, phrase, nil, nil, mfa.CodeBackupOther},
		"a sandbox":          {sandbox, phrase, nil, nil, mfa.CodeBackupOther},
		"a sandbox, forced":  {sandbox, phrase, func(t *Target) { t.ReplaceOther = true }, nil, mfa.CodeBackupOther},
		"into the sandbox":   {path, phrase, func(t *Target) { t.Sandbox, t.ReplaceOther = true, true }, nil, mfa.CodeBackupOther},
		"a wrong passphrase": {path, "another passphrase", nil, nil, mfa.CodeBackupPassphrase},
		"garbage":            {garbage, phrase, nil, nil, mfa.CodeBackupUnreadable},
		"a cut file":         {cut, phrase, nil, nil, mfa.CodeBackupDamaged},
		"no file":            {garbage + "x", phrase, nil, nil, mfa.CodeFileUnreadable},
		"no folder":          {path, phrase, func(t *Target) { t.Database = filepath.Join(w.dir, "no", "db") }, nil, mfa.CodeStorageDenied},
		"a newer database":   {path, phrase, nil, failing(mfa.CodeDatabaseNewer), mfa.CodeBackupNewer},
		"a damaged database": {path, phrase, nil, failing(mfa.CodeDatabaseDamaged), mfa.CodeBackupDamaged},
		"a full disk":        {path, phrase, nil, failing(mfa.CodeDiskFull), mfa.CodeDiskFull},
		"a key that opens none": {path, phrase, nil, func(ctx context.Context, path string, _ *mfa.Secret) (mfa.Store, mfa.Sealer, error) {
			return opener(ctx, path, mfa.NewSecret(make([]byte, keySize)))
		}, mfa.CodeBackupDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			target, open := w.target(), test.open
			if test.target != nil {
				test.target(&target)
			}
			if open == nil {
				open = opener
			}
			_, key, err := Restore(t.Context(), test.path, pass(test.phrase), target, open)
			refuses(t, err, test.code)
			if key != nil {
				t.Error("it gave a key")
			}
			if names := files(t, w.dir); !slices.Equal(names, []string{"keyferry.db"}) || !bytes.Equal(read(t, w.database), before) {
				t.Errorf("the old one is not as it was: %v", names)
			}
		})
	}
	_, _, err := Restore(t.Context(), foreign, pass(phrase), w.target(), opener)
	if p := mfa.AsFailure(err).Params; p["alias"] != "quay" || p["id"] != "999999999999" {
		t.Errorf("params %v", p)
	}
	target := w.target()
	target.ReplaceOther = true
	s, _, err := Restore(t.Context(), foreign, pass(phrase), target, opener)
	w.must(err)
	if s.Account != "999999999999" {
		t.Errorf("%+v", s)
	}
}

func failing(code mfa.Code) Opener {
	return func(context.Context, string, *mfa.Secret) (mfa.Store, mfa.Sealer, error) {
		return nil, nil, mfa.Fail(code)
	}
}

func TestOneRottenSecretDoesNotKeepTheRestBack(t *testing.T) {
	w, _ := late(t)
	w.open()
	w.must(w.vault.Start(t.Context(), w.account.ID))
	rotten := storetest.NewToken("T-1000009") // its seed was never sealed by anybody
	w.must(w.store.AddTokens(t.Context(), []mfa.Device{rotten}, mfa.Event{At: clock(), Kind: mfa.EventTokensImported}))
	path := w.backup()
	_, err := Rehearse(t.Context(), path, pass(phrase), "", opener)
	refuses(t, err, mfa.CodeBackupDamaged)
	w.close()
	_, key, err := Restore(t.Context(), path, pass(phrase), w.target(), opener)
	w.must(err)
	key.Wipe()
	w.open()
	events, err := w.store.FindEvents(t.Context(), mfa.EventFilter{Limit: 1})
	w.must(err)
	if events[0].Kind != mfa.EventBackupRestored || events[0].Detail["unopened"] != "1" {
		t.Errorf("event %v", events[0])
	}
}

func TestAFaultAtAnyStepLeavesTheOldOne(t *testing.T) {
	for _, end := range []string{"fault", "cancel"} {
		for _, step := range steps[:len(steps)-1] {
			t.Run(end+" at "+step, func(t *testing.T) {
				w, path := late(t)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				_, key, err := restore(ctx, path, pass(phrase), w.target(), opener, func(s string) error {
					switch {
					case s != step:
						return nil
					case end == "cancel":
						cancel()
						return ctx.Err()
					}
					return errInjected
				})
				if key != nil || end == "fault" && !errors.Is(err, errInjected) || end == "cancel" && !errors.Is(err, context.Canceled) {
					t.Fatalf("%v", err)
				}
				if names := files(t, w.dir); !slices.Equal(names, []string{"keyferry.db"}) {
					t.Errorf("left %v", names)
				}
				if !holdsLate(t, w.database) {
					t.Error("the old one is gone")
				}
			})
		}
	}
}

// The test binary is also the program that dies in the middle of a restore.
const (
	childStep   = "KEYFERRY_TEST_STEP"
	childBackup = "KEYFERRY_TEST_BACKUP"
	childTarget = "KEYFERRY_TEST_TARGET"
)

func TestMain(m *testing.M) {
	step := os.Getenv(childStep)
	if step == "" {
		os.Exit(m.Run())
	}
	target := Target{Database: os.Getenv(childTarget), AccountID: storetest.NewAccount().ID, Clock: clock}
	_, _, err := restore(context.Background(), os.Getenv(childBackup), pass(phrase), target, opener, func(s string) error {
		if s != step {
			return nil
		}
		fmt.Println("reached", step)
		p, err := os.FindProcess(os.Getpid())
		if err != nil {
			return err
		}
		if err := p.Kill(); err != nil {
			return err
		}
		select {}
	})
	fmt.Println("not killed:", err)
	os.Exit(1)
}

// dies runs a restore in another process and kills it at a step.
func dies(t *testing.T, w *world, backup, step string) {
	t.Helper()
	binary, err := os.Executable()
	w.must(err)
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(os.Environ(), childStep+"="+step, childBackup+"="+backup, childTarget+"="+w.database)
	out, err := cmd.StdoutPipe()
	w.must(err)
	w.must(cmd.Start())
	line, _ := bufio.NewReader(out).ReadString('\n')
	_ = cmd.Wait()
	if strings.TrimSpace(line) != "reached "+step {
		t.Fatalf("the child said %q", line)
	}
}

func TestDyingAtAnyStepLeavesOldOrNew(t *testing.T) {
	for _, step := range steps {
		t.Run(step, func(t *testing.T) {
			w, path := late(t)
			dies(t, w, path, step)
			if old := holdsLate(t, w.database); old != (step != "done") {
				t.Errorf("the old one is there: %v", old)
			}
			for _, name := range kept(t, w) {
				if !holdsLate(t, filepath.Join(w.dir, name)) {
					t.Errorf("%s is not the old one", name)
				}
			}
			// The next restore goes through, and sweeps up.
			_, _, err := Restore(t.Context(), path, pass(phrase), w.target(), opener)
			w.must(err)
			if holdsLate(t, w.database) {
				t.Error("not restored")
			}
			for _, name := range files(t, w.dir) {
				if strings.Contains(name, ".restore-") {
					t.Errorf("left %s", name)
				}
			}
		})
	}
}

// crashed is a world whose program died with the database open: what is newest stands
// in the WAL only.
func crashed(t *testing.T) (*world, string) {
	t.Helper()
	return crashedWorld.world(t, func(w *world) {
		saved := map[string][]byte{}
		for _, end := range []string{"", "-wal"} {
			saved[end] = read(t, w.database+end)
		}
		w.close()
		for end, data := range saved {
			w.must(os.WriteFile(w.database+end, data, 0o600))
		}
	})
}

func TestAWALIsPartOfTheOldOne(t *testing.T) {
	t.Run("and is brought in", func(t *testing.T) {
		w, path := crashed(t)
		_, _, err := Restore(t.Context(), path, pass(phrase), w.target(), opener)
		w.must(err)
		if holdsLate(t, w.database) {
			t.Error("the old WAL got into the new database")
		}
		if k := kept(t, w); len(k) != 1 || !holdsLate(t, filepath.Join(w.dir, k[0])) {
			t.Errorf("kept %v, without the newest change", k)
		}
	})
	for _, step := range steps {
		t.Run("and the program dies at "+step, func(t *testing.T) {
			w, path := crashed(t)
			dies(t, w, path, step)
			if old := holdsLate(t, w.database); old != (step != "done") {
				t.Errorf("the old one is there: %v", old)
			}
		})
	}
	t.Run("and is kept beside a damaged one", func(t *testing.T) {
		w, path := crashed(t)
		wal := read(t, w.database+"-wal")
		data := read(t, w.database)
		clear(data[:100])
		w.must(os.WriteFile(w.database, data, 0o600))
		_, _, err := restore(t.Context(), path, pass(phrase), w.target(), opener, func(s string) error {
			if s == "swap" {
				return errInjected
			}
			return nil
		})
		if !errors.Is(err, errInjected) || !bytes.Equal(read(t, w.database), data) || !bytes.Equal(read(t, w.database+"-wal"), wal) {
			t.Fatalf("the old pair is not as it was: %v", err)
		}
		_, _, err = Restore(t.Context(), path, pass(phrase), w.target(), opener)
		w.must(err)
		k := kept(t, w)
		if len(k) != 2 || !bytes.Equal(read(t, filepath.Join(w.dir, k[0])), data) || !bytes.Equal(read(t, filepath.Join(w.dir, k[1])), wal) {
			t.Errorf("kept %v", k)
		}
		if holdsLate(t, w.database) {
			t.Error("the old WAL got into the new database")
		}
	})
}

func TestWithoutLinksCopiesDo(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "a")
	if err := os.WriteFile(from, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := duplicate(t.Context(), from, filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	if err := duplicate(t.Context(), from, filepath.Join(dir, "b")); err == nil {
		t.Error("it took another's name")
	}
	if got := string(read(t, filepath.Join(dir, "b"))); got != "old" {
		t.Error(got)
	}
}
