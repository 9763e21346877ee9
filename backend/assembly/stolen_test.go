package assembly

import (
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/simkey"
)

// TestStolenKeyWithoutAPIN: a key that had no PIN when it was added is one factor. Whoever
// finds it must not make two of it by giving it a PIN of their own.
func TestStolenKeyWithoutAPIN(t *testing.T) {
	v := visitSandbox(t, t.TempDir())
	v.create(t)
	v.withKey(t, simkey.Plain)
	house, session, err := v.Seat()
	if err != nil {
		t.Fatal(err)
	}
	a, err := house.Accounts.Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a.Settings.Passwordless = true
	if _, err := house.Accounts.SaveSettings(t.Context(), session, a.Version, a.Settings); err != nil {
		t.Fatal(err)
	}
	if _, err := v.BeginEnrolment(t.Context(), "", "my-key", mfa.RoadKey); err != nil {
		t.Fatal(err)
	}
	if end, asked := v.hand(t); end.Failure != nil || len(asked) != 0 || end.Device.Passkey.UserVerified || !end.Device.Passkey.Discoverable {
		t.Fatalf("%+v, asked %+v", end, asked)
	}
	listed, err := house.Keys.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A new PIN is not asked for: that of whoever holds the key would prove nothing.
	if _, err := v.BeginPasskeySignIn(t.Context(), mfa.RoadKey); err != nil {
		t.Fatal(err)
	}
	if end, asked := v.hand(t, "1234"); end.Failure == nil || end.Failure.Code != mfa.CodeNoCredential || len(asked) != 0 {
		t.Fatalf("%v, asked %+v", end.Failure, asked)
	}
	// Given one elsewhere, the key answers as if it had verified its owner.
	if _, err := house.Keys.SetPIN(t.Context(), listed[0].ID, nil, mfa.NewSecret([]byte("1234"))); err != nil {
		t.Fatal(err)
	}
	if _, err := v.BeginPasskeySignIn(t.Context(), mfa.RoadKey); err != nil {
		t.Fatal(err)
	}
	if end, asked := v.hand(t, "1234"); end.Failure == nil || end.Failure.Code != mfa.CodeNotAlone || len(asked) != 1 {
		t.Fatalf("%v, asked %+v", end.Failure, asked)
	}
	// Beside the password it is what it was.
	if _, err := v.SignIn(t.Context(), root, password()); err != nil {
		t.Fatal(err)
	}
	if _, err := v.BeginSecondFactor(mfa.RoadKey, ""); err != nil {
		t.Fatal(err)
	}
	if end, _ := v.hand(t, "1234"); end.Failure != nil {
		t.Fatal(end.Failure)
	}
}
