//go:build e2e

package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// An authenticator app of the test's own reads the key off the screen. It signs
// in, then its clock goes a minute and a half ahead: after five wrong codes two
// in a row bring it back in step, and its next code signs in.
func TestAuthenticatorApp(t *testing.T) {
	s := sit(t)
	must(t, s.CreateAccount)
	app, err := s.AddApp(t.Context(), "aegis")
	if err != nil {
		t.Fatal(err)
	}
	must(t, s.SignOut, s.RootPassword(walk.Password), s.SignInWithNext(&app), s.IsHome)

	must(t, s.SignOut, s.RootPassword(walk.Password), s.CodeScreen, s.TypeCode(app.Code(app.Used)), s.Failed("code-used"))
	wrong := app.Wrong()
	for range 5 {
		must(t, s.TypeCode(wrong), s.Failed("code-wrong"))
	}
	ahead := app.Step(time.Now()) + 3
	must(t, s.Push("code.s_resync"), s.Title("code.s_resync_title"), s.Looks("resync"),
		s.Enter("code.s_first", app.Code(ahead)), s.Enter("code.s_second", app.Code(ahead+1)))
	app.Sent(ahead + 1)
	must(t, s.Push("code.s_resync"), s.SignInWithNext(&app), s.IsHome)

	trail := s.trail(t)
	if err := walk.SignedIn(trail); err != nil {
		t.Error(err)
	}
	kinds := slices.DeleteFunc(walk.Kinds(trail), func(kind string) bool { return kind == "signed-in-password" || kind == "signed-out" })
	want := []string{"account-created", "vault-changed", "virtual-created", "device-added", "signed-in-mfa", "sign-in-refused",
		"sign-in-refused", "sign-in-refused", "sign-in-refused", "sign-in-refused", "sign-in-refused",
		"device-resynced", "wrong-codes-forgotten", "signed-in-mfa"}
	if !slices.Equal(kinds, want) {
		t.Errorf("the trail is\n%v, not\n%v", kinds, want)
	}
}
