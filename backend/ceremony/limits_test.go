package ceremony

import (
	"context"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

func newUser(name string, password *mfa.Secret) account.NewUser {
	return account.NewUser{Name: name, Path: "/", Password: password}
}

func (b *bench) settings(t testing.TB, change func(*mfa.Settings)) {
	t.Helper()
	a, err := b.Store.Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	change(&a.Settings)
	who := b.who
	who.MFAAt, who.Limit = b.clock.read(), mfa.LimitNone
	if _, err := b.Accounts.SaveSettings(t.Context(), who, a.Version, a.Settings); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) enter(t testing.TB, who mfa.Identity, password string) mfa.Session {
	t.Helper()
	p, err := b.Password(t.Context(), who, mfa.NewSecret([]byte(password)))
	if err != nil || p.Session == nil {
		t.Fatalf("%+v, %v", p, err)
	}
	return *p.Session
}

func TestGraceIsOverAndThenItIsNot(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	if s := b.enter(t, b.root, "correct horse"); s.Limit != mfa.LimitNone {
		t.Fatalf("within the grace period: %+v", s)
	}
	b.clock.add(35 * 24 * time.Hour)
	who := b.enter(t, b.root, "correct horse")
	if who.Limit != mfa.LimitSetUpDevice || who.MFAPresent() {
		t.Fatalf("after it: %+v", who)
	}
	_, err := b.Accounts.Users(t.Context(), who)
	wants(t, err, mfa.CodeSetUpNeeded)
	same, err := b.Refreshed(t.Context(), who)
	if err != nil || same.Limit != mfa.LimitSetUpDevice {
		t.Fatalf("nothing was added: %+v, %v", same, err)
	}
	g := b.app(t, who, "", "my-app")
	free, err := b.Refreshed(t.Context(), who)
	if err != nil || free.Limit != mfa.LimitNone || free.MFAPresent() || free.ID != who.ID {
		t.Fatalf("with a device: %+v, %v", free, err)
	}
	if _, err := b.Accounts.Users(t.Context(), free); err != nil {
		t.Error(err)
	}
	if s := b.signIn(t, g); s.Limit != mfa.LimitNone {
		t.Errorf("signed in with it: %+v", s)
	}
}

func TestInitialPasswordHoldsAfterMFAToo(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.settings(t, func(s *mfa.Settings) { s.RequireForUser, s.UserGraceDays = true, 0 })
	n := newUser("ann", b.pass())
	n.MustChange = true
	o, err := b.Accounts.AddUser(t.Context(), b.who, n)
	if err != nil {
		t.Fatal(err)
	}
	ann := mfa.Identity{Kind: mfa.User, Name: "ann"}
	who := b.enter(t, ann, "correct horse")
	if who.Limit != mfa.LimitNewPassword {
		t.Fatalf("%+v", who)
	}
	_, err = b.CreateApp(t.Context(), who, "", "ann-app")
	wants(t, err, mfa.CodeChangeNeeded)
	if err := b.Accounts.ChangePassword(t.Context(), who, b.pass(), mfa.NewSecret([]byte("battery staple"))); err != nil {
		t.Fatal(err)
	}
	if who, err = b.Refreshed(t.Context(), who); err != nil || who.Limit != mfa.LimitSetUpDevice {
		t.Fatalf("one thing after the other: %+v, %v", who, err)
	}
	g := b.app(t, who, "", "ann-app")
	if who, err = b.Refreshed(t.Context(), who); err != nil || who.Limit != mfa.LimitNone {
		t.Fatalf("%+v, %v", who, err)
	}
	if o, err = b.Accounts.Me(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Accounts.SetPassword(t.Context(), b.who, o.ID, o.Version, b.pass(), true); err != nil {
		t.Fatal(err)
	}
	b.clock.add(step)
	pending, err := b.Password(t.Context(), ann, b.pass())
	if err != nil {
		t.Fatal(err)
	}
	who, err = b.SignInWithCode(t.Context(), pending, b.code(t, g, 0))
	if err != nil || !who.MFAPresent() || who.Limit != mfa.LimitNewPassword {
		t.Fatalf("with MFA: %+v, %v", who, err)
	}
	_, err = b.Refreshed(t.Context(), mfa.Session{PrincipalID: "gone", Limit: mfa.LimitNewPassword})
	wants(t, err, mfa.CodeNotSignedIn)
}

// Whoever was let in is not locked out half way, however long the session lasts.
func TestSessionOutlivesTheGrace(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.clock.add(40 * 24 * time.Hour)
	if s := b.enter(t, b.root, "correct horse"); s.Limit != mfa.LimitSetUpDevice {
		t.Fatalf("%+v", s)
	}
	if s, err := b.Refreshed(t.Context(), b.who); err != nil || s != b.who {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestAccountIsFullOfApps(t *testing.T) {
	b := newBenchOver(t, virtualauth.Android(), storetest.NewSmall(1))
	b.app(t, b.who, b.user(t, "ann").ID, "the-only-one")
	_, err := b.CreateApp(t.Context(), b.who, "", "one-too-many")
	wants(t, err, mfa.CodeDeviceLimit)
	if got := mfa.AsFailure(err).Params["max"]; got != "1" {
		t.Errorf("max %s", got)
	}
}

type inSandbox struct{ mfa.Store }

func (s inSandbox) Account(ctx context.Context) (mfa.Account, error) {
	a, err := s.Store.Account(ctx)
	a.Sandbox = true
	return a, err
}

// What was tried in the sandbox is not taken for the real account on a phone.
func TestAppOfTheSandbox(t *testing.T) {
	b := newBenchOver(t, virtualauth.Android(), inSandbox{storetest.NewMemory()})
	made, err := b.CreateApp(t.Context(), b.who, "", "my-app")
	if err != nil || made.Issuer != SandboxIssuer {
		t.Errorf("issuer %q, %v", made.Issuer, err)
	}
	made.Wipe()
}

type sweeper struct{ who []string }

func (s *sweeper) Sweep(_ context.Context, principalID string) error {
	s.who = append(s.who, principalID)
	return mfa.Fail(mfa.CodeDiskFull)
}

// Sweeping is asked for at sign-in, and keeps nobody from it.
func TestSweepAtSignIn(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	s := &sweeper{}
	b.Devices = s
	b.enter(t, b.root, "correct horse")
	if len(s.who) != 1 || s.who[0] != b.who.PrincipalID {
		t.Errorf("swept for %v", s.who)
	}
}

// An administrator adds a device for somebody else without proving that one's, or an own.
func TestForSomebodyElse(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	ann := b.user(t, "ann")
	d, err := b.Enrol(t.Context(), b.who, ann.ID, "ann-phone", mfa.RoadPhone, Person{Confirm: yes})
	if err != nil || d.PrincipalID != ann.ID {
		t.Fatalf("%+v, %v", d, err)
	}
	g := b.app(t, b.who, ann.ID, "ann-app")
	if g.PrincipalID != ann.ID {
		t.Errorf("the app went to %s", g.PrincipalID)
	}
	events, err := b.Store.Events(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if e := events[len(events)-1]; e.PrincipalID != b.who.PrincipalID || e.Detail["user"] != "ann" || e.Detail["user_id"] != ann.ID || e.DeviceID != g.ID {
		t.Errorf("event %+v", e)
	}
	bob := mfa.Session{PrincipalID: b.user(t, "bob").ID, MFAAt: b.clock.read()}
	_, err = b.CreateApp(t.Context(), bob, ann.ID, "evil")
	wants(t, err, mfa.CodeAccessDenied)
	_, err = b.Enrol(t.Context(), bob, ann.ID, "evil", mfa.RoadPhone, Person{Confirm: yes})
	wants(t, err, mfa.CodeAccessDenied)
	_, err = b.EnableApp(t.Context(), bob, ann.ID, g.ID, "123456", "654321")
	wants(t, err, mfa.CodeAccessDenied)
	_, err = b.AssignToken(t.Context(), bob, ann.ID, "GAHT12345678", "evil", "123456", "654321")
	wants(t, err, mfa.CodeAccessDenied)
	// Ann's own second device needs her first.
	_, err = b.CreateApp(t.Context(), mfa.Session{PrincipalID: ann.ID}, "", "second")
	wants(t, err, mfa.CodeMFANeeded)
}
