package canary

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/enforcement"
	"github.com/keyferry/keyferry/backend/mfa"
)

const day = 24 * time.Hour

var root = mfa.Identity{Kind: mfa.Root, Name: rootMail}

// enters signs in by password and says what the session is held to.
func (l *lab) enters(who mfa.Identity) mfa.Session {
	l.Helper()
	return l.signIn(who)
}

func (l *lab) deadline(who mfa.Identity) time.Time {
	l.Helper()
	p, err := l.store.PrincipalByIdentity(l.Context(), who)
	l.must(err)
	return p.MFADeadline
}

// Thirty-five days from the first sign-in that it concerns, to the second: the last
// second before is free, the second itself leads to device set-up and nowhere else.
func TestTheGracePeriodEndsToTheSecond(t *testing.T) {
	l := newLab(t) // root has just signed in for the first time
	begun := l.clock.read()
	want := begun.Add(35 * day)
	if got := l.deadline(root); !got.Equal(want) {
		t.Fatalf("the deadline is %v, want %v", got, want)
	}
	for _, row := range []struct {
		at    time.Time
		limit mfa.Limit
		state enforcement.State
	}{
		{begun.Add(time.Second), mfa.LimitNone, enforcement.Grace}, {want.Add(-day), mfa.LimitNone, enforcement.Grace},
		{want.Add(-time.Second), mfa.LimitNone, enforcement.Grace}, {want.Add(-time.Nanosecond), mfa.LimitNone, enforcement.Grace},
		{want, mfa.LimitSetUpDevice, enforcement.SetUp}, {want.Add(time.Second), mfa.LimitSetUpDevice, enforcement.SetUp},
		{want.Add(1000 * day), mfa.LimitSetUpDevice, enforcement.SetUp},
	} {
		forecast, err := l.accounts.Rehearse(t.Context(), l.who, row.at) // before the clock is there
		l.must(err)
		l.clock.set(row.at)
		if s := l.enters(root); s.Limit != row.limit {
			t.Errorf("%v: limit %q, want %q", row.at, s.Limit, row.limit)
		}
		if len(forecast) != 1 || forecast[0].Verdict.State != row.state || !forecast[0].Verdict.Deadline.Equal(want) {
			t.Errorf("%v was rehearsed as %+v", row.at, forecast)
		}
		if got := l.deadline(root); !got.Equal(want) {
			t.Fatalf("at %v the deadline moved to %v", row.at, got)
		}
	}
}

// Nothing moves it: skipping, signing in again, a restart, other settings, a device that
// comes and goes, a clock turned back.
func TestTheDeadlineNeverMoves(t *testing.T) {
	l := newLab(t)
	want := l.deadline(root)
	stays := func(what string) {
		t.Helper()
		if got := l.deadline(root); !got.Equal(want) {
			t.Errorf("%s moved the deadline from %v to %v", what, want, got)
		}
	}
	l.clock.add(10 * day)
	l.enters(root)
	stays("signing in")
	l.reopen()
	l.enters(root)
	stays("a restart")
	for _, days := range []int{0, 365, 35} {
		a, err := l.store.Account(t.Context())
		l.must(err)
		s := a.Settings
		s.RootGraceDays = days
		_, err = l.accounts.SaveSettings(t.Context(), l.who, a.Version, s)
		l.must(err)
		l.enters(root)
		stays(fmt.Sprintf("a setting of %d days", days))
	}
	g := l.enabled(l.who, "", "phone")
	stays("a device")
	l.prove()
	d := l.fresh(g.ID)
	_, err := l.own.Remove(t.Context(), l.who, d.ID, d.Version)
	l.must(err)
	stays("removing it")
	l.clock.set(want.Add(time.Second))
	if s := l.enters(root); s.Limit != mfa.LimitSetUpDevice {
		t.Errorf("after the deadline: %q", s.Limit)
	}
	stays("passing it")
	for _, back := range []time.Duration{day, 30 * day, 4000 * day} { // "give or take an hour" of the highest time
		l.clock.set(want.Add(time.Second).Add(-back))
		if s := l.enters(root); s.Limit != mfa.LimitSetUpDevice {
			t.Errorf("a clock turned back by %v lets in: %q", back, s.Limit)
		}
		l.reopen()
		if s := l.enters(root); s.Limit != mfa.LimitSetUpDevice {
			t.Errorf("a clock turned back by %v and a restart let in: %q", back, s.Limit)
		}
		forecast, err := l.accounts.Rehearse(t.Context(), l.who, l.clock.read())
		l.must(err)
		if forecast[0].Verdict.State != enforcement.SetUp {
			t.Errorf("rehearsed with the clock %v back: %+v", back, forecast[0].Verdict)
		}
	}
	stays("a clock turned back")
}

// After the deadline nothing but set-up is reachable, and set-up opens everything.
func TestAfterTheDeadlineOnlySetUp(t *testing.T) {
	l := newLab(t)
	ann := l.user("ann")
	l.clock.set(l.deadline(root))
	who := l.enters(root)
	ctx := t.Context()
	for name, do := range map[string]func() error{
		"users":    func() error { _, err := l.accounts.Users(ctx, who); return err },
		"removing": func() error { return l.accounts.RemoveUser(ctx, who, ann.ID, ann.Version, true) },
		"password": func() error {
			return l.accounts.ChangePassword(ctx, who, secret(password), secret("another one, long"))
		},
		"settings":         func() error { _, err := l.accounts.SaveSettings(ctx, who, 1, mfa.DefaultSettings()); return err },
		"report":           func() error { _, err := l.accounts.Rehearse(ctx, who, l.clock.read()); return err },
		"recovery":         func() error { _, err := l.recovery.Make(ctx, who); return err },
		"activity":         func() error { _, err := l.activity.Find(ctx, who, mfa.EventFilter{}); return err },
		"tokens":           func() error { _, err := l.own.Tokens(ctx, who); return err },
		"backup":           func() error { _, err := l.archive.Make(ctx, who, l.dir+"/b", secret(phrase)); return err },
		"a device for ann": func() error { _, err := l.ceremony.CreateApp(ctx, who, ann.ID, "anns"); return err },
		"a phone for ann": func() error {
			_, err := l.ceremony.Enrol(ctx, who, ann.ID, "anns", mfa.RoadPhone, ceremony.Person{Confirm: yes})
			return err
		},
	} {
		l.unchanged(name, false, func() {
			err := do()
			wants(t, name, err, mfa.CodeSetUpNeeded)
			if f := mfa.AsFailure(err); f != nil && f.IAM() != "AccessDenied" {
				t.Errorf("%s: %s", name, f.IAM())
			}
		})
	}
	l.enabled(who, "", "phone")
	fresh, err := l.ceremony.Refreshed(ctx, who)
	if err != nil || fresh.Limit != mfa.LimitNone || fresh.MFAPresent() {
		t.Errorf("after set-up: %+v, %v", fresh, err)
	}
	if _, err := l.accounts.Users(ctx, fresh); err != nil {
		t.Errorf("after set-up: %v", err)
	}
}

// For users it is an option, with days of its own that begin with the first sign-in
// after it was chosen, for each by themselves; the rehearsal says what happens.
func TestTheSameForUsers(t *testing.T) {
	l := newLab(t)
	l.user("ann")
	l.user("bob")
	l.enters(named("ann"))
	if d := l.deadline(named("ann")); !d.IsZero() {
		t.Fatalf("nothing is required, and ann has until %v", d)
	}
	a, err := l.store.Account(t.Context())
	l.must(err)
	s := a.Settings
	s.RequireForUser, s.UserGraceDays = true, 7
	_, err = l.accounts.SaveSettings(t.Context(), l.who, a.Version, s)
	l.must(err)
	if d := l.deadline(named("ann")); !d.IsZero() {
		t.Errorf("choosing the option begins ann's days: %v", d)
	}
	l.clock.add(3 * day)
	l.enters(named("ann"))
	annsDay := l.clock.read().Add(7 * day)
	if d := l.deadline(named("ann")); !d.Equal(annsDay) {
		t.Errorf("ann has until %v, want %v", d, annsDay)
	}
	l.clock.add(2 * day)
	if s := l.enters(named("bob")); s.Limit != mfa.LimitNone {
		t.Errorf("bob's first day: %q", s.Limit)
	}
	for _, at := range []time.Time{annsDay.Add(-time.Second), annsDay, annsDay.Add(2*day - time.Second), annsDay.Add(2 * day)} {
		forecast, err := l.accounts.Rehearse(t.Context(), l.who, at)
		l.must(err)
		l.clock.set(at)
		for _, f := range forecast {
			who := named(f.Overview.Name)
			if f.Overview.Kind == mfa.Root {
				who = root
			}
			if got := l.enters(who).Limit; got != f.Verdict.Limit() {
				t.Errorf("%v: %s was rehearsed as %q and is %q", at, f.Overview.Name, f.Verdict.Limit(), got)
			}
		}
		if got := l.enters(named("ann")).Limit; (got == mfa.LimitSetUpDevice) != !at.Before(annsDay) {
			t.Errorf("%v: ann %q", at, got)
		}
		if got := l.enters(named("bob")).Limit; (got == mfa.LimitSetUpDevice) != !at.Before(annsDay.Add(2*day)) {
			t.Errorf("%v: bob %q", at, got)
		}
	}
}

// A lost device is stood in for by a printed code, once; it is not MFA.
func TestAPrintedCodeStandsInOnce(t *testing.T) {
	l := newLab(t)
	g := l.enabled(l.who, "", "phone")
	l.prove()
	codes, err := l.recovery.Make(t.Context(), l.who)
	l.must(err)
	pending := l.pending(root)
	s, err := l.ceremony.SignInWithRecovery(t.Context(), pending, codes[0])
	if err != nil || s.MFAPresent() || s.RecoveredAt.IsZero() {
		t.Fatalf("%+v, %v", s, err)
	}
	d := l.fresh(g.ID)
	if _, err := l.own.Remove(t.Context(), s, d.ID, d.Version); err != nil {
		t.Errorf("the lost device cannot be removed: %v", err)
	}
	l.enabled(s, "", "new-phone")
	_, err = l.ceremony.SignInWithRecovery(context.WithoutCancel(t.Context()), l.pending(root), codes[0])
	wants(t, "the same code again", err, mfa.CodeRecoveryCodeUsed)
	old := codes[5]
	_, err = l.recovery.Make(t.Context(), l.who)
	l.must(err)
	_, err = l.ceremony.SignInWithRecovery(t.Context(), l.pending(root), old)
	wants(t, "a code of the old sheet", err, mfa.CodeRecoveryCodeWrong)
	_, err = l.recovery.Make(t.Context(), l.enters(named(l.user("ann").Name)))
	wants(t, "codes for a user", err, mfa.CodeAccessDenied)
	var none ceremony.Pending
	_, err = l.ceremony.SignInWithRecovery(t.Context(), none, codes[1])
	if err == nil {
		t.Error("a code without a password signs in")
	}
}
