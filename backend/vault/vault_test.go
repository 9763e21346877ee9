package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

func TestFirstSecretSetsUpWithTheSystem(t *testing.T) {
	b := start(t)
	b.is(Unset, "")
	sealed := b.sealed("seed")
	b.is(Open, "")
	b.again()
	b.is(Open, "")
	b.opensTo(sealed, "seed")
	events, err := b.db.Events(t.Context(), 0, 10)
	b.must(err)
	if len(events) != 1 || events[0].Kind != mfa.EventVaultChanged || events[0].Detail["slots"] != "system" {
		t.Errorf("events %v", events)
	}
}

func TestWithoutStoreAPassphraseIsNeeded(t *testing.T) {
	for name, sys := range map[string]*fakeStore{"no store": nil, "missing": newFakeStore(), "locked": newFakeStore()} {
		t.Run(name, func(t *testing.T) {
			code := mfa.CodeVaultNoStore
			if name == "locked" {
				code = mfa.CodeVaultStoreLocked
			}
			b := &bench{T: t, db: storetest.NewMemory(), sys: sys}
			if sys != nil {
				sys.fail(code)
				sys.prompt = mfa.Fail(code) // the person closes the question
			}
			b.again()
			b.is(Unset, code)
			_, err := b.Seal(mfa.SealSeed, "row", pass("x"))
			b.refuses(err, mfa.CodeVaultLocked)
			f := mfa.AsFailure(err)
			if f.Params["state"] != "unset" || f.Params["store"] != string(code) {
				t.Errorf("params %v", f.Params)
			}
			b.refuses(b.SetUp(t.Context(), "", nil), code)
			if len(b.slots()) != 0 {
				t.Fatal("a slot was made")
			}
			b.refuses(b.SetUp(t.Context(), "", pass("too short")), mfa.CodePassphraseShort)
			b.must(b.SetUp(t.Context(), "", pass("long enough")))
			b.is(Open, code)
			sealed := b.sealed("seed")
			b.again()
			b.is(Locked, code)
			b.refuses(b.Unlock(t.Context(), pass("long enough!")), mfa.CodeVaultPassphrase)
			b.is(Locked, code)
			b.must(b.Unlock(t.Context(), pass("long enough")))
			b.opensTo(sealed, "seed")
		})
	}
}

func TestLosingTheStoreNeverLocksOut(t *testing.T) {
	for name, test := range map[string]struct {
		spoil  func(*fakeStore)
		why    mfa.Code
		repair bool
	}{
		"answers not found":    {(*fakeStore).lose, mfa.CodeVaultStoreChanged, true},
		"holds another key":    {(*fakeStore).swap, mfa.CodeVaultStoreChanged, true},
		"is locked":            {func(f *fakeStore) { f.fail(mfa.CodeVaultStoreLocked) }, mfa.CodeVaultStoreLocked, false},
		"is gone":              {func(f *fakeStore) { f.fail(mfa.CodeVaultNoStore) }, mfa.CodeVaultNoStore, false},
		"fails in its own way": {func(f *fakeStore) { f.fails = errors.New("some fault") }, mfa.CodeVaultStoreLocked, false},
	} {
		for _, way := range []string{"passphrase", "file"} {
			t.Run(name+", "+way, func(t *testing.T) {
				b := start(t)
				b.must(b.SetUp(t.Context(), "root", pass("a long passphrase")))
				file, err := b.MakeRecoveryFile(t.Context(), "root")
				b.must(err)
				sealed := b.sealed("seed")
				before := b.slots()

				test.spoil(b.sys)
				sets := b.sys.sets
				b.again()
				b.is(Locked, test.why)
				if _, err := b.Seal(mfa.SealSeed, "row", pass("x")); !mfa.IsCode(err, mfa.CodeVaultLocked) {
					t.Fatalf("Seal: %v", err)
				}
				b.refuses(b.SetUp(t.Context(), "root", pass("a long passphrase")), mfa.CodeConflict)
				if b.sys.sets != sets || !slices.Equal(ids(before), ids(b.slots())) {
					t.Fatal("a new key was made over the old one")
				}

				if way == "file" {
					b.must(b.UnlockWithFile(t.Context(), file.Bytes()))
				} else {
					b.must(b.Unlock(t.Context(), pass("a long passphrase")))
				}
				b.opensTo(sealed, "seed")
				if test.repair {
					b.is(Open, "")
				} else {
					b.is(Open, test.why)
					b.sys.fail("")
				}
				b.again()
				b.is(Open, "") // by itself: repaired, or the old entry is still good
				b.opensTo(sealed, "seed")
			})
		}
	}
}

func TestRetryLetsTheStoreAsk(t *testing.T) {
	b := start(t)
	sealed := b.sealed("seed")
	b.sys.fail(mfa.CodeVaultStoreLocked)
	b.again()
	b.is(Locked, mfa.CodeVaultStoreLocked)
	if b.sys.asked != 0 {
		t.Error("starting asked the person")
	}
	b.sys.prompt = mfa.Fail(mfa.CodeVaultStoreLocked)
	b.refuses(b.Retry(t.Context()), mfa.CodeVaultStoreLocked)
	b.sys.prompt = nil
	b.must(b.Retry(t.Context()))
	b.opensTo(sealed, "seed")
	b.sys.lose()
	b.again()
	b.refuses(b.Retry(t.Context()), mfa.CodeVaultStoreChanged)
}

func TestAStoreThatForgetsIsNoWay(t *testing.T) {
	for name, spoil := range map[string]func(*fakeStore){
		"keeps nothing":        func(f *fakeStore) { f.lies = true },
		"keeps something else": func(f *fakeStore) { f.garbles = true },
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t)
			spoil(b.sys)
			_, err := b.Seal(mfa.SealSeed, "row", pass("x"))
			b.refuses(err, mfa.CodeVaultLocked)
			if len(b.slots()) != 0 {
				t.Fatal("a slot without a key was kept")
			}
		})
	}
}

func TestTwoDatabasesShareAStore(t *testing.T) {
	a, b := start(t), start(t) // of the same account, in two folders
	b.sys = a.sys
	b.again()
	inA, inB := a.sealed("a"), b.sealed("b")
	a.again()
	b.again()
	a.opensTo(inA, "a")
	b.opensTo(inB, "b")
}

func TestAllSlotsGoneIsDamageAndNoFirstStart(t *testing.T) {
	b := start(t)
	b.sealed("seed")
	b.must(b.db.ReplaceKeySlots(t.Context(), ids(b.slots()), nil, mfa.Event{At: noon, Kind: mfa.EventVaultChanged}))
	b.again()
	b.is(Locked, mfa.CodeVaultDamaged)
	_, err := b.Seal(mfa.SealSeed, "row", pass("x"))
	b.refuses(err, mfa.CodeVaultLocked)
	b.refuses(b.SetUp(t.Context(), "", pass("a long passphrase")), mfa.CodeConflict)
}

func TestTheLastWayStays(t *testing.T) {
	b := start(t)
	b.must(b.SetUp(t.Context(), "root", nil))
	only := b.State().Slots[0].ID
	b.refuses(b.RemoveSlot(t.Context(), "root", only), mfa.CodeVaultLastWay)
	b.refuses(b.RemoveSlot(t.Context(), "root", "other"), mfa.CodeNotFound)
	b.must(b.SetPassphrase(t.Context(), "root", pass("a long passphrase")))

	// The store lost the key meanwhile: the passphrase is the last way after all.
	b.sys.lose()
	phrase := of(b.slots(), mfa.SlotPassphrase)[0].ID
	b.refuses(b.RemoveSlot(t.Context(), "root", phrase), mfa.CodeVaultLastWay)

	b.must(b.RemoveSlot(t.Context(), "root", only))
	b.refuses(b.RemoveSlot(t.Context(), "root", phrase), mfa.CodeVaultLastWay)
	b.again()
	b.is(Locked, "")
	b.refuses(b.Retry(t.Context()), mfa.CodeVaultLocked)
	b.must(b.Unlock(t.Context(), pass("a long passphrase")))
	if len(of(b.slots(), mfa.SlotSystem)) != 0 {
		t.Fatal("a slot that the person took off came back")
	}
	b.must(b.UseSystem(t.Context(), "root"))
	b.must(b.RemoveSlot(t.Context(), "root", phrase))
	if len(b.sys.entries) != 1 {
		t.Errorf("%d entries in the store", len(b.sys.entries))
	}
	b.again()
	b.is(Open, "")
	b.refuses(b.Unlock(t.Context(), pass("a long passphrase")), mfa.CodeNotFound)
}

func TestSlotsAndSealsKnowEveryBit(t *testing.T) {
	b := start(t)
	b.must(b.SetUp(t.Context(), "root", pass("a long passphrase")))
	file, err := b.MakeRecoveryFile(t.Context(), "root")
	b.must(err)
	key, err := b.Key()
	b.must(err)
	for _, s := range b.slots() {
		parts := map[string]func(*mfa.KeySlot) *[]byte{
			"params":  func(s *mfa.KeySlot) *[]byte { return &s.Params },
			"wrapped": func(s *mfa.KeySlot) *[]byte { return &s.Wrapped },
		}
		for name, part := range parts {
			for bit := range len(*part(&s)) * 8 {
				c := s
				*part(&c) = bytes.Clone(*part(&s))
				(*part(&c))[bit/8] ^= 1 << (bit % 8)
				if _, err := unwrap(accountID, c, key); !mfa.IsCode(err, mfa.CodeVaultDamaged) {
					t.Fatalf("%s slot, %s, bit %d: %v", s.Kind, name, bit, err)
				}
			}
		}
		for name, change := range map[string]func(*mfa.KeySlot){
			"kind": func(s *mfa.KeySlot) { s.Kind += "x" }, "id": func(s *mfa.KeySlot) { s.ID += "x" },
			"cut": func(s *mfa.KeySlot) { s.Wrapped = s.Wrapped[:20] }, "empty": func(s *mfa.KeySlot) { s.Wrapped = nil },
		} {
			c := s
			change(&c)
			if _, err := unwrap(accountID, c, key); !mfa.IsCode(err, mfa.CodeVaultDamaged) {
				t.Fatalf("%s slot, %s: %v", s.Kind, name, err)
			}
		}
	}
	sealed := b.sealed("seed")
	for bit := range len(sealed) * 8 {
		c := bytes.Clone(sealed)
		c[bit/8] ^= 1 << (bit % 8)
		if _, err := b.Vault.Open(mfa.SealSeed, "row", c); !mfa.IsCode(err, mfa.CodeVaultDamaged) {
			t.Fatalf("sealed bit %d: %v", bit, err)
		}
	}
	for name, open := range map[string]func() (*mfa.Secret, error){
		"other row":     func() (*mfa.Secret, error) { return b.Vault.Open(mfa.SealSeed, "rows", sealed) },
		"other purpose": func() (*mfa.Secret, error) { return b.Vault.Open(mfa.SealLink, "row", sealed) },
		"slid border":   func() (*mfa.Secret, error) { return b.Vault.Open("seedr", "ow", sealed) },
		"cut":           func() (*mfa.Secret, error) { return b.Vault.Open(mfa.SealSeed, "row", sealed[:len(sealed)-1]) },
		"nothing":       func() (*mfa.Secret, error) { return b.Vault.Open(mfa.SealSeed, "row", nil) },
	} {
		if _, err := open(); !mfa.IsCode(err, mfa.CodeVaultDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}

	b.spoil(func(s *mfa.KeySlot) { s.Wrapped[3] ^= 1 })
	b.again()
	b.is(Locked, mfa.CodeVaultDamaged)
	b.refuses(b.Unlock(t.Context(), pass("a long passphrase")), mfa.CodeVaultDamaged)
	b.refuses(b.UnlockWithFile(t.Context(), file.Bytes()), mfa.CodeVaultDamaged)
}

func TestSlotsOfAnotherAccountDoNotOpen(t *testing.T) {
	b, other := start(t), start(t)
	b.must(b.SetUp(t.Context(), "root", pass("a long passphrase")))
	other.Vault = New(Config{Store: other.db, System: other.sys, Clock: func() time.Time { return noon }, Rand: rand.Reader, Cost: cheap})
	other.must(other.Start(t.Context(), "999999999999"))
	other.must(other.SetUp(t.Context(), "root", pass("a long passphrase")))
	file, err := other.MakeRecoveryFile(t.Context(), "root")
	other.must(err)
	foreign := other.slots()
	b.must(b.db.ReplaceKeySlots(t.Context(), ids(b.slots()), foreign, mfa.Event{At: noon, Kind: mfa.EventVaultChanged}))
	b.again()
	b.is(Locked, mfa.CodeVaultDamaged)
	b.refuses(b.Unlock(t.Context(), pass("a long passphrase")), mfa.CodeVaultDamaged)
	err = b.UnlockWithFile(t.Context(), file.Bytes())
	b.refuses(err, mfa.CodeRecoveryFile)
	if p := mfa.AsFailure(err).Params; p["why"] != "other-account" || p["account"] != "999999999999" {
		t.Errorf("params %v", p)
	}
}

func TestADamagedSystemSlotIsRepaired(t *testing.T) {
	b := start(t)
	b.must(b.SetUp(t.Context(), "root", pass("a long passphrase")))
	b.spoil(func(s *mfa.KeySlot) {
		if s.Kind == mfa.SlotSystem {
			s.Wrapped[40] ^= 4
		}
	})
	b.again()
	b.is(Locked, mfa.CodeVaultDamaged)
	b.must(b.Unlock(t.Context(), pass("a long passphrase")))
	b.again()
	b.is(Open, "")
}

func TestRecoveryFilesAreRevoked(t *testing.T) {
	b := start(t)
	b.must(b.SetUp(t.Context(), "root", nil))
	var files []*mfa.Secret
	for range keptFiles + 1 {
		f, err := b.MakeRecoveryFile(t.Context(), "root")
		b.must(err)
		files = append(files, f)
	}
	if n := len(of(b.slots(), mfa.SlotRecovery)); n != keptFiles {
		t.Fatalf("%d files work", n)
	}
	b.sys.lose()
	b.again()
	err := b.UnlockWithFile(t.Context(), files[0].Bytes())
	b.refuses(err, mfa.CodeRecoveryFile)
	if why := mfa.AsFailure(err).Params["why"]; why != "unknown" {
		t.Error(why)
	}
	b.must(b.UnlockWithFile(t.Context(), files[1].Bytes()))
}

func TestAdopt(t *testing.T) {
	b := start(t)
	sealed := b.sealed("seed")
	key, err := b.Key()
	b.must(err)

	for name, test := range map[string]struct {
		sys  *fakeStore
		code mfa.Code
	}{
		"a new machine":            {newFakeStore(), ""},
		"a machine without store":  {nil, mfa.CodeVaultNoStore},
		"the machine it came from": {b.sys, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := &bench{T: t, db: storetest.NewMemory(), sys: test.sys}
			n.must(n.db.ReplaceKeySlots(t.Context(), nil, b.slots(), mfa.Event{At: noon, Kind: mfa.EventVaultChanged}))
			n.again()
			if err := n.Adopt(t.Context(), "root", key); codeOf(err) != test.code {
				t.Fatalf("Adopt: %v", err)
			}
			n.opensTo(sealed, "seed")
			n.refuses(n.Adopt(t.Context(), "root", pass("0123456789abcdef0123456789abcdef")), mfa.CodeVaultDamaged)
			if test.sys != nil {
				n.again()
				n.opensTo(sealed, "seed")
			} else {
				n.must(n.SetPassphrase(t.Context(), "root", pass("a long passphrase")))
				n.again()
				n.must(n.Unlock(t.Context(), pass("a long passphrase")))
				n.opensTo(sealed, "seed")
			}
		})
	}
	// The restored copy has its own entry: the first one still opens.
	b.again()
	b.opensTo(sealed, "seed")
	b.refuses(b.Adopt(t.Context(), "", pass("short")), mfa.CodeVaultDamaged)
}

func TestCloseWipes(t *testing.T) {
	b := start(t)
	sealed := b.sealed("seed")
	held := b.key.Bytes()
	b.Close()
	b.Close()
	if !bytes.Equal(held, make([]byte, keySize)) {
		t.Fatal("the key is still in memory")
	}
	for _, err := range []error{
		func() error { _, err := b.Vault.Open(mfa.SealSeed, "row", sealed); return err }(),
		func() error { _, err := b.Seal(mfa.SealSeed, "row", pass("x")); return err }(),
		func() error { _, err := b.Key(); return err }(),
		b.SetPassphrase(t.Context(), "", pass("a long passphrase")),
	} {
		b.refuses(err, mfa.CodeVaultLocked)
	}
}

func TestNothingShowsAKey(t *testing.T) {
	b := start(t)
	b.must(b.SetUp(t.Context(), "root", pass("canary passphrase")))
	file, err := b.MakeRecoveryFile(t.Context(), "root")
	b.must(err)
	key, err := b.Key()
	b.must(err)
	b.sys.lose()
	b.again()
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	wrong := b.Unlock(t.Context(), pass("canary passphrase?"))
	log.Info("x", "vault", b.State(), "err", wrong, "key", key, "file", file)
	fmt.Fprintf(&out, "%v %+v %#v %s", key, b.State(), wrong, mfa.AsFailure(wrong).Explain())
	state, err := json.Marshal(b.State())
	b.must(err)
	out.Write(state)
	events, err := b.db.Events(t.Context(), 0, 100)
	b.must(err)
	fmt.Fprint(&out, events)
	for _, secret := range [][]byte{[]byte("canary"), key.Bytes(), fmt.Appendf(nil, "%x", key.Bytes()), fmt.Append(nil, key.Bytes())} {
		if bytes.Contains(out.Bytes(), secret) {
			t.Fatal("a secret is in the output")
		}
	}
	if bytes.Contains(state, []byte(`"Wrapped":"`)) {
		t.Error("State shows wrapped keys")
	}
}

func TestBadInput(t *testing.T) {
	b := start(t)
	for name, seal := range map[string]func() ([]byte, error){
		"no secret":  func() ([]byte, error) { return b.Seal(mfa.SealSeed, "row", nil) },
		"no row":     func() ([]byte, error) { return b.Seal(mfa.SealSeed, "", pass("x")) },
		"no purpose": func() ([]byte, error) { return b.Seal("", "row", pass("x")) },
		"too large":  func() ([]byte, error) { return b.Seal(mfa.SealSeed, "row", mfa.NewSecret(make([]byte, maxSecret+1))) },
	} {
		if _, err := seal(); !mfa.IsCode(err, mfa.CodeInvalidInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.refuses(b.Start(t.Context(), ""), mfa.CodeInvalidInput)
	b.refuses(b.SetUp(t.Context(), "", mfa.NewSecret(make([]byte, 2000))), mfa.CodeInvalidInput)
	b.refuses(New(Config{Store: b.db, Rand: rand.Reader}).Unlock(t.Context(), pass("a long passphrase")), mfa.CodeVaultLocked)
	b.refuses(b.Unlock(t.Context(), pass("a long passphrase")), mfa.CodeVaultLocked)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.SetUp(gone, "", pass("a long passphrase")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := b.Start(gone, accountID); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if len(b.slots()) != 0 {
		t.Error("something was written")
	}
}

func TestManyAtOnce(t *testing.T) {
	b := start(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			row := fmt.Sprint(i)
			sealed, err := b.Seal(mfa.SealSeed, row, pass(row))
			if err != nil {
				t.Error(err)
				return
			}
			if i%4 == 0 {
				if err := b.SetPassphrase(t.Context(), "root", pass("a long passphrase")); err != nil {
					t.Error(err)
				}
			}
			b.State()
			if got, err := b.Vault.Open(mfa.SealSeed, row, sealed); err != nil || string(got.Bytes()) != row {
				t.Errorf("%s: %v", row, err)
			}
		})
	}
	all.Wait()
	if n := len(of(b.slots(), mfa.SlotSystem)); n != 1 {
		t.Errorf("%d system slots: each would hold a key of its own", n)
	}
}

func BenchmarkSealSeed(b *testing.B) {
	v := New(Config{Store: storetest.NewMemory(), System: newFakeStore(), Clock: time.Now, Rand: rand.Reader, Cost: cheap})
	if err := v.Start(b.Context(), accountID); err != nil {
		b.Fatal(err)
	}
	seed := mfa.NewSecret(make([]byte, 40))
	for b.Loop() {
		if _, err := v.Seal(mfa.SealSeed, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", seed); err != nil {
			b.Fatal(err)
		}
	}
}
