package desk

import (
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestIdleLock(t *testing.T) {
	b := newBench(t)
	b.create(t)
	pass := b.hall.time.pass
	pass(14 * time.Minute)
	b.Touch()
	pass(14 * time.Minute) // 28 minutes after the sign-in, 14 after the last touch
	if s := b.State(); s.Phase != PhaseHome {
		t.Fatalf("locked though somebody was there: %+v", s)
	}
	b.told()
	pass(time.Minute)
	s := b.told()
	if s == nil || s.Phase != PhaseSignIn || s.Ended != EndedIdle || s.Person != nil {
		t.Fatalf("told %+v", s)
	}
	if kinds := b.trail(t); kinds[len(kinds)-1] != mfa.EventSessionExpired {
		t.Errorf("the trail ends with %v", kinds)
	}
	_, _, err := b.Seat()
	wants(t, err, mfa.CodeNotSignedIn)
	if _, err := b.SignIn(t.Context(), rootIdentity, password()); err != nil {
		t.Fatal(err)
	}
	if s := b.State(); s.Phase != PhaseHome || s.Ended != EndedNot {
		t.Errorf("after signing in again: %+v", s)
	}
}

// A machine that slept fires its timers late; the first call after it must not be
// the one that puts the lock off.
func TestIdleLockAfterSleep(t *testing.T) {
	for name, call := range map[string]func(*bench){
		"touch": func(b *bench) { b.Touch() },
		"call":  func(b *bench) { _, _, _ = b.Seat() },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.create(t)
			b.hall.time.sleep(8 * time.Hour)
			call(b)
			if s := b.State(); s.Phase != PhaseSignIn || s.Ended != EndedIdle {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestIdleLockFollowsTheSettings(t *testing.T) {
	b := newBench(t)
	b.create(t)
	h, who := b.seat(t)
	set := func(minutes int) {
		t.Helper()
		a, err := h.Accounts.Account(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		a.Settings.IdleMinutes = minutes
		if _, err := h.Accounts.SaveSettings(t.Context(), who, a.Version, a.Settings); err != nil {
			t.Fatal(err)
		}
		b.told()
		if err := b.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := b.told(); s == nil || s.Account.Settings.IdleMinutes != minutes {
			t.Errorf("the page was told %+v", s)
		}
	}
	set(0)
	b.hall.time.pass(100 * time.Hour)
	if b.State().Phase != PhaseHome {
		t.Fatal("0 minutes mean never")
	}
	b.Touch()
	set(1)
	b.hall.time.pass(time.Minute)
	if b.State().Ended != EndedIdle {
		t.Error("still open after the minute")
	}
}

// Whoever typed a password and went away leaves no half-open door either.
func TestHalfDoneSignInExpires(t *testing.T) {
	b := newBench(t)
	b.create(t)
	b.enrol(t, "my-phone")
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SignIn(t.Context(), rootIdentity, password()); err != nil {
		t.Fatal(err)
	}
	b.hall.time.pass(15 * time.Minute)
	_, err := b.BeginSecondFactor(mfa.RoadPhone, "")
	wants(t, err, mfa.CodeNotSignedIn)
	if slices.Contains(b.trail(t), mfa.EventSessionExpired) {
		t.Error("there was no session that could expire")
	}
}

// An import that takes longer than the idle time is no absence.
func TestProgressIsASignOfLife(t *testing.T) {
	b := newBench(t)
	b.create(t)
	report := b.Progress("P")
	b.told()
	for i := range 100 {
		b.hall.time.pass(time.Minute)
		report(i, 100)
		report(i, 100) // at once: the page hears of it once
	}
	report(100, 100)
	if b.State().Phase != PhaseHome {
		t.Fatal("locked during an import")
	}
	var heard []Import
	for len(b.events) > 0 {
		if e := <-b.events; e.Import != nil {
			heard = append(heard, *e.Import)
		}
	}
	if len(heard) != 101 || heard[100] != (Import{ID: "P", Done: 100, Total: 100}) {
		t.Errorf("heard %d times, last %+v", len(heard), heard[len(heard)-1])
	}
}
