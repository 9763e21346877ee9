package admission

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/metadata"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/rules"
)

// fips2 is use case 1 of AWS's guide: FIPS-140-2 L2 or nothing.
const fips2 = `{"Version":"2012-10-17","Statement":[
 {"Sid":"Begin","Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*","Condition":{"StringEquals":{"iam:RegisterSecurityKey":"Create"}}},
 {"Sid":"Finish","Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*","Condition":{"StringEquals":{"iam:RegisterSecurityKey":"Activate","iam:FIDO-FIPS-140-2-certification":"L2"}}}]}`

// world is an account with one user and the metadata of four models.
type world struct {
	*testing.T
	store    mfa.Store
	service  *Service
	accounts *account.Service
	root     mfa.Session
	alice    mfa.Session
	person   mfa.Principal

	firstRoots []*x509.Certificate
}

func newUser(name string) account.NewUser { return account.NewUser{Name: name, Path: mfa.RootPath} }

// newEmpty is an account's metadata before the first import.
func newEmpty(w *world) *metadata.Service {
	store := storetest.NewMemory()
	w.Cleanup(func() { store.Close() })
	return metadata.New(metadata.Config{Store: store, Accounts: w.accounts, Clock: clock})
}

// The models: 1 has nothing, 2 FIDO L2, 3 FIDO L1 and FIPS-140-2 L2, 4 the same and revoked.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, store: storetest.NewMemory()}
	t.Cleanup(func() { w.store.Close() })
	access := rules.New(w.store, clock)
	w.accounts = account.New(account.Config{Store: w.store, Rules: access, Clock: clock, Rand: rand.Reader, Cost: account.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	_, root, err := w.accounts.Create(t.Context(), account.NewAccount{Alias: "acme-lab", Email: "root@example.org", Password: mfa.NewSecret([]byte("correct horse"))})
	w.must(err)
	w.root = mfa.Session{ID: "r", PrincipalID: root.ID, MFAAt: clock()}
	added, err := w.accounts.AddUser(t.Context(), w.root, account.NewUser{Name: "alice", Path: mfa.RootPath})
	w.must(err)
	w.person, err = w.store.Principal(t.Context(), added.ID)
	w.must(err)
	w.alice = mfa.Session{ID: "a", PrincipalID: added.ID, MFAAt: clock()}
	fido := mdstest.New(t)
	w.firstRoots = fido.Anchors().Roots
	blobs := metadata.New(metadata.Config{Store: w.store, Accounts: w.accounts, Anchors: fido.Anchors(), Clock: clock})
	w.service = New(Config{Store: w.store, Accounts: w.accounts, Rules: access, Metadata: blobs, System: "linux", Clock: clock})
	l1, l2, fips := mdstest.Status("FIDO_CERTIFIED_L1", "2024-01-01"), mdstest.Status("FIDO_CERTIFIED_L2", "2024-01-01"), mdstest.FIPS(2, 2, "2024-01-01")
	w.imports(fido, entry(1), entry(2, l2), entry(3, l1, fips), entry(4, l1, fips, mdstest.Status("REVOKED", "2025-01-01")))
	return w
}

func clock() time.Time { return mdstest.Now }

func entry(n int, reports ...mdstest.Report) mdstest.Entry {
	return mdstest.Entry{AAGUID: mdstest.Model(n), Name: "Key " + string(rune('0'+n)), Reports: reports}
}

func (w *world) imports(fido *mdstest.Service, entries ...mdstest.Entry) {
	w.Helper()
	_, err := w.service.Metadata.Import(w.Context(), w.root, bytes.NewReader(fido.Blob(entries...)), "blob.jwt")
	w.must(err)
	fido.Number++
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// gives replaces what lets alice add any device by a policy.
func (w *world) gives(document string) {
	w.Helper()
	w.must(w.store.SetAttached(w.Context(), mfa.Attachment{Policy: mfa.EnableAnyDevice, PrincipalID: w.person.ID}, false, mfa.Event{}))
	w.must(w.store.AddPolicy(w.Context(), mfa.Policy{Name: "Certified", Path: "/", Document: document}, mfa.Event{}))
	w.must(w.store.SetAttached(w.Context(), mfa.Attachment{Policy: "Certified", PrincipalID: w.person.ID}, true, mfa.Event{}))
}
