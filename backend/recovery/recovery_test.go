package recovery

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/rules"
	"github.com/keyferry/keyferry/backend/vault"
)

type bench struct {
	*Service
	store mfa.Store
	vault *vault.Vault
	root  mfa.Session
}

var now = time.Date(2026, 11, 22, 9, 42, 3, 0, time.UTC)

func newBench(t *testing.T, random io.Reader) *bench {
	t.Helper()
	clock := func() time.Time { return now }
	store := storetest.NewMemory()
	accounts := account.New(account.Config{Store: store, Rules: rules.New(store, clock), Clock: clock, Rand: rand.Reader,
		Cost: account.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	a, p, err := accounts.Create(t.Context(), account.NewAccount{Alias: "acme-lab", Email: "root@example.org", Password: secret("correct horse")})
	if err != nil {
		t.Fatal(err)
	}
	v := vault.New(vault.Config{Store: store, Clock: clock, Rand: rand.Reader, Cost: vault.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	t.Cleanup(v.Close)
	if err := v.Start(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	if err := v.SetUp(t.Context(), p.ID, secret("a long passphrase")); err != nil {
		t.Fatal(err)
	}
	return &bench{Service: New(Config{Store: store, Accounts: accounts, Vault: v, Clock: clock, Rand: random}), store: store, vault: v,
		root: mfa.Session{PrincipalID: p.ID, StartedAt: now}}
}

func secret(s string) *mfa.Secret { return mfa.NewSecret([]byte(s)) }

func wants(t *testing.T, err error, code mfa.Code) {
	t.Helper()
	if !mfa.IsCode(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func (b *bench) make(t *testing.T) []*mfa.Secret {
	t.Helper()
	codes, err := b.Make(t.Context(), b.root)
	if err != nil {
		t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
	}
	return codes
}

func TestTenCodesEachOnce(t *testing.T) {
	b := newBench(t, rand.Reader)
	codes := b.make(t)
	form := regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`)
	different := map[string]bool{}
	for _, c := range codes {
		if !form.Match(c.Bytes()) {
			t.Errorf("a code of another form, %d characters", c.Len())
		}
		different[string(c.Bytes())] = true
	}
	if len(different) != Codes {
		t.Fatalf("%d different codes", len(different))
	}
	for i, c := range codes {
		if left, err := b.Left(t.Context(), b.root.PrincipalID); err != nil || left != Codes-i {
			t.Errorf("%d left before code %d, %v", left, i, err)
		}
		if err := b.Use(t.Context(), b.root.PrincipalID, c); err != nil {
			t.Fatalf("code %d: %v", i, err)
		}
		wants(t, b.Use(t.Context(), b.root.PrincipalID, c), mfa.CodeRecoveryCodeUsed)
	}
	events, err := b.store.Events(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if e := events[len(events)-1]; e.Kind != mfa.EventSignInRecovery || e.Detail["left"] != "0" || e.PrincipalID != b.root.PrincipalID {
		t.Errorf("event %+v", e)
	}
}

func TestNewCodesReplaceOldOnes(t *testing.T) {
	b := newBench(t, rand.Reader)
	old := b.make(t)
	if err := b.Use(t.Context(), b.root.PrincipalID, old[0]); err != nil {
		t.Fatal(err)
	}
	fresh := b.make(t)
	for _, c := range old {
		wants(t, b.Use(t.Context(), b.root.PrincipalID, c), mfa.CodeRecoveryCodeWrong)
	}
	if err := b.Use(t.Context(), b.root.PrincipalID, fresh[9]); err != nil {
		t.Error(err)
	}
}

func TestReadAsPeopleType(t *testing.T) {
	const code = "01JK-MNPQ-RSTV-WXYZ"
	want, ok := read(secret(code))
	if !ok || want.Len() != codeSize || string(written(bytes.Clone(want.Bytes())).Bytes()) != code {
		t.Fatal("what was written is not what was read")
	}
	for name, row := range map[string]struct {
		typed string
		good  bool
	}{
		"as printed":           {code, true},
		"small":                {strings.ToLower(code), true},
		"without dashes":       {strings.ReplaceAll(code, "-", ""), true},
		"with blanks":          {" " + strings.ReplaceAll(code, "-", " ") + "\r\n", true},
		"letters for digits":   {"OIjk-mnpq-rstv-wxyz", true},
		"a small l for 1":      {"olJK-MNPQ-RSTV-WXYZ", true},
		"all apart":            {strings.Join(strings.Split(code, ""), " "), true},
		"one short":            {code[:len(code)-1], false},
		"one long":             {code + "0", false},
		"a U":                  {"U" + code[1:], false},
		"nothing":              {"", false},
		"dashes":               {"----", false},
		"another alphabet":     {"О1JK-MNPQ-RSTV-WXYZ", false},
		"longer than any code": {code + strings.Repeat(" ", maxTyped), false},
	} {
		got, ok := read(secret(row.typed))
		if ok != row.good || ok && !got.Equal(want) {
			t.Errorf("%s: %t", name, ok)
		}
	}
	if got, ok := read(nil); ok || got != nil {
		t.Error("nothing at all was read")
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"01JK-MNPQ-RSTV-WXYZ", "", "u", "oooo oooo llll iiii", "----------------"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, typed []byte) {
		code, ok := read(mfa.NewSecret(typed))
		if !ok {
			return
		}
		if code.Len() != codeSize {
			t.Fatalf("%d bytes", code.Len())
		}
		again, ok := read(written(bytes.Clone(code.Bytes())))
		if !ok || !again.Equal(code) {
			t.Error("written and read, it is another code")
		}
	})
}

func TestWhoMayMakeThem(t *testing.T) {
	b := newBench(t, rand.Reader)
	user := mfa.Principal{ID: mfa.NewID(), Kind: mfa.User, Name: "ann", Path: "/", UserHandle: []byte("ann"), CreatedAt: now, Version: 1}
	if err := b.store.AddPrincipal(t.Context(), user, mfa.Event{At: now, Kind: mfa.EventUserCreated}); err != nil {
		t.Fatal(err)
	}
	if err := b.store.SetAttached(t.Context(), mfa.Attachment{Policy: mfa.AdministratorAccess, PrincipalID: user.ID}, true, mfa.Event{At: now, Kind: mfa.EventPolicyAttached}); err != nil {
		t.Fatal(err)
	}
	_, err := b.Make(t.Context(), mfa.Session{PrincipalID: user.ID, MFAAt: now})
	wants(t, err, mfa.CodeAccessDenied)
	_, err = b.Make(t.Context(), mfa.Session{PrincipalID: "gone"})
	wants(t, err, mfa.CodeNotSignedIn)
	wants(t, b.Use(t.Context(), user.ID, secret("01JK-MNPQ-RSTV-WXYZ")), mfa.CodeRecoveryCodeWrong)

	d := mfa.Device{ID: mfa.NewID(), PrincipalID: b.root.PrincipalID, Kind: mfa.KindPasskey, Name: "phone", Serial: "arn:aws:iam::1:u2f/x", EnabledAt: now, Version: 1,
		Passkey: &mfa.Credential{ID: []byte("1"), PublicKey: []byte{1}, Algorithm: -7}}
	if err := b.store.AddDevice(t.Context(), d, mfa.Event{At: now, Kind: mfa.EventDeviceAdded}); err != nil {
		t.Fatal(err)
	}
	_, err = b.Make(t.Context(), b.root)
	wants(t, err, mfa.CodeMFANeeded)
	b.root.RecoveredAt = now
	b.make(t)
}

func TestLockedOrBroken(t *testing.T) {
	b := newBench(t, rand.Reader)
	code := b.make(t)[3]
	b.vault.Close()
	_, err := b.Make(t.Context(), b.root)
	wants(t, err, mfa.CodeVaultLocked)
	wants(t, b.Use(t.Context(), b.root.PrincipalID, code), mfa.CodeVaultLocked)
	if left, err := b.Left(t.Context(), b.root.PrincipalID); err != nil || left != Codes {
		t.Errorf("%d left, %v", left, err)
	}
	if err := b.vault.Start(t.Context(), accountID(t, b)); err != nil {
		t.Fatal(err)
	}
	if err := b.vault.Unlock(t.Context(), secret("a long passphrase")); err != nil {
		t.Fatal(err)
	}
	if err := b.Use(t.Context(), b.root.PrincipalID, code); err != nil {
		t.Error(err)
	}

	dry := newBench(t, io.LimitReader(rand.Reader, 45))
	codes, err := dry.Make(t.Context(), dry.root)
	if !errors.Is(err, io.ErrUnexpectedEOF) || codes != nil {
		t.Errorf("%d codes without randomness, %v", len(codes), err)
	}
	if left, _ := dry.Left(t.Context(), dry.root.PrincipalID); left != 0 {
		t.Errorf("%d codes were stored", left)
	}
}

func accountID(t *testing.T, b *bench) string {
	t.Helper()
	a, err := b.store.Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// Neither the codes nor anything that they could be tried against is in the store.
func TestNothingReadableIsKept(t *testing.T) {
	b := newBench(t, rand.Reader)
	codes := b.make(t)
	kept, err := b.store.RecoveryCodes(t.Context(), b.root.PrincipalID)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range kept {
		raw, _ := read(codes[i])
		for _, plain := range [][]byte{codes[i].Bytes(), raw.Bytes(), hashed(k.ID, raw)} {
			if bytes.Contains(k.Sealed, plain) {
				t.Errorf("code %d is kept readably", i)
			}
		}
	}
	// What is sealed for one row opens in no other.
	moved := []mfa.RecoveryCode{{ID: mfa.NewID(), Sealed: kept[0].Sealed}}
	if err := b.store.ReplaceRecoveryCodes(t.Context(), b.root.PrincipalID, moved, mfa.Event{At: now, Kind: mfa.EventRecoveryMade}); err != nil {
		t.Fatal(err)
	}
	wants(t, b.Use(t.Context(), b.root.PrincipalID, codes[0]), mfa.CodeVaultDamaged)
}

func TestOneCodeManyHands(t *testing.T) {
	b := newBench(t, rand.Reader)
	code := b.make(t)[0]
	var mu sync.Mutex
	taken := 0
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			err := b.Use(t.Context(), b.root.PrincipalID, code)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				taken++
			} else if !mfa.IsCode(err, mfa.CodeRecoveryCodeUsed) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if taken != 1 {
		t.Errorf("taken %d times", taken)
	}
}
