package bind

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// What the page asks by itself must not keep a session open that nobody sits at.
func TestOnlyAPersonPutsTheIdleLockOff(t *testing.T) {
	f := &fake{state: everything(), running: running()}
	api, _ := bound(t, f)
	for name, call := range map[string]func() error{
		"State":          func() error { _, err := api.State(); return err },
		"Ceremony":       func() error { _, err := api.Ceremony(); return err },
		"Clock":          func() error { _, err := api.Clock(); return err },
		"SimulatedPhone": func() error { _, err := api.SimulatedPhone(); return err },
		"PreviewCodes":   func() error { _, err := api.PreviewCodes(PreviewCodesRequest{}); _ = err; return nil },
	} {
		if err := call(); err != nil || f.touched != 0 {
			t.Errorf("%s: touched %d times, %v", name, f.touched, err)
		}
		f.touched = 0
	}
	for name, call := range map[string]func() error{
		"Touch":         api.Touch,
		"ConfirmDevice": func() error { return api.ConfirmDevice(true) },
		"SignOut":       func() error { _, err := api.SignOut(); return err },
	} {
		if err := call(); err != nil || f.touched != 1 {
			t.Errorf("%s: touched %d times, %v", name, f.touched, err)
		}
		f.touched = 0
	}
}

func TestEverySecretIsWiped(t *testing.T) {
	f := &fake{state: everything()}
	api, _ := bound(t, f)
	for name, call := range map[string]func(Password) error{
		"recovery code": func(p Password) error { _, err := api.SignInWithRecoveryCode(p); return err },
		"unlock":        func(p Password) error { _, err := api.UnlockVault(PassphraseRequest{p}); return err },
		"passphrase":    func(p Password) error { _, err := api.SetPassphrase(PassphraseRequest{p}); return err },
		"restore":       func(p Password) error { _, err := api.RestoreBackup(RestoreRequest{Passphrase: p}); return err },
		"rehearse":      func(p Password) error { _, err := api.RehearseBackup(RestoreRequest{Passphrase: p}); return err },
	} {
		sent := Password("very secret")
		if err := call(sent); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if f.typed != "very secret" {
			t.Errorf("%s: the back end was given %q", name, f.typed)
		}
		if f.secret.Len() != 0 || strings.Trim(string(sent), "\x00") != "" {
			t.Errorf("%s: it was not wiped", name)
		}
	}
}

func TestARemovedPersonIsSignedOut(t *testing.T) {
	w := openWindow(t)
	ann := must(w.AddUser(AddUserRequest{Name: "ann", Password: Password(rootPassword)}))(t)
	must(w.SignOut())(t)
	must(w.SignIn(SignInRequest{Identity: IdentityDTO{"user", "ann"}, Password: Password(rootPassword)}))(t)
	h, _, err := w.backend.Seat()
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Users()
	wants(t, err, mfa.CodeAccessDenied)
	if err := h.Store.RemovePrincipal(t.Context(), ann.ID, ann.Version, true, mfa.Event{Kind: mfa.EventUserRemoved}); err != nil {
		t.Fatal(err)
	}
	_, err = w.Devices("")
	wants(t, err, mfa.CodeNotSignedIn)
	if s := must(w.State())(t); s.Phase != "sign-in" || s.Ended != "removed" {
		t.Errorf("%+v", s)
	}
}

func TestBounded(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"Save the report", "Save the report"}, {"a\nb\x00c\x7f", "abc"}, {"", ""}, {strings.Repeat("ä", 300), strings.Repeat("ä", 200)},
	} {
		if got := bounded(row.text); got != row.want {
			t.Errorf("%q became %q", row.text, got)
		}
	}
}

// FuzzPassword reads whatever the page may send: it never panics, its errors quote
// nothing, and what is read crosses back as it was.
func FuzzPassword(f *testing.F) {
	for _, seed := range []string{"[]", "[0]", "[1,255]", "[256]", "[-1]", `"aGk="`, "null", "[1,", "[1e2]", "[[1]]", "[1.5]", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var p Password
		if err := json.Unmarshal(text, &p); err != nil {
			return
		}
		was := slices.Clone(p)
		back, err := json.Marshal(p)
		if err != nil || p != nil && strings.Trim(string(p), "\x00") != "" {
			t.Fatalf("%v; the bytes stay", err)
		}
		var again Password
		if err := json.Unmarshal(back, &again); err != nil || !slices.Equal(again, was) {
			t.Errorf("%s came back as %s, %v", text, back, err)
		}
	})
}
