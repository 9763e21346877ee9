package metadata

import (
	"bytes"
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/sqlite"
)

// anyRules let root do everything and nobody else anything.
type anyRules struct{}

func (anyRules) Allow(_ context.Context, a mfa.Access) error {
	if a.Caller.Kind == mfa.Root {
		return nil
	}
	return mfa.Fail(mfa.CodeAccessDenied, "operation", string(a.Operation))
}

// world is an account with a metadata service of its own.
type world struct {
	*testing.T
	store   mfa.Store
	service *Service
	fido    *mdstest.Service
	maker   *mdstest.Maker
	root    mfa.Session
	alice   mfa.Session
	now     time.Time
}

func newWorld(t *testing.T, store mfa.Store) *world {
	t.Helper()
	w := &world{T: t, store: store, fido: mdstest.New(t), maker: mdstest.NewMaker(t, "Acme"), now: mdstest.Now}
	t.Cleanup(func() { store.Close() })
	accounts := account.New(account.Config{Store: store, Rules: anyRules{}, Clock: w.clock, Rand: rand.Reader, Cost: account.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	_, root, err := accounts.Create(t.Context(), account.NewAccount{Alias: "acme-lab", Email: "root@example.org", Password: mfa.NewSecret([]byte("correct horse"))})
	w.must(err)
	w.root = mfa.Session{ID: "s", PrincipalID: root.ID}
	alice, err := accounts.AddUser(t.Context(), w.root, account.NewUser{Name: "alice", Path: mfa.RootPath})
	w.must(err)
	w.alice = mfa.Session{ID: "a", PrincipalID: alice.ID}
	w.service = w.restarted(accounts)
	return w
}

// restarted is the service as the next start makes it.
func (w *world) restarted(accounts *account.Service) *Service {
	return New(Config{Store: w.store, Accounts: accounts, Anchors: w.fido.Anchors(), Clock: w.clock})
}

func (w *world) clock() time.Time { return w.now }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) blob(number int64, entries ...mdstest.Entry) []byte {
	w.fido.Number = number
	return w.fido.Blob(entries...)
}

func (w *world) entry(n int, reports ...mdstest.Report) mdstest.Entry {
	return mdstest.Entry{AAGUID: mdstest.Model(n), Name: "Acme Key", Reports: reports}
}

func (w *world) imports(raw []byte) Imported {
	w.Helper()
	got, err := w.service.Import(w.Context(), w.root, bytes.NewReader(raw), "blob.jwt")
	w.must(err)
	return got
}

// events counts how many imports the trail has.
func (w *world) events() int {
	w.Helper()
	es, err := w.store.FindEvents(w.Context(), mfa.EventFilter{Kinds: []mfa.EventKind{mfa.EventMetadataImported}, Limit: 100})
	w.must(err)
	return len(es)
}

// eachStore runs a test over both stores.
func eachStore(t *testing.T, test func(*world)) {
	t.Run("memory", func(t *testing.T) { test(newWorld(t, storetest.NewMemory())) })
	t.Run("sqlite", func(t *testing.T) { test(newWorld(t, mustSQLite(t))) })
}

func mustSQLite(t *testing.T) mfa.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), t.TempDir()+"/kf.db")
	if err != nil {
		t.Fatal(err)
	}
	return store
}
