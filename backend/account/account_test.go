package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/rules"
)

// cheap keeps the hash quick; what is tested is what happens around it.
var cheap = Cost{Time: 1, MemoryKiB: 64, Threads: 1}

type bench struct {
	*Service
	store mfa.Store
	now   time.Time
}

func newBench(t *testing.T) *bench { return benchOn(t, storetest.NewMemory()) }

func benchOn(t *testing.T, store mfa.Store) *bench {
	b := &bench{store: store, now: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)}
	b.Service = New(Config{Store: b.store, Rules: rules.New(b.store, func() time.Time { return b.now }), Clock: func() time.Time { return b.now }, Rand: rand.Reader, Cost: cheap})
	t.Cleanup(func() { b.store.Close() })
	return b
}

func secret(s string) *mfa.Secret { return mfa.NewSecret([]byte(s)) }

func (b *bench) create(t *testing.T) mfa.Principal {
	t.Helper()
	_, root, err := b.Create(t.Context(), NewAccount{Alias: "acme-lab", Email: "root@example.org", Password: secret("correct horse")})
	if err != nil {
		t.Fatal(err)
	}
	return root
}

var root = mfa.Identity{Kind: mfa.Root, Name: "root@example.org"}

func wants(t *testing.T, err error, code mfa.Code) *mfa.Failure {
	t.Helper()
	var f *mfa.Failure
	if !errors.As(err, &f) || f.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return f
}

func TestCreateRefusesBadInputAndWritesNothing(t *testing.T) {
	good := NewAccount{Alias: "acme-lab", Email: "root@example.org"}
	for name, c := range map[string]struct {
		bend func(*NewAccount)
		pass string
		code mfa.Code
	}{
		"alias":                  {func(n *NewAccount) { n.Alias = "A" }, "correct horse", mfa.CodeAliasInvalid},
		"e-mail":                 {func(n *NewAccount) { n.Email = "root" }, "correct horse", mfa.CodeEmailInvalid},
		"rp id":                  {func(n *NewAccount) { n.RPID = "localhost" }, "correct horse", mfa.CodeRPIDInvalid},
		"sandbox's rp id":        {func(n *NewAccount) { n.RPID = mfa.SandboxRPID }, "correct horse", mfa.CodeRPIDInvalid},
		"own rp id in sandbox":   {func(n *NewAccount) { n.Sandbox, n.RPID = true, "example.org" }, "correct horse", mfa.CodeRPIDInvalid},
		"short password":         {func(*NewAccount) {}, "seven77", mfa.CodePasswordShort},
		"password of 129 runes":  {func(*NewAccount) {}, strings.Repeat("a", 129), mfa.CodePasswordInvalid},
		"password with an emoji": {func(*NewAccount) {}, "correct horse 🐎", mfa.CodePasswordInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			b, n := newBench(t), good
			c.bend(&n)
			n.Password = secret(c.pass)
			_, _, err := b.Create(t.Context(), n)
			wants(t, err, c.code)
			_, err = b.Account(t.Context())
			wants(t, err, mfa.CodeNoAccount)
		})
	}
}

func TestCreateTwice(t *testing.T) {
	b := newBench(t)
	b.create(t)
	_, _, err := b.Create(t.Context(), NewAccount{Alias: "other", Email: "x@example.org", Password: secret("correct horse")})
	wants(t, err, mfa.CodeAccountExists)
}

func TestDefaultsOfTheRPID(t *testing.T) {
	b := newBench(t)
	b.create(t)
	a, err := b.Account(t.Context())
	if err != nil || a.RPID != mfa.DefaultRPID || len(a.ID) != 12 {
		t.Errorf("account %+v, %v", a, err)
	}
	s := newBench(t)
	a, _, err = s.Create(t.Context(), NewAccount{Alias: "try-it", Email: "x@example.org", Sandbox: true, Password: secret("correct horse")})
	if err != nil || a.RPID != mfa.SandboxRPID || !a.Sandbox {
		t.Errorf("sandbox %+v, %v", a, err)
	}
}

var (
	ghost  = mfa.Identity{Kind: mfa.User, Name: "ghost"}  // nobody
	silent = mfa.Identity{Kind: mfa.User, Name: "silent"} // has no password
)

// createSilent also adds a user without a password.
func (b *bench) createSilent(t *testing.T) {
	t.Helper()
	if _, err := b.AddUser(t.Context(), mfa.Session{PrincipalID: b.create(t).ID}, NewUser{Name: silent.Name}); err != nil {
		t.Fatal(err)
	}
}

// restart makes a new service over the same store.
func (b *bench) restart() {
	b.Service = New(Config{Store: b.store, Rules: rules.New(b.store, func() time.Time { return b.now }), Clock: func() time.Time { return b.now }, Rand: rand.Reader, Cost: cheap})
}

func TestWrongPasswordAndUnknownNameAnswerAlike(t *testing.T) {
	for name, between := range map[string]func(*bench){
		"at once":                 func(*bench) {},
		"after each delay":        func(b *bench) { b.now = b.now.Add(maxDelay) },
		"restarted":               (*bench).restart,
		"restarted after a delay": func(b *bench) { b.now = b.now.Add(maxDelay); b.restart() },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.createSilent(t)
			for attempt := range 9 {
				_, wrong := b.CheckPassword(t.Context(), root, secret("wrong horse"))
				w := mfa.AsFailure(wrong)
				for _, who := range []mfa.Identity{ghost, silent} {
					_, err := b.CheckPassword(t.Context(), who, secret("wrong horse"))
					if u := mfa.AsFailure(err); w.Code != u.Code || fmt.Sprint(w.Params) != fmt.Sprint(u.Params) {
						t.Fatalf("attempt %d: %v %v for a wrong password, %v %v for %s", attempt, w, w.Params, u, u.Params, who.Name)
					}
				}
				between(b)
			}
		})
	}
}

// A delay must outlive the process, or a restart would be the way around it.
func TestRestartDoesNotEndTheDelay(t *testing.T) {
	for _, who := range []mfa.Identity{root, ghost, {Kind: mfa.User, Name: "GHOST"}} {
		b := newBench(t)
		b.create(t)
		for range freeFailures + 1 {
			_, err := b.CheckPassword(t.Context(), who, secret("wrong horse"))
			wants(t, err, mfa.CodeSignInRefused)
		}
		b.restart()
		_, err := b.CheckPassword(t.Context(), mfa.Identity{Kind: who.Kind, Name: strings.ToLower(who.Name)}, secret("correct horse"))
		wants(t, err, mfa.CodeSignInDelayed)
	}
}

// The clock would be a poor witness of "in the same time": what takes time is
// hashing and writing, and each change leaves one event.
func TestEachWayTakesTheSameWork(t *testing.T) {
	b := newBench(t)
	b.createSilent(t)
	hashes, idKey := []string(nil), b.idKey
	b.idKey = func(password, salt []byte, time, memoryKiB uint32, threads uint8, size uint32) []byte {
		hashes = append(hashes, fmt.Sprint(len(salt), time, memoryKiB, threads, size))
		return idKey(password, salt, time, memoryKiB, threads, size)
	}
	writes := func() int {
		events, err := b.store.Events(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		return len(events)
	}
	one := fmt.Sprint([]string{fmt.Sprint(saltSize, cheap.Time, cheap.MemoryKiB, cheap.Threads, hashSize)})
	for _, row := range []struct {
		name, password string
		who            mfa.Identity
		code           mfa.Code
		hashes         string
		writes         int
	}{
		{"a wrong password", "wrong horse", root, mfa.CodeSignInRefused, one, 1},
		{"an unknown name", "wrong horse", ghost, mfa.CodeSignInRefused, one, 1},
		{"a user without a password", "wrong horse", silent, mfa.CodeSignInRefused, one, 1},
		{"a user without a password, and none typed", "", silent, mfa.CodeSignInRefused, one, 1},
		{"a wrong password again", "wrong horse", root, mfa.CodeSignInRefused, one, 1},
		{"an unknown name again", "wrong horse", ghost, mfa.CodeSignInRefused, one, 1},
		{"no password", "", root, mfa.CodeSignInRefused, one, 1},
		{"an unknown name and no password", "", ghost, mfa.CodeSignInRefused, one, 1},
		{"the right password", "correct horse", root, "", one, 1},
	} {
		hashes = nil
		before := writes()
		if _, err := b.CheckPassword(t.Context(), row.who, secret(row.password)); row.code != "" {
			wants(t, err, row.code)
		} else if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(hashes); got != row.hashes || writes()-before != row.writes {
			t.Errorf("%s: hashes %s and %d writes, want %s and %d", row.name, got, writes()-before, row.hashes, row.writes)
		}
	}
	for _, who := range []mfa.Identity{root, ghost} { // both are delayed without a hash, and both are written down
		if err := b.store.RecordGuesses(t.Context(), guessKey(who), mfa.Guesses{Count: 9, LockedTill: b.now.Add(time.Minute)}, mfa.Event{}); err != nil {
			t.Fatal(err)
		}
		hashes = nil
		before := writes()
		_, err := b.CheckPassword(t.Context(), who, secret("correct horse"))
		wants(t, err, mfa.CodeSignInDelayed)
		if len(hashes) != 0 || writes() != before+1 {
			t.Errorf("%v: %d hashes, %d writes while delayed", who, len(hashes), writes()-before)
		}
	}
}

func TestDecoyMatchesNothing(t *testing.T) {
	b := newBench(t)
	got, want := b.decoy(), cheap
	if got.Time != want.Time || got.MemoryKiB != want.MemoryKiB || got.Threads != want.Threads || b.matches(got, secret("")) {
		t.Errorf("decoy %+v does not cost what a password costs, or matches", got)
	}
}

func TestDelayGrowsAndEnds(t *testing.T) {
	b := newBench(t)
	b.create(t)
	for range freeFailures + 1 {
		_, err := b.CheckPassword(t.Context(), root, secret("wrong horse"))
		wants(t, err, mfa.CodeSignInRefused)
	}
	_, err := b.CheckPassword(t.Context(), root, secret("correct horse"))
	if f := wants(t, err, mfa.CodeSignInDelayed); f.Params["seconds"] != "1" {
		t.Errorf("delay %v, want one second", f.Params)
	}
	b.now = b.now.Add(time.Second)
	if _, err := b.CheckPassword(t.Context(), root, secret("correct horse")); err != nil {
		t.Fatal(err)
	}
	if g, err := b.store.Guesses(t.Context(), guessKey(root)); err != nil || g.Count != 0 || !g.LockedTill.IsZero() {
		t.Errorf("after the right password: %d failures, locked till %v, %v", g.Count, g.LockedTill, err)
	}
	if delayAfter(1000) != maxDelay {
		t.Errorf("delay is not bounded: %v", delayAfter(1000))
	}
}

func TestParallelGuessesAreAllCounted(t *testing.T) {
	b := newBench(t)
	b.create(t)
	done := make(chan error)
	for range 4 {
		go func() {
			_, err := b.CheckPassword(context.WithoutCancel(t.Context()), root, secret("wrong horse"))
			done <- err
		}()
	}
	for range 4 {
		wants(t, <-done, mfa.CodeSignInRefused)
	}
	if g, _ := b.store.Guesses(t.Context(), guessKey(root)); g.Count != 4 {
		t.Errorf("%d failures counted, want 4", g.Count)
	}
}

func TestHashMatchesOnlyItsPassword(t *testing.T) {
	b := newBench(t)
	h, err := b.hash(t.Context(), secret("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	if !b.matches(h, secret("correct horse")) || b.matches(h, secret("correct horsf")) || b.matches(h, secret("")) {
		t.Error("the hash does not tell passwords apart")
	}
	h.MemoryKiB = 1 << 30
	if b.matches(h, secret("correct horse")) {
		t.Error("a row may ask for a terabyte")
	}
}

func device(owner, name string) mfa.Device {
	id := mfa.NewID()
	return mfa.Device{ID: id, PrincipalID: owner, Kind: mfa.KindPasskey, Name: name, Serial: "arn:" + id, Version: 1,
		EnabledAt: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC), Passkey: &mfa.Credential{ID: []byte(id), PublicKey: []byte{1}, Algorithm: -7}}
}

func (b *bench) add(t *testing.T, d mfa.Device) {
	t.Helper()
	if err := b.store.AddDevice(t.Context(), d, mfa.Event{At: b.now, Kind: mfa.EventDeviceAdded, PrincipalID: d.PrincipalID}); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) mayAdd(t *testing.T, who mfa.Session, name string) error {
	_, err := b.CheckNewDevice(t.Context(), who, "", name, nil)
	return err
}

func TestOwnDevicesNeedMFAOnceOneExists(t *testing.T) {
	b := newBench(t)
	p := b.create(t)
	passwordOnly := mfa.Session{PrincipalID: p.ID, StartedAt: b.now}
	withMFA := mfa.Session{PrincipalID: p.ID, StartedAt: b.now, MFAAt: b.now}
	if err := b.mayAdd(t, passwordOnly, "first"); err != nil {
		t.Fatalf("first device: %v", err)
	}
	b.add(t, device(p.ID, "first"))
	wants(t, b.mayAdd(t, passwordOnly, "second"), mfa.CodeMFANeeded)
	wants(t, b.mayAdd(t, withMFA, "FIRST"), mfa.CodeNameTaken)
	wants(t, b.mayAdd(t, withMFA, "no spaces"), mfa.CodeNameInvalid)
	// What nobody has is swept by the time its name is taken.
	app := mfa.Device{ID: mfa.NewID(), Kind: mfa.KindApp, Name: "left-over", Serial: "arn:left-over", CreatedAt: b.now, Version: 1,
		OneTime: &mfa.OneTime{Sealed: []byte{1}, Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}}
	b.add(t, app)
	if err := b.mayAdd(t, withMFA, "LEFT-OVER"); err != nil {
		t.Error(err)
	}
}

func TestNinthDevice(t *testing.T) {
	b := newBench(t)
	p := b.create(t)
	for i := range mfa.MaxDevices {
		b.add(t, device(p.ID, fmt.Sprintf("d%d", i)))
	}
	wants(t, b.mayAdd(t, mfa.Session{PrincipalID: p.ID, MFAAt: b.now}, "ninth"), mfa.CodeDeviceLimit)
}
