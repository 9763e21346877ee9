package assembly

import (
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/platform/tpm/tpmtest"
	"github.com/keyferry/keyferry/backend/readiness"
)

const (
	rightPIN = "25802580"
	wrongPIN = "13571357"
)

// atComputer sits down at the desk of a folder whose computer has the TPM of the test.
func atComputer(t *testing.T, dir string, e *tpmtest.Emulator, sandbox bool) *visit {
	t.Helper()
	v := visitDesk(t, Config{Home: dir, Secrets: nobody(dir), Cheap: true, TPM: e.Open})
	if sandbox {
		if s := v.OpenSandbox(t.Context()); s.Failure != nil {
			t.Fatalf("%v (%s)", s.Failure, s.Failure.Explain())
		}
	}
	return v
}

// half gives the password, which leaves the second factor to this computer.
func (v *visit) half(t *testing.T) {
	t.Helper()
	if in, err := v.SignIn(t.Context(), root, password()); err != nil || in.Complete {
		t.Fatalf("%+v, %v", in, err)
	}
	if _, err := v.BeginSecondFactor(mfa.RoadComputer, ""); err != nil {
		t.Fatal(err)
	}
}

func ended(t *testing.T, f *mfa.Failure, want mfa.Code) {
	t.Helper()
	switch {
	case f == nil && want != "":
		t.Fatalf("it went well, want %s", want)
	case f != nil && f.Code != want:
		t.Fatalf("%v (%s), want %q", f, f.Explain(), want)
	}
}

// TestThisComputerFromTheTPMToTheDatabase lives with a passkey of this computer as a
// person does: window, ceremony, client, TPM and SQLite are the product's, and the
// computer is switched off in between.
func TestThisComputerFromTheTPMToTheDatabase(t *testing.T) {
	for name, sandbox := range map[string]bool{"a real account": false, "the sandbox": true} {
		t.Run(name, func(t *testing.T) {
			e, dir := tpmtest.New(t), t.TempDir()
			e.Guards(3, 600)
			day := func(name string, do func(*testing.T, *visit)) {
				t.Helper()
				if !t.Run(name, func(t *testing.T) { do(t, atComputer(t, dir, e, sandbox)) }) {
					t.FailNow() // the next day would say nothing
				}
				if held := e.Holds(); len(held) != 0 {
					t.Fatalf("left in the TPM: %x", held)
				}
				e.Restart()
			}
			day("it is added", addComputer)
			day("it signs in", signInByComputer)
			day("the TPM says no", lockComputer)
			e.Forgives()
			day("it is removed", removeComputer)
		})
	}
}

func addComputer(t *testing.T, v *visit) {
	v.create(t)
	if _, err := v.BeginEnrolment(t.Context(), "", "my-computer", mfa.RoadComputer); err != nil {
		t.Fatal(err)
	}
	end, asked := v.hand(t, rightPIN)
	ended(t, end.Failure, "")
	if len(asked) != 1 || asked[0].For != mfa.PINNew || !asked[0].Local {
		t.Errorf("asked %+v", asked)
	}
	devices, err := v.owned(t)
	if err != nil || len(devices) != 1 {
		t.Fatalf("%+v, %v", devices, err)
	}
	if p := devices[0].Passkey; !p.OnComputer() || p.OnPhone() || p.OnKey() || !p.UserVerified || !p.Discoverable {
		t.Errorf("%+v", p)
	}
}

func signInByComputer(t *testing.T, v *visit) {
	v.half(t)
	end, asked := v.hand(t, wrongPIN, rightPIN)
	ended(t, end.Failure, "")
	if len(asked) != 2 || asked[0].Left != 3 || asked[1].Left != 2 || !asked[1].Wrong || !asked[1].Local || asked[1].For != mfa.PINVerify {
		t.Errorf("asked %+v", asked)
	}
	if p := end.State.Person; !p.Session.MFAPresent() || p.Device != "my-computer" {
		t.Errorf("signed in as %+v", p)
	}
	// The same computer is not added twice.
	if _, err := v.BeginEnrolment(t.Context(), "", "once-more", mfa.RoadComputer); err != nil {
		t.Fatal(err)
	}
	end, _ = v.hand(t, rightPIN)
	ended(t, end.Failure, mfa.CodeAlreadyRegistered)
}

func lockComputer(t *testing.T, v *visit) {
	v.half(t) // one wrong guess counts from the day before
	end, asked := v.hand(t, wrongPIN, wrongPIN, rightPIN)
	ended(t, end.Failure, mfa.CodeTPMLockout)
	if end.Failure.Params["seconds"] != "600" || len(asked) != 2 || asked[1].Left != 1 {
		t.Errorf("params %v, asked %+v", end.Failure.Params, asked)
	}
	// The right one is not even asked for, and nobody is signed in.
	if _, err := v.BeginSecondFactor(mfa.RoadComputer, ""); err != nil {
		t.Fatal(err)
	}
	end, asked = v.hand(t, rightPIN)
	ended(t, end.Failure, mfa.CodeTPMLockout)
	if len(asked) != 0 {
		t.Errorf("asked %+v", asked)
	}
	if _, _, err := v.Seat(); !mfa.IsCode(err, mfa.CodeNotSignedIn) {
		t.Errorf("somebody is signed in: %v", err)
	}
	h, err := v.House()
	if err != nil {
		t.Fatal(err)
	}
	if r := h.Readiness.Check(t.Context(), readiness.Options{}); r.Ladder(readiness.WayComputer).State != readiness.NotReady {
		t.Errorf("this computer is ready: %+v", r.Ladder(readiness.WayComputer))
	}
}

func removeComputer(t *testing.T, v *visit) {
	v.half(t)
	end, _ := v.hand(t, rightPIN)
	ended(t, end.Failure, "")
	own := v.lookedAfter(t)
	if own.PIN != keys.PINSet {
		t.Errorf("%+v", own)
	}
	house, session, err := v.Seat()
	if err != nil {
		t.Fatal(err)
	}
	if err := house.Keys.Unlock(t.Context(), own.ID, mfa.NewSecret([]byte(rightPIN))); err != nil {
		t.Fatal(err)
	}
	list, err := house.Keys.Passkeys(t.Context(), own.ID)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	devices, err := v.owned(t)
	if err != nil || len(devices) != 1 {
		t.Fatalf("%+v, %v", devices, err)
	}
	if _, err := house.Devices.Remove(t.Context(), session, devices[0].ID, devices[0].Version); err != nil {
		t.Fatal(err)
	}
	if devices, err = v.owned(t); err != nil || len(devices) != 0 {
		t.Errorf("%+v, %v", devices, err)
	}
	if kept, err := house.Store.LocalPasskeys(t.Context(), ""); err != nil || len(kept) != 0 {
		t.Errorf("%d passkeys stay in this computer, %v", len(kept), err)
	}
	if err := v.ResetKey(t.Context(), own.ID); err != nil {
		t.Fatal(err)
	}
	if own = v.lookedAfter(t); own.PIN != keys.PINUnset {
		t.Errorf("%+v", own)
	}
}

// TestClearedTPMHasAWayOut: keys of a TPM that was cleared lead to the reset of what this
// computer keeps, and after it the computer is added anew.
func TestClearedTPMHasAWayOut(t *testing.T) {
	e, dir := tpmtest.New(t), t.TempDir()
	v := atComputer(t, dir, e, false)
	addComputer(t, v)
	if _, err := v.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.half(t)
	end, _ := v.hand(t, rightPIN)
	ended(t, end.Failure, "")
	e.Clear()
	if _, err := v.BeginEnrolment(t.Context(), "", "my-computer-2", mfa.RoadComputer); err != nil {
		t.Fatal(err)
	}
	end, _ = v.hand(t, rightPIN)
	ended(t, end.Failure, mfa.CodeTPMForeign)
	if end.Failure.Next() != mfa.ActionResetKey {
		t.Errorf("next is %s", end.Failure.Next())
	}
	house, session, err := v.Seat()
	if err != nil {
		t.Fatal(err)
	}
	own := house.Readiness.Check(t.Context(), readiness.Options{}).Ladder(readiness.WayComputer)
	if !slices.ContainsFunc(own.Rungs, func(r readiness.Rung) bool { return r.ID == readiness.RungTPMPasskeys && r.Params["count"] == "1" }) {
		t.Errorf("%+v", own.Rungs)
	}
	if err := v.ResetKey(t.Context(), v.lookedAfter(t).ID); err != nil {
		t.Fatal(err)
	}
	if kept, err := house.Store.LocalPasskeys(t.Context(), ""); err != nil || len(kept) != 0 {
		t.Errorf("%d passkeys stay, %v", len(kept), err)
	}
	devices, err := v.owned(t)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := house.Devices.Remove(t.Context(), session, devices[0].ID, devices[0].Version); err != nil {
		t.Fatal(err)
	}
	if _, err := v.BeginEnrolment(t.Context(), "", "my-computer", mfa.RoadComputer); err != nil {
		t.Fatal(err)
	}
	end, asked := v.hand(t, rightPIN)
	ended(t, end.Failure, "")
	if len(asked) != 1 || asked[0].For != mfa.PINNew {
		t.Errorf("asked %+v", asked)
	}
}

// lookedAfter is this computer as the window lists it, beside the keys.
func (v *visit) lookedAfter(t *testing.T) keys.Key {
	t.Helper()
	list, err := v.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	house, _, err := v.Seat()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range list {
		if house.Keys.IsComputer(k.ID) {
			return k
		}
	}
	t.Fatalf("this computer is not among %+v", list)
	return keys.Key{}
}
