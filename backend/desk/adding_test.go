package desk

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// authApp is an authenticator app on somebody's phone.
type authApp struct{ seed *mfa.Secret }

func (b *bench) newApp(t *testing.T, name string) (ceremony.NewApp, authApp) {
	t.Helper()
	app, err := b.CreateApp(t.Context(), "", name)
	if err != nil {
		t.Fatal(err)
	}
	if app.Key != nil || app.URI != nil {
		t.Error("secrets leave the desk though nobody asked")
	}
	var phone authApp
	err = b.ShowApp(func(uri, key *mfa.Secret) error {
		k, err := totp.ParseURI(uri.Bytes())
		if err != nil {
			return err
		}
		phone.seed, err = totp.ParseBase32(key.Bytes())
		if !phone.seed.Equal(k.Seed) {
			t.Error("the code and the key are not of one seed")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return app, phone
}

func (a authApp) code(t *testing.T, at time.Time) string {
	t.Helper()
	c, err := totp.Code(a.seed, totp.Default, at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (b *bench) addApp(t *testing.T, name string) authApp {
	t.Helper()
	app, phone := b.newApp(t, name)
	now := b.Now()
	if _, err := b.EnableApp(t.Context(), app.Device.ID, phone.code(t, now.Add(-30*time.Second)), phone.code(t, now)); err != nil {
		t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
	}
	return phone
}

func TestSignInWithACode(t *testing.T) {
	b := newBench(t)
	b.create(t)
	phone := b.addApp(t, "my-app")
	if err := b.ShowApp(func(_, _ *mfa.Secret) error { return nil }); !mfa.IsCode(err, mfa.CodeNotFound) {
		t.Errorf("the secrets of an enabled app: %v", err)
	}
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := b.SignInWithCode(t.Context(), "123456")
	wants(t, err, mfa.CodeNotSignedIn)
	in, err := b.SignIn(t.Context(), rootIdentity, password())
	if err != nil || in.Complete || len(in.Devices) != 1 {
		t.Fatalf("%+v, %v", in, err)
	}
	used := phone.code(t, b.Now())
	_, err = b.SignInWithCode(t.Context(), used)
	wants(t, err, mfa.CodeCodeUsed)
	b.hall.time.pass(30 * time.Second)
	in, err = b.SignInWithCode(t.Context(), phone.code(t, b.Now()))
	if err != nil || !in.Complete {
		t.Fatalf("%+v, %v", in, err)
	}
	if p := in.State.Person; !p.Session.MFAPresent() || p.Device != "my-app" || !p.Administrator || p.Verdict.State != "free" || p.Principal.HasPassword() {
		t.Errorf("signed in as %+v", p)
	}
}

func TestResyncBeforeTheSignInIsComplete(t *testing.T) {
	b := newBench(t)
	b.create(t)
	phone := b.addApp(t, "my-app")
	id := b.owned(t)[0].ID
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SignIn(t.Context(), rootIdentity, password()); err != nil {
		t.Fatal(err)
	}
	b.hall.time.pass(time.Minute)
	ahead := b.Now().Add(4 * time.Minute)
	_, err := b.SignInWithCode(t.Context(), phone.code(t, ahead))
	if !mfa.IsCode(err, mfa.CodeCodeWrong) && !mfa.IsCode(err, mfa.CodeCodeClock) {
		t.Fatalf("a code of four minutes ahead: %v", err)
	}
	if err := b.ResyncAtSignIn(t.Context(), id, phone.code(t, ahead), phone.code(t, ahead.Add(30*time.Second))); err != nil {
		t.Fatal(err)
	}
	in, err := b.SignInWithCode(t.Context(), phone.code(t, ahead.Add(time.Minute)))
	if err != nil || !in.Complete {
		t.Fatalf("%+v, %v", in, err)
	}
}

func TestWhatIsSecretOfAnAppIsWiped(t *testing.T) {
	for name, end := range map[string]func(*bench) error{
		"cancel":   func(b *bench) error { return b.CancelApp(b.hall.t.Context()) },
		"another":  func(b *bench) error { _, err := b.CreateApp(b.hall.t.Context(), "", "other"); return err },
		"sign out": func(b *bench) error { _, err := b.SignOut(b.hall.t.Context()); return err },
		"idle":     func(b *bench) error { b.hall.time.pass(time.Hour); return nil },
		"sandbox":  func(b *bench) error { b.OpenSandbox(b.hall.t.Context()); return nil },
		"close":    func(b *bench) error { return b.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.create(t)
			b.newApp(t, "my-app")
			var uri, key *mfa.Secret
			if err := b.ShowApp(func(u, k *mfa.Secret) error { uri, key = u, k; return nil }); err != nil {
				t.Fatal(err)
			}
			if err := end(b); err != nil {
				t.Fatal(err)
			}
			if uri.Len() != 0 || key.Len() != 0 {
				t.Error("the secrets are still there")
			}
		})
	}
}

func TestCancelledAppIsGone(t *testing.T) {
	b := newBench(t)
	b.create(t)
	app, phone := b.newApp(t, "my-app")
	if err := b.CancelApp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.CancelApp(t.Context()); err != nil {
		t.Errorf("a second time: %v", err)
	}
	h, who := b.seat(t)
	if free, err := h.Devices.Unassigned(t.Context(), who); err != nil || len(free) != 0 {
		t.Errorf("%d unassigned apps, %v", len(free), err)
	}
	_, err := b.EnableApp(t.Context(), app.Device.ID, phone.code(t, b.Now()), phone.code(t, b.Now().Add(30*time.Second)))
	wants(t, err, mfa.CodeNotFound)
}

// Only the app that is being added can be enabled here: another ID is somebody's
// mistake, or worse.
func TestEnableAnotherApp(t *testing.T) {
	b := newBench(t)
	b.create(t)
	_, phone := b.newApp(t, "my-app")
	_, err := b.EnableApp(t.Context(), "OTHER", phone.code(t, b.Now().Add(-30*time.Second)), phone.code(t, b.Now()))
	wants(t, err, mfa.CodeNotFound)
}

// An administrator enrols for somebody else, who signs in with it.
func TestAppForSomebodyElse(t *testing.T) {
	b := newBench(t)
	b.create(t)
	h, who := b.seat(t)
	ann, err := h.Accounts.AddUser(t.Context(), who, account.NewUser{Name: "ann", Password: password()})
	if err != nil {
		t.Fatal(err)
	}
	app, err := b.CreateApp(t.Context(), ann.ID, "anns-app")
	if err != nil {
		t.Fatal(err)
	}
	var phone authApp
	if err := b.ShowApp(func(_, key *mfa.Secret) error { phone.seed, err = totp.ParseBase32(key.Bytes()); return err }); err != nil {
		t.Fatal(err)
	}
	d, err := b.EnableApp(t.Context(), app.Device.ID, phone.code(t, b.Now().Add(-30*time.Second)), phone.code(t, b.Now()))
	if err != nil || d.PrincipalID != ann.ID {
		t.Fatalf("%+v, %v", d, err)
	}
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	in, err := b.SignIn(t.Context(), mfa.Identity{Kind: mfa.User, Name: "ann"}, password())
	if err != nil || len(in.Devices) != 1 {
		t.Fatalf("%+v, %v", in, err)
	}
	b.hall.time.pass(30 * time.Second)
	if in, err = b.SignInWithCode(t.Context(), phone.code(t, b.Now())); err != nil || in.State.Person.Administrator {
		t.Errorf("%+v, %v", in, err)
	}
}

// Of devices that never sign in again the page is not told.
func TestSuspectDevicesAreNoWay(t *testing.T) {
	b := newBench(t)
	b.create(t)
	b.enrol(t, "my-phone")
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SignIn(t.Context(), rootIdentity, password()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.BeginSecondFactor(mfa.RoadPhone, ""); err != nil {
		t.Fatal(err)
	}
	b.hall.scan <- struct{}{}
	b.until(t, mfa.StageDone)
	b.addApp(t, "my-app")
	for _, d := range b.owned(t) {
		if d.Kind == mfa.KindPasskey {
			d.SuspectAt = b.Now()
			if err := b.hall.stores[false].UpdateDevice(t.Context(), d, mfa.Event{Kind: mfa.EventDeviceSuspect}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	in, err := b.SignIn(t.Context(), rootIdentity, password())
	if err != nil || len(in.Devices) != 1 || in.Devices[0].Kind != mfa.KindApp {
		t.Fatalf("%+v, %v", in.Devices, err)
	}
}

// Whoever may make an app and not enable it is told before the phone scans anything.
func TestAppThatCouldNotBeEnabled(t *testing.T) {
	b := newBench(t)
	b.create(t)
	h, who := b.seat(t)
	ann, err := h.Accounts.AddUser(t.Context(), who, account.NewUser{Name: "ann", Password: password()})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Store.SetAttached(t.Context(), mfa.Attachment{Policy: mfa.EnableAnyDevice, PrincipalID: ann.ID}, false, mfa.Event{}); err != nil {
		t.Fatal(err)
	}
	if err := h.Store.PutInline(t.Context(), mfa.InlinePolicy{PrincipalID: ann.ID, Name: "create",
		Document: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:CreateVirtualMFADevice","Resource":"*"}}`}, mfa.Event{}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SignIn(t.Context(), mfa.Identity{Kind: mfa.User, Name: "ann"}, password()); err != nil {
		t.Fatal(err)
	}
	_, err = b.CreateApp(t.Context(), "", "anns-app")
	wants(t, err, mfa.CodeAccessDenied)
	if left, err := h.Store.Unassigned(t.Context(), mfa.KindApp); err != nil || len(left) != 0 {
		t.Errorf("%d apps were made all the same, %v", len(left), err)
	}
}
