package assembly

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/qrpicture"
	"github.com/keyferry/keyferry/backend/vault"
	"github.com/keyferry/keyferry/backend/vault/keyring"
)

// visit is a desk over a real data folder, with everything real below it: SQLite,
// hybrid, relay, radio, simulated phone.
type visit struct {
	*Desk
	events chan desk.Event
}

func visitSandbox(t *testing.T, dir string) *visit {
	t.Helper()
	v := visitDesk(t, Config{Home: dir, Secrets: nobody(dir), Cheap: true})
	if s := v.OpenSandbox(t.Context()); s.Failure != nil {
		t.Fatalf("%v (%s)", s.Failure, s.Failure.Explain())
	}
	return v
}

// visitDesk sits down where the app would, until the test ends.
func visitDesk(t *testing.T, c Config) *visit {
	t.Helper()
	d, err := OpenDesk(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	v := &visit{Desk: d, events: make(chan desk.Event, 256)}
	d.Subscribe(func(e desk.Event) { v.events <- e })
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

func password() *mfa.Secret { return mfa.NewSecret([]byte("correct horse")) }

var root = mfa.Identity{Kind: mfa.Root, Name: "root@sandbox.keyferry.internal"}

func (v *visit) create(t *testing.T) {
	t.Helper()
	if _, err := v.CreateAccount(t.Context(), account.NewAccount{Alias: "try-it", Email: root.Name, Password: password()}); err != nil {
		t.Fatal(err)
	}
}

// answerAll lets the simulated phone look at each code that is shown, confirms
// each device, and returns the ceremony's end.
func (v *visit) answerAll(t *testing.T) desk.Ceremony {
	t.Helper()
	for {
		select {
		case e := <-v.events:
			switch c := e.Ceremony; {
			case c == nil:
			case c.Stage == mfa.StageShowQR:
				v.show(t, c.QR)
			case c.Stage == mfa.StageNameDevice:
				if err := v.ConfirmDevice(true); err != nil {
					t.Error(err)
				}
			case c.Stage == mfa.StageDone || c.Stage == mfa.StageFailed:
				return *c
			}
		case <-t.Context().Done():
			t.Fatal("the ceremony does not end")
		}
	}
}

// show hands the code to the phone as pixels, as the window does.
func (v *visit) show(t *testing.T, text string) {
	t.Helper()
	code, err := qrpicture.Draw(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.ScanWithSimulatedPhone(t.Context(), code.PNG(5, 4)); err != nil {
		t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
	}
}

func (v *visit) owned(t *testing.T) ([]mfa.Device, error) {
	t.Helper()
	h, who, err := v.Seat()
	if err != nil {
		t.Fatal(err)
	}
	return h.Devices.List(t.Context(), who, "")
}

func (v *visit) links(t *testing.T) ([]mfa.LinkedPhone, error) {
	t.Helper()
	h, who, err := v.Seat()
	if err != nil {
		t.Fatal(err)
	}
	return h.Devices.Links(t.Context(), who)
}

// nobody stands in for the secret store of the person who runs the tests.
func nobody(dir string) vault.System { return keyring.File(filepath.Join(dir, "secret-store")) }

func (v *visit) behave(t *testing.T, b phonesim.Behaviour, m phonesim.Model) {
	t.Helper()
	if _, err := v.SetSimulatedPhone(b, m); err != nil {
		t.Fatal(err)
	}
}

func (v *visit) enrol(t *testing.T, name string) {
	t.Helper()
	if _, err := v.BeginEnrolment(t.Context(), "", name, mfa.RoadPhone); err != nil {
		t.Fatal(err)
	}
	if c := v.answerAll(t); c.Failure != nil {
		t.Fatalf("enrolment: %v (%s)", c.Failure, c.Failure.Explain())
	}
}

func (v *visit) signIn(t *testing.T, link string) desk.Ceremony {
	t.Helper()
	if in, err := v.SignIn(t.Context(), root, password()); err != nil || in.Complete {
		t.Fatalf("%+v, %v", in, err)
	}
	if _, err := v.BeginSecondFactor(mfa.RoadPhone, link); err != nil {
		t.Fatal(err)
	}
	return v.answerAll(t)
}

func TestSandboxFromPixelsToDatabase(t *testing.T) {
	for _, model := range phonesim.Models() {
		t.Run(string(model), func(t *testing.T) {
			dir := t.TempDir()
			v := visitSandbox(t, dir)
			v.create(t)
			v.behave(t, phonesim.Approve, model)
			v.enrol(t, "sim-phone")
			if _, err := v.SignOut(t.Context()); err != nil {
				t.Fatal(err)
			}
			c := v.signIn(t, "")
			if c.Failure != nil {
				t.Fatalf("sign-in: %v (%s)", c.Failure, c.Failure.Explain())
			}
			if !c.State.Person.Session.MFAPresent() || c.State.Person.Device != "sim-phone" {
				t.Errorf("signed in as %+v", c.State)
			}
			devices, err := v.owned(t)
			if err != nil || len(devices) != 1 || !devices[0].Passkey.OnPhone() {
				t.Errorf("devices %+v, %v", devices, err)
			}
		})
	}
}

// Everything survives a restart: account, device, and the phone's own memory.
func TestSandboxAfterARestart(t *testing.T) {
	dir := t.TempDir()
	t.Run("before", func(t *testing.T) {
		v := visitSandbox(t, dir)
		v.create(t)
		v.behave(t, phonesim.Approve, phonesim.Android)
		v.enrol(t, "sim-phone")
	})
	v := visitSandbox(t, dir)
	v.behave(t, phonesim.Approve, phonesim.Android)
	if c := v.signIn(t, ""); c.Failure != nil {
		t.Fatalf("sign-in: %v (%s)", c.Failure, c.Failure.Explain())
	}
}

// The Android-like phone gives a link; the next sign-in rings it without a code.
func TestSandboxLinkedPhone(t *testing.T) {
	v := visitSandbox(t, t.TempDir())
	v.create(t)
	v.behave(t, phonesim.Approve, phonesim.Android)
	v.enrol(t, "sim-phone")
	links, err := v.links(t)
	for err == nil && len(links) == 0 && t.Context().Err() == nil { // stored in the background
		links, err = v.links(t)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := v.signIn(t, links[0].ID); c.Failure != nil {
		t.Fatalf("ringing the phone: %v (%s)", c.Failure, c.Failure.Explain())
	} else if len(c.Reached) == 0 || c.QR != "" {
		t.Errorf("a code was shown: %+v", c)
	}
}

func TestSandboxFailures(t *testing.T) {
	v := visitSandbox(t, t.TempDir())
	v.create(t)
	for behaviour, code := range map[phonesim.Behaviour]mfa.Code{
		phonesim.Decline:            mfa.CodeDeclined,
		phonesim.NoUV:               mfa.CodeUserVerifyMissing,
		phonesim.DropAfterRequest:   mfa.CodePhoneHungUp,
		phonesim.DropAfterHandshake: mfa.CodeTunnelLost,
	} {
		v.behave(t, behaviour, phonesim.Android)
		if _, err := v.BeginEnrolment(t.Context(), "", "sim-phone", mfa.RoadPhone); err != nil {
			t.Fatal(err)
		}
		c := v.answerAll(t)
		if c.Failure == nil || c.Failure.Code != code {
			t.Errorf("%s: %v, want %s", behaviour, c.Failure, code)
		}
		if d, err := v.owned(t); err != nil || len(d) != 0 {
			t.Errorf("%s: %d devices, %v", behaviour, len(d), err)
		}
	}
}

func TestSandboxRefusesAPictureWithoutACode(t *testing.T) {
	v := visitSandbox(t, t.TempDir())
	v.create(t)
	blank, err := qrpicture.Draw("otpauth://totp/x?secret=JBSWY3DP")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.ScanWithSimulatedPhone(t.Context(), blank.PNG(5, 4)); !mfa.IsCode(err, mfa.CodeNotPhoneCode) {
		t.Errorf("another protocol's code: %v", err)
	}
	if _, err := v.ScanWithSimulatedPhone(t.Context(), bytes.Repeat([]byte{1}, 100)); !mfa.IsCode(err, mfa.CodePictureUnreadable) {
		t.Errorf("no picture: %v", err)
	}
}

func TestSecondInstance(t *testing.T) {
	dir := t.TempDir()
	visitSandbox(t, dir)
	if _, err := OpenDesk(t.Context(), Config{Home: dir, Secrets: nobody(dir), Cheap: true}); !mfa.IsCode(err, mfa.CodeAlreadyRunning) {
		t.Errorf("a second desk over the same folder: %v", err)
	}
}

func TestSimulationNeverEntersARealAccount(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []Config{{Home: dir, Radio: "127.0.0.1:1"}, {Home: dir, Tunnel: "ws://127.0.0.1:1"}} {
		if _, err := Open(t.Context(), c); !mfa.IsCode(err, mfa.CodeAccessDenied) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	h, err := Open(t.Context(), Config{Home: dir, Secrets: nobody(dir), Cheap: true})
	if err != nil {
		t.Fatal(err)
	}
	if h.Phone != nil {
		t.Error("a real account has a simulated phone")
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	h, err = Open(t.Context(), Config{Home: dir, Sandbox: true, Cheap: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Accounts.Create(t.Context(), account.NewAccount{Alias: "try-it", Email: root.Name, Sandbox: true, Password: password()}); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}
