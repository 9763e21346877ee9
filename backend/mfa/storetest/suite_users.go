package storetest

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

func testSettings(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	b.same("as created", found[mfa.Account](b)(b.Account(ctx)), NewAccount())
	changed := NewAccount()
	changed.Settings = mfa.Settings{RootGraceDays: 0, RequireForUser: true, UserGraceDays: 365, Passwordless: true, RuleOutHello: true, IdleMinutes: 0,
		Passwords: mfa.PasswordRules{MinLength: 128, Upper: true, Lower: true, Digit: true, Symbol: true}}
	b.must(b.UpdateAccount(ctx, changed, event(mfa.EventSettingsChanged)))
	b.logged(mfa.EventSettingsChanged)
	stale := changed
	stale.Settings = mfa.DefaultSettings()
	b.refuses(mfa.CodeConflict, func() error { return b.UpdateAccount(ctx, stale, event(mfa.EventSettingsChanged)) })
	changed.Version = 2
	b.same("changed", found[mfa.Account](b)(b.Account(ctx)), changed)
	changed.Settings.Passwords, changed.Settings.NewUsersAnyDevice = mfa.PasswordRules{MinLength: 9, Digit: true}, true
	b.must(b.UpdateAccount(ctx, changed, event(mfa.EventSettingsChanged)))
	changed.Version = 3
	b.same("each rule by itself", found[mfa.Account](b)(b.Account(ctx)), changed)
}

// testHighestTime knows that a store may keep the time with an hour's grain.
func testHighestTime(t *testing.T, b *bench) {
	ctx := t.Context()
	highest := func(want time.Time) {
		t.Helper()
		got := found[time.Time](b)(b.HighestTime(ctx))
		if want.IsZero() && !got.IsZero() || got.Before(want.Add(-time.Hour)) || got.After(want.Add(time.Hour)) {
			t.Errorf("the highest time is %v, want about %v", got, want)
		}
	}
	highest(time.Time{})
	b.start()
	highest(day)
	note := func(at time.Time) { b.must(b.AddEvent(ctx, mfa.Event{At: at, Kind: mfa.EventSignedOut})) }
	note(day.AddDate(0, 0, 3))
	highest(day.AddDate(0, 0, 3))
	note(day.AddDate(0, 0, 1)) // the clock was turned back
	note(time.Time{})
	highest(day.AddDate(0, 0, 3))
	late := event(mfa.EventUserCreated)
	late.At = day.AddDate(1, 0, 0)
	b.must(b.AddPrincipal(ctx, NewUser("ann"), late)) // any event counts
	highest(late.At)
	later := late
	later.At = day.AddDate(2, 0, 0)
	b.refuses(mfa.CodeNameTaken, func() error { return b.AddPrincipal(ctx, NewUser("ann"), later) })
	highest(late.At)
}

func testUserChanges(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	ann := NewUser("Ann")
	ann.Path, ann.PasswordAt, ann.MustChange = "/harbour/", at(1), true
	b.must(b.AddPrincipal(ctx, ann, event(mfa.EventUserCreated)))
	b.must(b.AddPrincipal(ctx, NewUser("bob"), event(mfa.EventUserCreated)))
	b.same("as added", found[mfa.Principal](b)(b.Principal(ctx, ann.ID)), ann)

	change := func(edit func(*mfa.Principal)) {
		t.Helper()
		edit(&ann)
		b.must(b.UpdatePrincipal(ctx, ann, event(mfa.EventUserChanged)))
		b.logged(mfa.EventUserChanged)
		ann.Version++
		b.same("changed", found[mfa.Principal](b)(b.Principal(ctx, ann.ID)), ann)
	}
	change(func(p *mfa.Principal) { p.Name, p.Path = "Hannah", "/" })
	change(func(p *mfa.Principal) { p.Name = "HANNAH" }) // her own name in another case
	change(func(p *mfa.Principal) { p.MustChange, p.PasswordAt = false, at(2) })
	change(func(p *mfa.Principal) { p.Password, p.PasswordAt = mfa.PasswordHash{}, time.Time{} })
	if found[mfa.Principal](b)(b.Principal(ctx, ann.ID)).HasPassword() {
		t.Error("the password is still there")
	}
	b.refuses(mfa.CodeNotFound, func() error {
		_, err := b.PrincipalByIdentity(ctx, mfa.Identity{Kind: mfa.User, Name: "ann"})
		return err
	})
	b.same("by the new name", found[mfa.Principal](b)(b.PrincipalByIdentity(ctx, mfa.Identity{Kind: mfa.User, Name: "hannah"})), ann)
	b.refuses(mfa.CodeNameTaken, func() error {
		p := ann
		p.Name = "BOB"
		return b.UpdatePrincipal(ctx, p, event(mfa.EventUserChanged))
	})
	b.refuses(mfa.CodeConflict, func() error {
		p := ann
		p.Version--
		return b.UpdatePrincipal(ctx, p, event(mfa.EventUserChanged))
	})

	asked := ann
	asked.PasswordUsedAt, asked.MFADeadline, asked.CreatedAt = day, day, at(9)
	b.must(b.UpdatePrincipal(ctx, asked, event(mfa.EventUserChanged)))
	ann.Version++
	b.same("what never changes here", found[mfa.Principal](b)(b.Principal(ctx, ann.ID)), ann)

	root := NewRoot()
	root.PasswordAt = at(3)
	b.must(b.UpdatePrincipal(ctx, root, event(mfa.EventPasswordChanged)))
	root.Version = 2
	b.same("root", found[mfa.Principal](b)(b.Principal(ctx, "ROOT")), root)
	again := NewUser("ANN") // the name is free again
	again.ID, again.UserHandle = "USER-second", []byte("second")
	b.must(b.AddPrincipal(ctx, again, event(mfa.EventUserCreated)))
}

func testBatch(t *testing.T, b *bench) {
	ctx := t.Context()
	users := func(names ...string) (ps []mfa.Principal, es []mfa.Event) {
		for _, name := range names {
			ps, es = append(ps, NewUser(name)), append(es, mfa.Event{At: day, Kind: mfa.EventUserCreated, PrincipalID: "USER-" + name})
		}
		return ps, es
	}
	add := func(names ...string) error { ps, es := users(names...); return b.AddPrincipals(ctx, ps, nil, es) }
	b.refuses(mfa.CodeNoAccount, func() error { return add("early") })
	b.start()
	b.must(add("ann", "bob", "cid"))
	trail := b.trail()
	b.same("events", len(trail), 4)
	for i, name := range []string{"ann", "bob", "cid"} {
		b.same("event of "+name, trail[i+1].PrincipalID, "USER-"+name)
		b.same(name, found[mfa.Principal](b)(b.Principal(ctx, "USER-"+name)), NewUser(name))
	}
	b.refuses(mfa.CodeNameTaken, func() error { return add("dan", "eve", "BOB", "fay") })
	b.refuses(mfa.CodeNameTaken, func() error { return add("dan", "eve", "Dan") }) // within the batch
	b.refuses(mfa.CodeInvalidInput, func() error {
		ps, es := users("dan", "eve")
		ps[1].Kind = mfa.Root
		return b.AddPrincipals(ctx, ps, nil, es)
	})
	b.refuses(mfa.CodeInvalidInput, func() error {
		ps, es := users("dan", "eve")
		return b.AddPrincipals(ctx, ps, nil, es[:1])
	})
	b.must(add())
	b.same("nobody, no event", len(b.trail()), 4)

	attach := func(ids ...string) error {
		ps, es := users("dan", "eve")
		var attached []mfa.Attachment
		for _, id := range ids {
			attached = append(attached, mfa.Attachment{Policy: mfa.AdministratorAccess, PrincipalID: id})
		}
		return b.AddPrincipals(ctx, ps, attached, append(es, event(mfa.EventPolicyAttached)))
	}
	b.refuses(mfa.CodeNotFound, func() error { return attach("USER-eve", "NOBODY") })
	b.refuses(mfa.CodeNotFound, func() error {
		ps, es := users("dan")
		return b.AddPrincipals(ctx, ps, []mfa.Attachment{{Policy: "Unheard", PrincipalID: "USER-dan"}}, es)
	})
	b.must(attach("USER-eve"))
	b.logged(mfa.EventPolicyAttached)
	b.same("events with the attachment", len(b.trail()), 7)
	b.same("attached", found[[]string](b)(b.PoliciesOf(ctx, "USER-eve")), []string{mfa.AdministratorAccess})
	b.same("not attached", len(found[[]string](b)(b.PoliciesOf(ctx, "USER-dan"))), 0)
}

func testPasswordAccepted(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	accept := func(minutes int, deadline time.Time) {
		t.Helper()
		e := event(mfa.EventSignInPassword)
		e.At = at(minutes)
		b.must(b.PasswordAccepted(ctx, guessKey(1), "ROOT", deadline, e))
		b.logged(mfa.EventSignInPassword)
	}
	want := NewRoot()
	has := func(what string) {
		t.Helper()
		b.same(what, found[mfa.Principal](b)(b.Principal(ctx, "ROOT")), want)
	}
	for _, key := range []int{1, 2} {
		b.must(b.RecordGuesses(ctx, guessKey(key), mfa.Guesses{Count: 4}, event(mfa.EventSignInRefused)))
	}
	accept(1, time.Time{})
	want.PasswordUsedAt = at(1)
	has("no deadline; the version stays")
	b.same("guesses of the key", found[mfa.Guesses](b)(b.Guesses(ctx, guessKey(1))), mfa.Guesses{})
	b.same("guesses of another key", found[mfa.Guesses](b)(b.Guesses(ctx, guessKey(2))), mfa.Guesses{Count: 4})
	accept(2, at(1000))
	want.PasswordUsedAt, want.MFADeadline = at(2), at(1000)
	has("set once")
	for i, later := range []time.Time{at(2000), at(500), {}} {
		accept(3+i, later)
		want.PasswordUsedAt = at(3 + i)
		has("never moved")
	}
	b.must(b.UpdatePrincipal(ctx, NewRoot(), event(mfa.EventPasswordChanged)))
	b.add(NewPasskey("ROOT", "key"))
	b.must(b.RemoveDevice(ctx, "DEVICE-key", 1, event(mfa.EventDeviceRemoved)))
	want.Version = 2
	has("not by a new password or a device either")
	b.refuses(mfa.CodeNotFound, func() error {
		return b.PasswordAccepted(ctx, guessKey(2), "NOBODY", at(1), event(mfa.EventSignInPassword))
	})
	b.same("guesses after a refusal", found[mfa.Guesses](b)(b.Guesses(ctx, guessKey(2))), mfa.Guesses{Count: 4})
}
