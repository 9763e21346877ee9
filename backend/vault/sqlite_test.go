package vault

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/vault/keyring"
)

// TestInARealDatabase goes through all ways in, each after a restart, with the
// database and the file store of the sandbox, and looks for secrets on the disk.
func TestInARealDatabase(t *testing.T) {
	dir := t.TempDir()
	ctx, path, keys := t.Context(), filepath.Join(dir, "db"), filepath.Join(dir, "keys")
	var store *sqlite.Store
	var v *Vault
	b := &bench{T: t}
	end := func() {
		if v != nil {
			v.Close()
			b.must(store.Close())
		}
	}
	start := func() {
		t.Helper()
		end()
		var err error
		store, err = sqlite.Open(ctx, path)
		b.must(err)
		v = New(Config{Store: store, System: keyring.File(keys), Clock: func() time.Time { return noon }, Rand: rand.Reader, Cost: cheap})
		b.Vault = v
		b.must(v.Start(ctx, accountID))
	}
	start()
	defer func() { end() }()
	b.must(store.CreateAccount(ctx, storetest.NewAccount(), storetest.NewRoot(), mfa.Event{At: noon, Kind: mfa.EventAccountCreated}))
	token := storetest.NewToken("T-1")
	token.OneTime.Sealed, _ = v.Seal(mfa.SealSeed, token.ID, pass("CANARY-seed"))
	b.must(store.AddTokens(ctx, []mfa.Device{token}, mfa.Event{At: noon, Kind: mfa.EventTokensImported}))
	b.must(v.SetPassphrase(ctx, "ROOT", pass("CANARY-passphrase")))
	file, err := v.MakeRecoveryFile(ctx, "ROOT")
	b.must(err)
	key, err := v.Key()
	b.must(err)

	opens := func() {
		t.Helper()
		d, err := store.Device(ctx, token.ID)
		b.must(err)
		seed, err := v.Open(mfa.SealSeed, d.ID, d.OneTime.Sealed)
		b.must(err)
		if string(seed.Bytes()) != "CANARY-seed" {
			t.Fatal("another seed")
		}
	}
	start()
	opens()
	b.must(os.Remove(keys))
	start()
	b.is(Locked, mfa.CodeVaultStoreChanged)
	b.must(v.Unlock(ctx, pass("CANARY-passphrase")))
	opens()
	start()
	opens() // repaired
	b.must(os.Remove(keys))
	start()
	b.must(v.UnlockWithFile(ctx, file.Bytes()))
	opens()
	for _, s := range v.State().Slots {
		if s.Kind == mfa.SlotPassphrase {
			b.must(v.RemoveSlot(ctx, "ROOT", s.ID))
		}
	}
	start()
	opens()
	if n := len(v.State().Slots); n != 2 {
		t.Errorf("%d slots", n)
	}
	for _, name := range []string{path, path + "-wal", keys} {
		data, err := os.ReadFile(name)
		b.must(err)
		for _, secret := range [][]byte{[]byte("CANARY"), key.Bytes()} {
			if bytes.Contains(data, secret) {
				t.Errorf("%s holds a secret", filepath.Base(name))
			}
		}
	}
}
