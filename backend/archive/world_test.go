package archive

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/vault"
	"github.com/keyferry/keyferry/backend/vault/keyring"
	"github.com/keyferry/keyferry/backend/vault/vaulttest"
)

const phrase = "correct horse battery"

func pass(text string) *mfa.Secret { return mfa.NewSecret([]byte(text)) }

func clock() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// world is one account in a real database, with a vault, secrets of all kinds and
// canaries in them.
type world struct {
	testing.TB
	dir, database string
	store         *sqlite.Store
	vault         *vault.Vault
	root          mfa.Principal
	account       mfa.Account
	backups       *Service
	gate          *gate
}

// gate is account.May with a will of its own.
type gate struct {
	w      *world
	refuse error
}

func (g *gate) May(_ context.Context, _ mfa.Session, op mfa.Operation, target string) (account.Acting, error) {
	if op != mfa.OpBackUp || target != "" {
		return account.Acting{}, mfa.Fail(mfa.CodeAccessDenied)
	}
	return account.Acting{Account: g.w.account, Caller: g.w.root, Target: g.w.root}, g.refuse
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("%v: %s", err, mfa.AsFailure(err).Explain())
	}
}

func refuses(t testing.TB, err error, code mfa.Code) {
	t.Helper()
	if !mfa.IsCode(err, code) {
		t.Fatalf("got %v (%s), want %s", err, mfa.AsFailure(err).Explain(), code)
	}
}

// openStore leaves daily copies to other tests: none are made from the far future.
func openStore(ctx context.Context, path string) (*sqlite.Store, error) {
	return sqlite.Open(ctx, path, sqlite.WithClock(clock))
}

// opener is what assembly gives.
func opener(ctx context.Context, path string, key *mfa.Secret) (mfa.Store, mfa.Sealer, error) {
	s, err := openStore(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	v, err := vaulttest.Adopted(ctx, s, key)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return s, v, nil
}

func newWorld(t testing.TB) *world { return newWorldOf(t, storetest.NewAccount()) }

func newWorldOf(t testing.TB, a mfa.Account) *world {
	t.Helper()
	w := emptyWorld(t, a)
	w.open()
	t.Cleanup(func() { w.store.Close() })
	ctx := t.Context()
	w.must(w.store.CreateAccount(ctx, a, w.root, mfa.Event{At: clock(), Kind: mfa.EventAccountCreated}))
	w.must(w.vault.Start(ctx, a.ID))
	return w
}

// emptyWorld is one without a database.
func emptyWorld(t testing.TB, a mfa.Account) *world {
	dir := t.TempDir()
	return &world{TB: t, dir: dir, database: filepath.Join(dir, "keyferry.db"), account: a, root: storetest.NewRoot()}
}

func (w *world) open() {
	w.Helper()
	var err error
	w.store, err = openStore(w.Context(), w.database)
	w.must(err)
	w.vault = vault.New(vault.Config{Store: w.store, System: keyring.File(filepath.Join(w.dir, "keys")), Clock: clock, Rand: rand.Reader,
		Cost: vault.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	w.gate = &gate{w: w}
	w.backups = New(Config{Store: w.store, Accounts: w.gate, Snapshot: w.store.Snapshot, Key: w.vault.Key, Sandbox: w.account.Sandbox,
		Version: "1.2.3", Clock: clock, Folder: w.dir, WorkFactor: 4})
}

// close ends the program; open begins the next run.
func (w *world) close() {
	w.Helper()
	w.vault.Close()
	w.must(w.store.Close())
}

// What is looked for in a backup is too long to stand among random bytes by chance: three letters do, once in some dozens of runs.
const (
	canary   = "CANARY-seed-0123456789"
	longName = "evangeline-hartley"
)

// fill adds 3 users, 5 devices and 5 secrets.
func (w *world) fill() {
	w.Helper()
	ctx := w.Context()
	seal := func(p mfa.Purpose, id string) []byte {
		sealed, err := w.vault.Seal(p, id, pass(canary))
		w.must(err)
		return sealed
	}
	e := func(k mfa.EventKind) mfa.Event { return mfa.Event{At: clock(), Kind: k} }
	var ids []string
	for _, name := range []string{"ana", "ben", longName} {
		u := storetest.NewUser(name)
		ids = append(ids, u.ID)
		w.must(w.store.AddPrincipal(ctx, u, e(mfa.EventUserCreated)))
	}
	w.must(w.store.AddDevice(ctx, storetest.NewPasskey(ids[0], "phone"), e(mfa.EventDeviceAdded)))
	w.must(w.store.AddDevice(ctx, storetest.NewPasskey(w.root.ID, "key"), e(mfa.EventDeviceAdded)))
	app := storetest.NewApp(ids[1], "app")
	app.OneTime.Sealed = seal(mfa.SealSeed, app.ID)
	w.must(w.store.AddDevice(ctx, app, e(mfa.EventDeviceAdded)))
	var tokens []mfa.Device
	for _, serial := range []string{"T-1000001", "T-1000002"} {
		token := storetest.NewToken(serial)
		token.OneTime.Sealed = seal(mfa.SealSeed, token.ID)
		tokens = append(tokens, token)
	}
	w.must(w.store.AddTokens(ctx, tokens, e(mfa.EventTokensImported)))
	link := storetest.NewLink(ids[0], 1)
	link.Sealed = seal(mfa.SealLink, link.ID)
	w.must(w.store.SaveLink(ctx, link, e(mfa.EventPhoneLinked)))
	code := mfa.RecoveryCode{ID: mfa.NewID()}
	code.Sealed = seal(mfa.SealRecovery, code.ID)
	w.must(w.store.ReplaceRecoveryCodes(ctx, w.root.ID, []mfa.RecoveryCode{code}, e(mfa.EventRecoveryMade)))
}

func (w *world) backup() string {
	w.Helper()
	path := filepath.Join(w.TempDir(), "account.keyferry")
	_, err := w.backups.Make(w.Context(), mfa.Session{PrincipalID: w.root.ID}, path, pass(phrase))
	w.must(err)
	return path
}

func (w *world) target() Target {
	return Target{Database: w.database, AccountID: w.account.ID, Sandbox: w.account.Sandbox, Clock: clock}
}

// files lists a folder but for the lock of nobody and the vault's keys.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "keys" {
			names = append(names, e.Name())
		}
	}
	return names
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func contains(t testing.TB, path string, secret []byte) bool {
	t.Helper()
	return bytes.Contains(read(t, path), secret)
}

var errInjected = errors.New("injected")
