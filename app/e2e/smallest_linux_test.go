//go:build e2e

package e2e

import (
	"context"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// In the smallest window the button of a long form is in sight as it is: who does
// not know that there is more below would not look for it.
func TestSmallestWindow(t *testing.T) {
	s := sit(t, account(t))
	if err := s.Window.Resize(t.Context(), 800, 600); err != nil {
		t.Fatal(err)
	}
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome,
		s.Open("users"), s.Push("users.s_add"), s.Title("users.s_add_title"), s.inSight("users.s_add"), s.Looks("add-user"), s.Push("do.s_cancel"),
		s.Open("metadata"), s.inSight("file.s_choose"),
		s.Open("security"), s.NameDevice("aegis"), s.inSight("do.s_continue"), s.Push("device.s_app"), s.Push("do.s_continue"),
		s.Title("totp.s_title"), s.Push("totp.s_show_code"), s.Push("totp.s_show_key"), s.Button("totp.s_hide_key"), s.inSight("totp.s_add"), s.Looks("app-setup"))
}

func (s *seat) inSight(key string) walk.Step {
	return func(ctx context.Context) error { return s.Window.InSight(ctx, s.Words.Say(key)) }
}
