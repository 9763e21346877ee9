package desk

import (
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

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
	if _, err := b.BeginSecondFactor(mfa.RoadPhone, ""); err != nil {
		t.Fatal(err)
	}
	b.hall.scan <- struct{}{}
	end := b.until(t, mfa.StageDone)
	if s := end.State; s.Phase != PhaseHome || !s.Person.Session.MFAPresent() || s.Person.Device != "my-phone" || s.Person.Principal.Password.Hash != nil {
		t.Errorf("signed in as %+v", s)
	}
}

func TestTheCodeLeavesWithItsStage(t *testing.T) {
	b := newBench(t)
	b.create(t)
	if _, err := b.BeginEnrolment(t.Context(), "", "my-phone", mfa.RoadPhone); err != nil {
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
			if _, err := b.BeginEnrolment(t.Context(), "", "my-phone", mfa.RoadPhone); err != nil {
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
			if d := b.owned(t); len(d) != 0 {
				t.Errorf("%d devices", len(d))
			}
		})
	}
}

func TestNewCodeStartsAgain(t *testing.T) {
	b := newBench(t)
	b.create(t)
	first, err := b.BeginEnrolment(t.Context(), "", "my-phone", mfa.RoadPhone)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.BeginEnrolment(t.Context(), "", "other", mfa.RoadPhone); !mfa.IsCode(err, mfa.CodeBusy) {
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
	if s := b.OpenSandbox(t.Context()); s.Phase != PhaseWelcome || !s.Sandbox || s.Person != nil {
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
	_, _, err := b.Seat()
	wants(t, err, mfa.CodeNotSignedIn)
	_, err = b.BeginEnrolment(t.Context(), "", "my-phone", mfa.RoadPhone)
	wants(t, err, mfa.CodeNotSignedIn)
	_, err = b.BeginSecondFactor(mfa.RoadPhone, "")
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
	_, err := b.BeginSecondFactor(mfa.RoadPhone, "")
	wants(t, err, mfa.CodeNotSignedIn)
	_, err = b.SignIn(t.Context(), mfa.Identity{Kind: mfa.Root, Name: "root@example.org"}, mfa.NewSecret([]byte("wrong horse")))
	wants(t, err, mfa.CodeSignInRefused)
}

func TestBrokenStorageIsAState(t *testing.T) {
	h := &hall{fail: mfa.Fail(mfa.CodeDatabaseDamaged)}
	d := Open(t.Context(), h, SystemClock())
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
	if _, err := b.BeginEnrolment(t.Context(), "", "my-phone", mfa.RoadPhone); err != nil {
		t.Fatal(err)
	}
	b.until(t, mfa.StageShowQR)
	if err := b.Close(); err != nil || b.hall.shut != 1 {
		t.Errorf("%v, shut %d times", err, b.hall.shut)
	}
}
