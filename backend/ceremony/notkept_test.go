package ceremony

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// What did not become a device is not left in this computer, and on a phone it is told of.
func TestWhatIsNotKept(t *testing.T) {
	no := func(context.Context, Candidate) (bool, error) { return false, nil }
	gone := func(t *testing.T, b *bench) Confirm { // who has a device must have signed in with it
		return func(ctx context.Context, _ Candidate) (bool, error) {
			_, err := b.Enrol(ctx, b.who, "", "phone", mfa.RoadPhone, Person{Confirm: yes})
			return true, err
		}
	}
	for name, row := range map[string]struct {
		road    mfa.Road
		confirm func(*testing.T, *bench) Confirm // nil: no
		forget  error
		want    mfa.Code
		left    bool // it is said that something stayed behind
	}{
		"a phone, declined":                  {road: mfa.RoadPhone, want: mfa.CodeCancelled, left: true},
		"this computer, declined":            {road: mfa.RoadComputer, want: mfa.CodeCancelled},
		"this computer, the right is gone":   {road: mfa.RoadComputer, confirm: gone, want: mfa.CodeMFANeeded},
		"this computer, gone by itself":      {road: mfa.RoadComputer, forget: mfa.Fail(mfa.CodeNotFound), want: mfa.CodeCancelled},
		"this computer, which cannot forget": {road: mfa.RoadComputer, forget: mfa.Fail(mfa.CodeStorageFailed), want: mfa.CodeCancelled, left: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, virtualauth.Android())
			own := virtualauth.New(virtualauth.Config{Discoverable: true, ClientPIN: true, Transports: []string{"internal"}})
			t.Cleanup(func() { own.Close() })
			var forgotten [][]byte
			b.Roads.Computer = func(context.Context, authenticator.Want, mfa.Report) (authenticator.Authenticator, error) {
				return open{own}, nil
			}
			b.Roads.Forget = func(_ context.Context, id []byte) error {
				forgotten = append(forgotten, bytes.Clone(id))
				return row.forget
			}
			confirm := Confirm(no)
			if row.confirm != nil {
				confirm = row.confirm(t, b)
			}
			pin := func(context.Context, mfa.PINAsk) (*mfa.Secret, error) { return mfa.NewSecret([]byte("258025")), nil }
			_, err := b.Enrol(t.Context(), b.who, "", "mine", row.road, Person{Confirm: confirm, PIN: pin})
			wants(t, err, row.want)
			if got := mfa.AsFailure(err).Params; (got["left"] == "yes") != row.left || row.left && got["rp"] != mfa.DefaultRPID {
				t.Errorf("params %v", got)
			}
			switch {
			case row.road != mfa.RoadComputer:
				if len(forgotten) != 0 {
					t.Error("something was forgotten")
				}
			case len(forgotten) != 1 || !has(t, own, forgotten[0]):
				t.Errorf("forgotten: %x", forgotten)
			}
		})
	}
}

// has reports that an authenticator made a credential.
func has(t *testing.T, a *virtualauth.Authenticator, id []byte) bool {
	t.Helper()
	info, err := ctap2.ParseInfo(a.GetInfo())
	if err != nil {
		t.Fatal(err)
	}
	got, err := ctap2.Preflight(t.Context(), a, info, ctap2.GetAssertionRequest{RPID: mfa.DefaultRPID, ClientDataHash: make([]byte, 32),
		AllowList: []ctap2.PublicKeyCredentialDescriptor{{Type: ctap2.PublicKeyType, ID: id}}})
	return err == nil && got != nil
}

// What is made and kept is not touched.
func TestWhatIsKeptIsNotForgotten(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	own := virtualauth.New(virtualauth.Config{Discoverable: true, ClientPIN: true, Transports: []string{"internal"}})
	t.Cleanup(func() { own.Close() })
	b.Roads.Computer = func(context.Context, authenticator.Want, mfa.Report) (authenticator.Authenticator, error) {
		return open{own}, nil
	}
	b.Roads.Forget = func(context.Context, []byte) error { t.Error("forgotten"); return nil }
	pin := func(context.Context, mfa.PINAsk) (*mfa.Secret, error) { return mfa.NewSecret([]byte("258025")), nil }
	if _, err := b.Enrol(t.Context(), b.who, "", "mine", mfa.RoadComputer, Person{Confirm: yes, PIN: pin}); err != nil {
		t.Fatal(err)
	}
}

// Whoever found the key in the last second has a minute to touch it, and its answer holds.
func TestTheLastMomentIsEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, virtualauth.Android())
		b.Clock = time.Now
		b.phones.between = func() { time.Sleep(5*time.Minute - time.Second) }
		late := b.phones.device
		b.phones.device = virtualauth.New(virtualauth.Config{Discoverable: true, BuiltInUV: true, Transports: []string{"hybrid"},
			Consent: func(context.Context, virtualauth.Prompt) (virtualauth.Decision, error) {
				time.Sleep(58 * time.Second)
				return virtualauth.Decision{Approve: true, Verified: true}, nil
			}})
		defer b.phones.device.Close()
		defer late.Close()
		if _, err := b.Enrol(t.Context(), b.who, "", "mine", mfa.RoadPhone, Person{Confirm: yes}); err != nil {
			t.Fatal(err)
		}
	})
}
