package ceremony

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

func TestWrongCodesAreCountedAndDelayed(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	g := b.app(t, b.who, "", "my-app")
	b.clock.add(step)
	pending := b.pending(t)
	for i := 1; i <= 5; i++ {
		_, err := b.SignInWithCode(t.Context(), pending, "12 456") // a slip of the hand is no guess
		wants(t, err, mfa.CodeCodeFormat)
		_, err = b.SignInWithCode(t.Context(), pending, b.code(t, g, 100))
		wants(t, err, mfa.CodeCodeWrong)
		f := mfa.AsFailure(err)
		if got, want := f.Params["resync"], map[bool]string{true: "yes"}[i >= 5]; got != want {
			t.Errorf("wrong code %d offers resync=%q", i, got)
		}
		if f.Params["codes"] != "" || f.Params["offset"] != "" {
			t.Errorf("a single wrong code is explained: %v", f.Params)
		}
	}
	_, err := b.SignInWithCode(t.Context(), pending, b.code(t, g, 0))
	wants(t, err, mfa.CodeSignInDelayed)
	// The right password does not end the counting.
	_, err = b.SignInWithCode(t.Context(), b.pending(t), b.code(t, g, 0))
	wants(t, err, mfa.CodeSignInDelayed)
	b.clock.add(2 * time.Second)
	if _, err := b.SignInWithCode(t.Context(), pending, b.code(t, g, 0)); err != nil {
		t.Fatal(err)
	}
	kinds := b.kinds(t)
	if kinds[len(kinds)-2] != mfa.EventSignInMFA || kinds[len(kinds)-1] != mfa.EventGuessesForgot {
		t.Errorf("audit trail %v", kinds)
	}
	events, err := b.Store.Events(t.Context(), 0, 100)
	if err != nil || events[len(events)-1].Detail["count"] != "5" {
		t.Errorf("forgotten: %v, %v", events[len(events)-1], err)
	}
	if guesses, err := b.Accounts.GuessGate(t.Context(), b.who.PrincipalID); err != nil || guesses.Count != 0 {
		t.Errorf("%d wrong codes are remembered, %v", guesses.Count, err)
	}
}

// Guesses side by side do not share one count: each sees what the one before it left.
func TestParallelGuesses(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	g := b.app(t, b.who, "", "my-app")
	b.clock.add(step)
	pending := b.pending(t)
	var mu sync.Mutex
	answers := map[mfa.Code]int{}
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			_, err := b.SignInWithCode(t.Context(), pending, b.code(t, g, 100+i))
			mu.Lock()
			defer mu.Unlock()
			answers[mfa.AsFailure(err).Code]++
		})
	}
	all.Wait()
	if answers[mfa.CodeCodeWrong] != 5 || answers[mfa.CodeSignInDelayed] != 35 {
		t.Errorf("answers %v", answers)
	}
}

// Somebody who leaves while a right code is written down has signed in.
func TestCancelledWhenItIsWritten(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	g := b.app(t, b.who, "", "my-app")
	b.clock.add(step)
	pending := b.pending(t)
	_, err := b.SignInWithCode(t.Context(), pending, b.code(t, g, 100))
	wants(t, err, mfa.CodeCodeWrong)
	ctx, cancel := context.WithCancel(t.Context())
	b.Store = &cancelling{Store: b.Store, cancel: cancel}
	if s, err := b.SignInWithCode(ctx, pending, b.code(t, g, 0)); err != nil || !s.MFAPresent() {
		t.Errorf("%+v, %v", s, err)
	}
}

type cancelling struct {
	mfa.Store
	cancel func()
}

func (c *cancelling) AcceptCode(ctx context.Context, id string, u mfa.CodeUse, used bool, e mfa.Event) error {
	defer c.cancel()
	return c.Store.AcceptCode(ctx, id, u, used, e)
}

func TestLockedVaultCountsNothing(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.app(t, b.who, "", "my-app")
	pending := b.pending(t)
	b.vault.locked.Store(true)
	events := len(b.kinds(t))
	_, err := b.SignInWithCode(t.Context(), pending, "000000")
	wants(t, err, mfa.CodeVaultLocked)
	wants(t, b.ResyncPending(t.Context(), pending, pending.Devices[0].ID, "000000", "111111"), mfa.CodeVaultLocked)
	if n := len(b.kinds(t)); n != events {
		t.Errorf("%d events were written", n-events)
	}
	b.Service.Vault = noVault{}
	_, err = b.SignInWithCode(t.Context(), pending, "000000")
	wants(t, err, mfa.CodeVaultLocked)
}

func TestAnyDeviceSignsIn(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.enrol(t, "my-phone")
	b.who.MFAAt = b.clock.read()
	app := b.app(t, b.who, "", "my-app")
	fob := b.token(t, "GAHT12345678", 40*time.Minute)
	first, second := b.pair(t, fob)
	if _, err := b.AssignToken(t.Context(), b.who, "", fob.Serial, "fob", first, second); err != nil {
		t.Fatal(err)
	}
	for _, g := range []gadget{fob, app} {
		if s := b.signIn(t, g); s.DeviceID != g.ID {
			t.Errorf("signed in with %s", s.DeviceID)
		}
	}
	if s, err := b.SignInWithDevice(t.Context(), b.pending(t), mfa.RoadPhone, nil, Person{}); err != nil || s.DeviceID == "" {
		t.Errorf("%+v, %v", s, err)
	}
	// One seed that does not open does not keep the other from signing in.
	b.vault.damaged = fob.ID
	b.signIn(t, app)
	b.clock.add(step)
	_, err := b.SignInWithCode(t.Context(), b.pending(t), b.code(t, fob, 0))
	wants(t, err, mfa.CodeCodeWrong)
}

// A session is as old as policies count it: by the latest time that was ever written,
// should the clock have been turned back since.
func TestNewSessionsAreNewToPolicies(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	app := b.app(t, b.who, "", "my-app")
	latest := b.clock.read().Add(24 * time.Hour)
	if err := b.Store.AddEvent(t.Context(), mfa.Event{At: latest}); err != nil {
		t.Fatal(err)
	}
	if s := b.signIn(t, app); !s.MFAAt.Equal(latest) || !s.StartedAt.Equal(b.clock.read()) {
		t.Errorf("%+v", s)
	}
}

func TestNoDeviceWithCodes(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.enrol(t, "my-phone")
	_, err := b.SignInWithCode(t.Context(), b.pending(t), "123456")
	wants(t, err, mfa.CodeNotFound)
	wants(t, b.ResyncPending(t.Context(), b.pending(t), b.devices(t)[0].ID, "123456", "654321"), mfa.CodeNotFound)
	_, err = b.Resync(t.Context(), mfa.Session{PrincipalID: b.who.PrincipalID, MFAAt: b.clock.read()}, b.devices(t)[0].ID, "123456", "654321")
	wants(t, err, mfa.CodeNotFound)
}

// One code, many hands, two programs' worth of services: one session.
func TestOneCodeMakesOneSession(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	g := b.app(t, b.who, "", "my-app")
	b.clock.add(step)
	pending, code := b.pending(t), b.code(t, g, 0)
	other := New(b.Config)
	var mu sync.Mutex
	sessions, used := 0, 0
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			s := b.Service
			if i%2 == 1 {
				s = other
			}
			session, err := s.SignInWithCode(t.Context(), pending, code)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && session.MFAPresent():
				sessions++
			case mfa.IsCode(err, mfa.CodeCodeUsed):
				used++
			default:
				t.Errorf("session %+v, %v", session, err)
			}
		})
	}
	all.Wait()
	if sessions != 1 || used != 15 {
		t.Errorf("%d sessions, %d told that the code is used", sessions, used)
	}
}

// A full disk after a right code leaves no session.
func TestNoSessionWithoutItsEvent(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	g := b.app(t, b.who, "", "my-app")
	b.clock.add(step)
	pending := b.pending(t)
	full := &fullDisk{Store: b.Store, on: true}
	b.Store = full
	s, err := b.SignInWithCode(t.Context(), pending, b.code(t, g, 0))
	wants(t, err, mfa.CodeDiskFull)
	if s.ID != "" {
		t.Errorf("session %+v", s)
	}
	full.on = false
	if _, err := b.SignInWithCode(t.Context(), pending, b.code(t, g, 0)); err != nil {
		t.Errorf("nothing was used up, and yet: %v", err)
	}
}
