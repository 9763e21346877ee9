package account

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/enforcement"
	"github.com/keyferry/keyferry/backend/mfa"
)

// signIn is a right password and what it leads to.
func (b *bench) signIn(t *testing.T, who mfa.Identity) (mfa.Principal, enforcement.Verdict) {
	t.Helper()
	p, err := b.CheckPassword(t.Context(), who, secret("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := b.Verdict(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return p, v
}

func (b *bench) settle(t *testing.T, bend func(*mfa.Settings)) {
	t.Helper()
	a, err := b.Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	root, err := b.store.PrincipalByIdentity(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	bend(&a.Settings)
	if _, err := b.SaveSettings(t.Context(), mfa.Session{PrincipalID: root.ID}, a.Version, a.Settings); err != nil {
		t.Fatal(err)
	}
}

func TestDeadlineBeginsOnceAndStays(t *testing.T) {
	b := newBench(t)
	b.create(t)
	begun := b.now
	deadline := begun.Add(35 * oneDay)
	stays := func(name string, state enforcement.State) {
		t.Helper()
		p, v := b.signIn(t, root)
		if !p.MFADeadline.Equal(deadline) || v.State != state || state != enforcement.Free && v.Deadline != deadline {
			t.Errorf("%s: deadline %v, verdict %+v, want %s until %v", name, p.MFADeadline, v, state, deadline)
		}
	}
	if _, err := b.CheckPassword(t.Context(), root, secret("wrong horse")); !mfa.IsCode(err, mfa.CodeSignInRefused) {
		t.Fatal(err)
	}
	if p, err := b.store.PrincipalByIdentity(t.Context(), root); err != nil || !p.MFADeadline.IsZero() {
		t.Errorf("a wrong password begins it: %v, %v", p.MFADeadline, err)
	}
	stays("first sign-in", enforcement.Grace)
	b.now = begun.Add(30 * oneDay)
	stays("skipped", enforcement.Grace)
	b.settle(t, func(s *mfa.Settings) { s.RootGraceDays = 300 })
	stays("more days of grace", enforcement.Grace)
	b.settle(t, func(s *mfa.Settings) { s.RootGraceDays = 0 })
	stays("no grace", enforcement.Grace)

	d := device(mustPrincipal(t, b, root).ID, "phone")
	b.add(t, d)
	stays("a device", enforcement.Free)
	b.now = deadline.Add(-time.Second)
	stays("a device still", enforcement.Free)
	b.now = deadline
	stays("a device at the deadline", enforcement.Free)
	if err := b.store.RemoveDevice(t.Context(), d.ID, 1, mfa.Event{At: b.now, Kind: mfa.EventDeviceRemoved}); err != nil {
		t.Fatal(err)
	}
	stays("the device removed after the deadline", enforcement.SetUp)
	b.settle(t, func(s *mfa.Settings) { s.RootGraceDays = 300 })
	stays("more days of grace after it", enforcement.SetUp)
	b.now = begun
	stays("the clock turned back", enforcement.SetUp)
	b.restart()
	stays("and the program started again", enforcement.SetUp)
}

func mustPrincipal(t *testing.T, b *bench, who mfa.Identity) mfa.Principal {
	t.Helper()
	p, err := b.store.PrincipalByIdentity(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Somebody whose clock is years back when they first sign in gets no more days.
func TestGraceCountsFromTheHighestTime(t *testing.T) {
	b := newBench(t)
	b.create(t)
	highest := b.now
	b.now = b.now.AddDate(-3, 0, 0)
	if p, v := b.signIn(t, root); !p.MFADeadline.Equal(highest.Add(35*oneDay)) || v.State != enforcement.Grace {
		t.Errorf("deadline %v, %+v", p.MFADeadline, v)
	}
	if now, err := b.Now(t.Context()); err != nil || !now.Equal(highest) {
		t.Errorf("trusted time %v, want %v, %v", now, highest, err)
	}
	forecasts, err := b.Rehearse(t.Context(), mfa.Session{PrincipalID: mustPrincipal(t, b, root).ID}, b.now)
	if err != nil || forecasts[0].Verdict.State != enforcement.Grace {
		t.Errorf("rehearsed in the past: %+v, %v", forecasts, err)
	}
}

func TestRequirementForUsers(t *testing.T) {
	b := newBench(t)
	admin := mfa.Session{PrincipalID: b.create(t).ID}
	alice := mfa.Identity{Kind: mfa.User, Name: "alice"}
	if _, err := b.AddUser(t.Context(), admin, NewUser{Name: "alice", Password: secret("correct horse")}); err != nil {
		t.Fatal(err)
	}
	if p, v := b.signIn(t, alice); v.Reason != enforcement.NotRequired || !p.MFADeadline.IsZero() {
		t.Errorf("nothing required: %+v, deadline %v", v, p.MFADeadline)
	}
	b.settle(t, func(s *mfa.Settings) { s.RequireForUser, s.UserGraceDays = true, 10 })
	b.now = b.now.Add(5 * oneDay)
	deadline := b.now.Add(10 * oneDay)
	if _, v := b.signIn(t, alice); v != (enforcement.Verdict{State: enforcement.Grace, Reason: enforcement.NoDevice, Deadline: deadline}) {
		t.Errorf("first affected sign-in: %+v", v)
	}
	b.settle(t, func(s *mfa.Settings) { s.RequireForUser = false })
	b.now = deadline
	if _, v := b.signIn(t, alice); v.State != enforcement.Free {
		t.Errorf("required no more: %+v", v)
	}
	b.settle(t, func(s *mfa.Settings) { s.RequireForUser, s.UserGraceDays = true, 300 })
	if _, v := b.signIn(t, alice); v.State != enforcement.SetUp || v.Deadline != deadline {
		t.Errorf("required again: %+v", v)
	}
}

// A suspect device never signs in again, so it does not keep the time from beginning.
func TestSuspectDeviceIsNoDevice(t *testing.T) {
	b := newBench(t)
	d := device(b.create(t).ID, "phone")
	d.SuspectAt = b.now
	b.add(t, d)
	if p, v := b.signIn(t, root); p.MFADeadline.IsZero() || v.State != enforcement.Blocked {
		t.Errorf("deadline %v, %+v", p.MFADeadline, v)
	}
}

func TestUnassignedAppIsNoDevice(t *testing.T) {
	b := newBench(t)
	b.create(t)
	app := mfa.Device{ID: mfa.NewID(), Kind: mfa.KindApp, Name: "app", Serial: "arn:app:000001", CreatedAt: b.now, Version: 1,
		OneTime: &mfa.OneTime{Sealed: []byte{1}, Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}}
	b.add(t, app)
	if p, v := b.signIn(t, root); p.MFADeadline.IsZero() || v.State != enforcement.Grace {
		t.Errorf("deadline %v, %+v", p.MFADeadline, v)
	}
}

func TestTheDeadlineStandsInTheTrail(t *testing.T) {
	b := newBench(t)
	b.create(t)
	b.signIn(t, root)
	b.signIn(t, root)
	events, err := b.store.Events(t.Context(), 1, 10)
	if err != nil || len(events) != 2 || events[0].Detail["mfa_deadline"] != "2026-12-06T09:00:00Z" || events[1].Detail["mfa_deadline"] != "" {
		t.Errorf("events %+v, %v", events, err)
	}
}

// Who had a device from the beginning has all of the time when it is gone.
func TestNoDeadlineBeginsWithADevice(t *testing.T) {
	b := newBench(t)
	d := device(b.create(t).ID, "phone")
	b.add(t, d)
	if p, v := b.signIn(t, root); !p.MFADeadline.IsZero() || v.State != enforcement.Free {
		t.Errorf("deadline %v, %+v", p.MFADeadline, v)
	}
	b.now = b.now.Add(100 * oneDay)
	if err := b.store.RemoveDevice(t.Context(), d.ID, 1, mfa.Event{At: b.now, Kind: mfa.EventDeviceRemoved}); err != nil {
		t.Fatal(err)
	}
	if _, v := b.signIn(t, root); v.State != enforcement.Grace || v.Deadline != b.now.Add(35*oneDay) {
		t.Errorf("%+v", v)
	}
}
