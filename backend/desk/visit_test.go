package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

func (b *bench) addUser(t *testing.T, n account.NewUser) mfa.Overview {
	t.Helper()
	h, who := b.seat(t)
	if n.Password == nil {
		n.Password = password()
	}
	o, err := h.Accounts.AddUser(t.Context(), who, n)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// After the grace period the password leads to device set-up and nothing else; the
// device that is added ends the limit.
func TestLimitedSession(t *testing.T) {
	b := newBench(t)
	b.create(t)
	if v := b.State().Person.Verdict; v.State != "grace" || v.Deadline.IsZero() {
		t.Errorf("at first the verdict is %+v", v)
	}
	b.hall.time.pass(36 * 24 * time.Hour)
	in, err := b.SignIn(t.Context(), rootIdentity, password())
	if err != nil || !in.Complete || in.State.Person.Session.Limit != mfa.LimitSetUpDevice || in.State.Person.Verdict.State != "set-up" {
		t.Fatalf("%+v, %v", in.State.Person, err)
	}
	h, who := b.seat(t)
	_, err = h.Accounts.Users(t.Context(), who)
	wants(t, err, mfa.CodeSetUpNeeded)
	_, err = b.SetPassphrase(t.Context(), mfa.NewSecret([]byte("a long passphrase")))
	wants(t, err, mfa.CodeSetUpNeeded)
	b.addApp(t, "my-app")
	if err := b.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := b.State().Person; p.Session.Limit != mfa.LimitNone || p.Verdict.State != "free" {
		t.Errorf("with a device: %+v", p)
	}
	h, who = b.seat(t)
	if _, err := h.Accounts.Users(t.Context(), who); err != nil {
		t.Error(err)
	}
}

func TestInitialPassword(t *testing.T) {
	b := newBench(t)
	b.create(t)
	b.addUser(t, account.NewUser{Name: "ann", MustChange: true})
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	in, err := b.SignIn(t.Context(), mfa.Identity{Kind: mfa.User, Name: "ANN"}, password())
	if err != nil || in.State.Person.Session.Limit != mfa.LimitNewPassword {
		t.Fatalf("%+v, %v", in.State.Person, err)
	}
	h, who := b.seat(t)
	if err := h.Accounts.ChangePassword(t.Context(), who, password(), mfa.NewSecret([]byte("battery staple"))); err != nil {
		t.Fatal(err)
	}
	b.told()
	if err := b.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := b.told(); s == nil || s.Person.Session.Limit != mfa.LimitNone {
		t.Errorf("told %+v", s)
	}
	if b.Refresh(t.Context()); b.told() != nil {
		t.Error("told again though nothing is new")
	}
}

func TestRemovedPrincipalIsSignedOut(t *testing.T) {
	for name, notice := range map[string]func(*bench, mfa.Session){
		"a use case says so": func(b *bench, who mfa.Session) { b.Removed(who) },
		"a change":           func(b *bench, _ mfa.Session) { _ = b.Refresh(b.hall.t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.create(t)
			ann := b.addUser(t, account.NewUser{Name: "ann"})
			if _, err := b.SignOut(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := b.SignIn(t.Context(), mfa.Identity{Kind: mfa.User, Name: "ann"}, password()); err != nil {
				t.Fatal(err)
			}
			h, who := b.seat(t)
			if err := b.hall.stores[false].RemovePrincipal(t.Context(), ann.ID, ann.Version, true, mfa.Event{Kind: mfa.EventUserRemoved}); err != nil {
				t.Fatal(err)
			}
			_, err := h.Accounts.CheckNewName(t.Context(), who, "", "x")
			wants(t, err, mfa.CodeNotSignedIn)
			b.told()
			notice(b, who)
			if s := b.told(); s == nil || s.Phase != PhaseSignIn || s.Ended != EndedRemoved {
				t.Errorf("told %+v", s)
			}
			b.Removed(who) // somebody else may sit here by now
			if _, err := b.SignIn(t.Context(), rootIdentity, password()); err != nil {
				t.Fatal(err)
			}
			b.Removed(who)
			if b.State().Phase != PhaseHome {
				t.Error("another person's session was ended")
			}
		})
	}
}

func TestPasswordless(t *testing.T) {
	b := newBench(t)
	b.create(t)
	b.enrol(t, "my-phone")
	h, who := b.seat(t)
	a, err := h.Accounts.Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = b.BeginPasskeySignIn(t.Context(), mfa.RoadPhone)
	wants(t, err, mfa.CodePasswordlessOff)
	a.Settings.Passwordless = true
	if _, err := h.Accounts.SaveSettings(t.Context(), who, a.Version, a.Settings); err != nil {
		t.Fatal(err)
	}
	if _, err := b.BeginPasskeySignIn(t.Context(), mfa.RoadPhone); err != nil {
		t.Fatal(err)
	}
	b.hall.scan <- struct{}{}
	end := b.until(t, mfa.StageDone)
	if p := end.State.Person; p == nil || !p.Session.MFAPresent() || p.Device != "my-phone" || !strings.EqualFold(p.Principal.Label(), rootIdentity.Name) {
		t.Errorf("signed in as %+v", p)
	}
}

func TestRecoveryCode(t *testing.T) {
	b := newBench(t)
	b.create(t)
	h, who := b.seat(t)
	codes, err := h.Recovery.Make(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	b.enrol(t, "my-phone")
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	in, err := b.SignIn(t.Context(), rootIdentity, password())
	if err != nil || in.RecoveryLeft != len(codes) {
		t.Fatalf("%+v, %v", in, err)
	}
	_, err = b.SignInWithRecovery(t.Context(), mfa.NewSecret([]byte("0000-0000-0000-0000")))
	wants(t, err, mfa.CodeRecoveryCodeWrong)
	in, err = b.SignInWithRecovery(t.Context(), codes[3])
	if err != nil || !in.Complete || in.State.Person.Session.RecoveredAt.IsZero() || in.State.Person.Session.MFAPresent() {
		t.Fatalf("%+v, %v", in, err)
	}
}

func TestCheckpointsAreKept(t *testing.T) {
	b := newBench(t)
	b.create(t)
	h, _ := b.seat(t)
	mark := func() int64 {
		t.Helper()
		m, _, err := h.Activity.LastMark()
		if err != nil {
			t.Fatal(err)
		}
		return m.Seq
	}
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := mark()
	if after == 0 {
		t.Fatal("no checkpoint at the sign-out")
	}
	if _, err := b.SignIn(t.Context(), rootIdentity, password()); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if now := mark(); now <= after {
		t.Errorf("the checkpoint at the end is %d, as at the sign-out %d", now, after)
	}
}
