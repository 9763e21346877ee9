package assembly

import (
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/simkey"
)

// hand holds the sandbox's key through one ceremony: it touches it when it blinks, gives
// pins when one is asked for, confirms the device, and returns the end.
func (v *visit) hand(t *testing.T, pins ...string) (end desk.Ceremony, asked []mfa.PINAsk) {
	t.Helper()
	for {
		select {
		case e := <-v.events:
			if e.SimKey != nil && e.SimKey.Waiting {
				_ = v.TouchSimulatedKey() // it may have given up meanwhile
			}
			switch c := e.Ceremony; {
			case c == nil:
			case c.Stage == mfa.StageEnterPIN && c.PIN != nil:
				asked = append(asked, *c.PIN)
				if len(pins) == 0 {
					v.CancelCeremony()
					continue
				}
				if err := v.GivePIN(mfa.NewSecret([]byte(pins[0]))); err != nil {
					t.Error(err)
				}
				pins = pins[1:]
			case c.Stage == mfa.StageNameDevice:
				if err := v.ConfirmDevice(true); err != nil {
					t.Error(err)
				}
			case c.Stage == mfa.StageDone || c.Stage == mfa.StageFailed:
				return *c, asked
			}
		case <-t.Context().Done():
			t.Fatal("the ceremony does not end")
		}
	}
}

func (v *visit) withKey(t *testing.T, m simkey.Model) {
	t.Helper()
	if _, err := v.SetSimulatedKey(m); err != nil {
		t.Fatal(err)
	}
	if _, err := v.PlugSimulatedKey(true); err != nil {
		t.Fatal(err)
	}
}

// TestKeyFromReportsToDatabase adds every model of key and signs in with it, through
// CTAPHID, the client, the relying party and SQLite.
func TestKeyFromReportsToDatabase(t *testing.T) {
	for _, model := range simkey.Models() {
		t.Run(string(model), func(t *testing.T) {
			v := visitSandbox(t, t.TempDir())
			v.create(t)
			v.withKey(t, model)
			if _, err := v.BeginEnrolment(t.Context(), "", "my-key", mfa.RoadKey); err != nil {
				t.Fatal(err)
			}
			end, _ := v.hand(t)
			if end.Failure != nil {
				t.Fatalf("%v (%s), reached %v", end.Failure, end.Failure.Explain(), end.Reached)
			}
			devices, err := v.owned(t)
			if err != nil || len(devices) != 1 || !devices[0].Passkey.OnKey() || devices[0].Passkey.OnPhone() {
				t.Fatalf("devices %+v, %v", devices, err)
			}
			if _, err := v.SignOut(t.Context()); err != nil {
				t.Fatal(err)
			}
			if in, err := v.SignIn(t.Context(), root, password()); err != nil || in.Complete {
				t.Fatalf("%+v, %v", in, err)
			}
			if _, err := v.BeginSecondFactor(mfa.RoadKey, ""); err != nil {
				t.Fatal(err)
			}
			if end, _ = v.hand(t); end.Failure != nil {
				t.Fatalf("%v (%s), reached %v", end.Failure, end.Failure.Explain(), end.Reached)
			}
			if !end.State.Person.Session.MFAPresent() || end.State.Person.Device != "my-key" {
				t.Errorf("signed in as %+v", end.State)
			}
		})
	}
}

// TestKeyWithAPIN: what was added with its PIN never signs in without, and a wrong one is
// asked for again in the same dialog.
func TestKeyWithAPIN(t *testing.T) {
	v := visitSandbox(t, t.TempDir())
	v.create(t)
	v.withKey(t, simkey.Plain)
	keys, err := v.Keys(t.Context())
	if err != nil || len(keys) != 1 {
		t.Fatalf("%+v, %v", keys, err)
	}
	house, _, err := v.Seat()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := house.Keys.SetPIN(t.Context(), keys[0].ID, nil, mfa.NewSecret([]byte("2580"))); err != nil {
		t.Fatal(err)
	}
	if _, err := v.BeginEnrolment(t.Context(), "", "my-key", mfa.RoadKey); err != nil {
		t.Fatal(err)
	}
	end, asked := v.hand(t, "0000", "2580")
	if end.Failure != nil {
		t.Fatalf("%v (%s)", end.Failure, end.Failure.Explain())
	}
	if len(asked) != 2 || asked[0].Left != 8 || asked[1].Left != 7 || !asked[1].Wrong || asked[0].Key == "" {
		t.Errorf("asked %+v", asked)
	}
	if !slices.Contains(end.Reached, mfa.StageTouchKey) {
		t.Errorf("reached %v", end.Reached)
	}
	devices, err := v.owned(t)
	if err != nil || !devices[0].Passkey.UserVerified || !devices[0].Passkey.Discoverable {
		t.Fatalf("%+v, %v", devices, err)
	}
	if _, err := v.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := v.SignIn(t.Context(), root, password()); err != nil {
		t.Fatal(err)
	}
	if _, err := v.BeginSecondFactor(mfa.RoadKey, ""); err != nil {
		t.Fatal(err)
	}
	if end, asked = v.hand(t); end.Failure == nil || end.Failure.Code != mfa.CodeCancelled || len(asked) != 1 {
		t.Fatalf("without the PIN: %+v, asked %d times", end.Failure, len(asked))
	}
	if _, err := v.BeginSecondFactor(mfa.RoadKey, ""); err != nil {
		t.Fatal(err)
	}
	if end, _ = v.hand(t, "2580"); end.Failure != nil {
		t.Fatalf("%v (%s)", end.Failure, end.Failure.Explain())
	}
}

// TestKeyIsPulled: a key that goes away while it blinks ends the ceremony, and nothing is added.
func TestKeyIsPulled(t *testing.T) {
	v := visitSandbox(t, t.TempDir())
	v.create(t)
	v.withKey(t, simkey.Plain)
	if _, err := v.BeginEnrolment(t.Context(), "", "my-key", mfa.RoadKey); err != nil {
		t.Fatal(err)
	}
	for e := range v.events {
		if e.SimKey != nil && e.SimKey.Waiting {
			break
		}
	}
	if _, err := v.PlugSimulatedKey(false); err != nil {
		t.Fatal(err)
	}
	end, _ := v.hand(t)
	if end.Failure == nil || end.Failure.Code != mfa.CodeKeyLost {
		t.Fatalf("%v", end.Failure)
	}
	if d, err := v.owned(t); err != nil || len(d) != 0 {
		t.Errorf("%d devices, %v", len(d), err)
	}
}
