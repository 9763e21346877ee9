package desk

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/rules"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// hall is a Doors of two houses in memory. The phone waits until scan lets it
// through, so that tests see the code on the screen.
type hall struct {
	stores map[bool]mfa.Store
	device *virtualauth.Authenticator
	scan   chan struct{}
	fail   error
	shut   int
}

type open struct{ *virtualauth.Authenticator }

func (open) Close() error { return nil }

func (h *hall) Open(_ context.Context, sandbox bool, _ func(phonesim.State)) (*House, error) {
	if h.fail != nil {
		return nil, h.fail
	}
	store := h.stores[sandbox]
	accounts := account.New(account.Config{Store: store, Rules: rules.Builtin{Policies: store}, Clock: time.Now, Rand: rand.Reader,
		Cost: account.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	ceremonies := ceremony.New(ceremony.Config{Store: store, Accounts: accounts, Phones: way{h}, Clock: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	return &House{Sandbox: sandbox, Store: store, Accounts: accounts, Ceremonies: ceremonies, Shut: func() error { h.shut++; return nil }}, nil
}

func (h *hall) HasSandbox() bool      { return true }
func (h *hall) Backups(bool) []string { return []string{"keyferry.db.v1.bak"} }

type way struct{ *hall }

func (w way) Open(ctx context.Context, _ authenticator.Purpose, _ func(mfa.LinkedPhone), report mfa.Report) (authenticator.Authenticator, error) {
	report.To(mfa.Progress{Stage: mfa.StageShowQR, QR: "FIDO:/1", Until: time.Now().Add(time.Minute), Radio: "hci0"})
	select {
	case <-w.scan:
		report.To(mfa.Progress{Stage: mfa.StagePhoneSeen})
		return open{w.device}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w way) Ring(context.Context, mfa.LinkedPhone, authenticator.Purpose, mfa.Report) (authenticator.Authenticator, error) {
	return nil, mfa.Fail(mfa.CodePhoneNotNear)
}

type bench struct {
	*Desk
	hall   *hall
	events chan Event
}

func newBench(t *testing.T) *bench {
	t.Helper()
	h := &hall{stores: map[bool]mfa.Store{false: storetest.NewMemory(), true: storetest.NewMemory()},
		device: virtualauth.New(virtualauth.Android()), scan: make(chan struct{}, 4)}
	b := &bench{Desk: Open(t.Context(), h), hall: h, events: make(chan Event, 100)}
	b.Subscribe(func(e Event) { b.events <- e })
	t.Cleanup(func() { b.Desk.Close(); h.device.Close() })
	return b
}

func password() *mfa.Secret { return mfa.NewSecret([]byte("correct horse")) }

func (b *bench) create(t *testing.T) {
	t.Helper()
	s, err := b.CreateAccount(t.Context(), account.NewAccount{Alias: "acme-lab", Email: "root@example.org", Password: password()})
	if err != nil || s.Phase != PhaseHome {
		t.Fatalf("%+v, %v", s, err)
	}
}

// until reads events up to a stage of the ceremony and gives that one.
func (b *bench) until(t *testing.T, stage mfa.Stage) Ceremony {
	t.Helper()
	for {
		select {
		case e := <-b.events:
			if e.Ceremony == nil {
				continue
			}
			if e.Ceremony.Stage == stage {
				return *e.Ceremony
			}
			if e.Ceremony.Stage == mfa.StageFailed {
				t.Fatalf("failed with %v (%s), waited for %s", e.Ceremony.Failure, e.Ceremony.Failure.Explain(), stage)
			}
		case <-t.Context().Done():
			t.Fatalf("no stage %s", stage)
		}
	}
}

func (b *bench) enrol(t *testing.T, name string) Ceremony {
	t.Helper()
	if _, err := b.BeginEnrolment(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	b.hall.scan <- struct{}{}
	b.until(t, mfa.StageNameDevice)
	if err := b.ConfirmDevice(true); err != nil {
		t.Fatal(err)
	}
	return b.until(t, mfa.StageDone)
}

func wants(t *testing.T, err error, code mfa.Code) {
	t.Helper()
	if !mfa.IsCode(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func TestTheWholeVisit(t *testing.T) {
	b := newBench(t)
	if s := b.State(); s.Phase != PhaseWelcome {
		t.Fatalf("starts in %s", s.Phase)
	}
	b.create(t)
	done := b.enrol(t, "my-phone")
	if done.Device == nil || done.Device.Name != "my-phone" || done.State == nil || done.State.Account.FrozenAt.IsZero() {
		t.Errorf("done with %+v", done)
	}
	if want := []mfa.Stage{mfa.StageNeedsBluetooth, mfa.StageShowQR, mfa.StagePhoneSeen, mfa.StageConfirm, mfa.StageVerifying, mfa.StageNameDevice}; !slices.Equal(done.Reached, want) {
		t.Errorf("reached %v, want %v", done.Reached, want)
	}
	if s, err := b.SignOut(t.Context()); err != nil || s.Phase != PhaseSignIn {
		t.Fatalf("%+v, %v", s, err)
	}
	in, err := b.SignIn(t.Context(), mfa.Identity{Kind: mfa.Root, Name: "ROOT@example.org"}, password())
	if err != nil || in.Complete || len(in.Devices) != 1 {
		t.Fatalf("%+v, %v", in, err)
	}
	if s := b.State(); s.Phase != PhaseSignIn {
		t.Fatalf("the password alone leads to %s", s.Phase)
	}
	if _, err := b.BeginPhoneSignIn(""); err != nil {
		t.Fatal(err)
	}
	b.hall.scan <- struct{}{}
	end := b.until(t, mfa.StageDone)
	if s := end.State; s.Phase != PhaseHome || !s.Session.MFAPresent() || s.Device != "my-phone" || s.Principal.Password.Hash != nil {
		t.Errorf("signed in as %+v", s)
	}
}

func TestTheCodeLeavesWithItsStage(t *testing.T) {
	b := newBench(t)
	b.create(t)
	if _, err := b.BeginEnrolment(t.Context(), "my-phone"); err != nil {
		t.Fatal(err)
	}
	if c := b.until(t, mfa.StageShowQR); c.QR == "" || c.Radio != "hci0" || c.Until.IsZero() {
		t.Errorf("show-qr without a code: %+v", c)
	}
	b.hall.scan <- struct{}{}
	if c := b.until(t, mfa.StagePhoneSeen); c.QR != "" {
		t.Error("the code stays after the phone was heard")
	}
}

func TestCancelInEachStage(t *testing.T) {
	for _, stage := range []mfa.Stage{mfa.StageShowQR, mfa.StageNameDevice} {
		t.Run(string(stage), func(t *testing.T) {
			b := newBench(t)
			b.create(t)
			if _, err := b.BeginEnrolment(t.Context(), "my-phone"); err != nil {
				t.Fatal(err)
			}
			if stage == mfa.StageNameDevice {
				b.hall.scan <- struct{}{}
			}
			b.until(t, stage)
			b.CancelCeremony()
			c := b.Ceremony()
			if c.Stage != mfa.StageFailed || c.Failure.Code != mfa.CodeCancelled {
				t.Errorf("after cancel: %s %v", c.Stage, c.Failure)
			}
			if d, err := b.Devices(t.Context()); err != nil || len(d) != 0 {
				t.Errorf("%d devices, %v", len(d), err)
			}
		})
	}
}

func TestNewCodeStartsAgain(t *testing.T) {
	b := newBench(t)
	b.create(t)
	first, err := b.BeginEnrolment(t.Context(), "my-phone")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.BeginEnrolment(t.Context(), "other"); !mfa.IsCode(err, mfa.CodeBusy) {
		t.Fatalf("a second ceremony beside the first: %v", err)
	}
	b.until(t, mfa.StageShowQR)
	second, err := b.NewCode()
	if err != nil || second.ID <= first.ID || second.Name != "my-phone" {
		t.Fatalf("%+v, %v", second, err)
	}
	b.hall.scan <- struct{}{}
	for { // the first ends as cancelled, the second goes on
		e := <-b.events
		if c := e.Ceremony; c != nil && c.ID == second.ID && c.Stage == mfa.StageNameDevice {
			break
		}
	}
	if err := b.ConfirmDevice(true); err != nil {
		t.Fatal(err)
	}
	b.until(t, mfa.StageDone)
	_, err = b.NewCode()
	wants(t, err, mfa.CodeNotFound)
}

func TestSandboxAndRealAccountAreApart(t *testing.T) {
	b := newBench(t)
	b.create(t)
	if s := b.OpenSandbox(t.Context()); s.Phase != PhaseWelcome || !s.Sandbox || s.Session != nil {
		t.Fatalf("the sandbox opens as %+v", s)
	}
	if b.hall.shut != 1 {
		t.Error("the real house stays open")
	}
	b.create(t)
	if s := b.State(); s.Account.RPID != mfa.SandboxRPID {
		t.Errorf("sandbox account for %s", s.Account.RPID)
	}
	if s := b.LeaveSandbox(t.Context()); s.Phase != PhaseSignIn || s.Sandbox || s.Account.RPID != mfa.DefaultRPID {
		t.Errorf("back in %+v", s)
	}
}

func TestWithoutASessionNothingIsShown(t *testing.T) {
	b := newBench(t)
	b.create(t)
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := b.Devices(t.Context())
	wants(t, err, mfa.CodeNotSignedIn)
	_, err = b.BeginEnrolment(t.Context(), "my-phone")
	wants(t, err, mfa.CodeNotSignedIn)
	_, err = b.BeginPhoneSignIn("")
	wants(t, err, mfa.CodeNotSignedIn)
	wants(t, b.ConfirmDevice(true), mfa.CodeNotFound)
	_, err = b.SimulatedPhone()
	wants(t, err, mfa.CodeNotFound)
}

func TestHalfDoneSignInIsForgotten(t *testing.T) {
	b := newBench(t)
	b.create(t)
	b.enrol(t, "my-phone")
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SignIn(t.Context(), mfa.Identity{Kind: mfa.Root, Name: "root@example.org"}, password()); err != nil {
		t.Fatal(err)
	}
	b.CancelSignIn()
	_, err := b.BeginPhoneSignIn("")
	wants(t, err, mfa.CodeNotSignedIn)
	_, err = b.SignIn(t.Context(), mfa.Identity{Kind: mfa.Root, Name: "root@example.org"}, mfa.NewSecret([]byte("wrong horse")))
	wants(t, err, mfa.CodeSignInRefused)
}

func TestBrokenStorageIsAState(t *testing.T) {
	h := &hall{fail: mfa.Fail(mfa.CodeDatabaseDamaged)}
	d := Open(t.Context(), h)
	s := d.State()
	if s.Phase != PhaseBroken || s.Failure.Code != mfa.CodeDatabaseDamaged || len(s.Backups) != 1 {
		t.Errorf("%+v", s)
	}
	_, err := d.SignIn(t.Context(), mfa.Identity{Kind: mfa.Root}, password())
	wants(t, err, mfa.CodeDatabaseDamaged)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func TestCloseDuringACeremony(t *testing.T) {
	b := newBench(t)
	b.create(t)
	if _, err := b.BeginEnrolment(t.Context(), "my-phone"); err != nil {
		t.Fatal(err)
	}
	b.until(t, mfa.StageShowQR)
	if err := b.Close(); err != nil || b.hall.shut != 1 {
		t.Errorf("%v, shut %d times", err, b.hall.shut)
	}
}
