package vault

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

const accountID = "123456789012"

var (
	cheap = Cost{Time: 1, MemoryKiB: 64, Threads: 1}
	noon  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

func pass(text string) *mfa.Secret { return mfa.NewSecret([]byte(text)) }

// bench is a vault with a store and a system store that a test can spoil.
type bench struct {
	*testing.T
	*Vault
	db  mfa.Store
	sys *fakeStore
}

func start(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, db: storetest.NewMemory(), sys: newFakeStore()}
	b.again()
	return b
}

// again is the next start of the program.
func (b *bench) again() {
	b.Helper()
	var sys System
	if b.sys != nil {
		sys = b.sys
	}
	if b.Vault != nil {
		b.Close()
	}
	b.Vault = New(Config{Store: b.db, System: sys, Clock: func() time.Time { return noon }, Rand: rand.Reader, Cost: cheap})
	b.must(b.Start(b.Context(), accountID))
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
	}
}

func (b *bench) refuses(err error, code mfa.Code) {
	b.Helper()
	if !mfa.IsCode(err, code) {
		b.Fatalf("got %v, want %s", err, code)
	}
}

func (b *bench) is(s Status, store mfa.Code) {
	b.Helper()
	if got := b.State(); got.Status != s || got.Store != store {
		b.Fatalf("state %s/%q, want %s/%q", got.Status, got.Store, s, store)
	}
}

func (b *bench) sealed(text string) []byte {
	b.Helper()
	sealed, err := b.Seal(mfa.SealSeed, "row", pass(text))
	b.must(err)
	return sealed
}

func (b *bench) opensTo(sealed []byte, text string) {
	b.Helper()
	got, err := b.Vault.Open(mfa.SealSeed, "row", sealed)
	b.must(err)
	if string(got.Bytes()) != text {
		b.Fatal("it opens to something else")
	}
}

func (b *bench) slots() []mfa.KeySlot {
	b.Helper()
	s, err := b.db.KeySlots(b.Context())
	b.must(err)
	return s
}

// spoil changes the stored slots behind the vault's back.
func (b *bench) spoil(change func(*mfa.KeySlot)) {
	b.Helper()
	slots := b.slots()
	gone := ids(slots)
	for i := range slots {
		change(&slots[i])
	}
	b.must(b.db.ReplaceKeySlots(b.Context(), gone, slots, mfa.Event{At: noon, Kind: mfa.EventVaultChanged}))
}
