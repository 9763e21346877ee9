//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/atspi"
	"github.com/keyferry/keyferry/app/e2e/walk"
)

// Users must have a device at once: the rehearsal says who is held up, and who
// is sees nothing but adding a device, until there is one.
func TestForcedToSetUp(t *testing.T) {
	s := sit(t, account(t, "dave"))
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome, s.Open("enforcement"),
		s.Push("enforce.l_require"), s.Enter("enforce.s_user_days", "0"), s.Says("enforce.l_on_at_once", "n", "1"), s.Looks("enforcement"),
		s.Push("do.s_save"), s.Shows("dave"), s.Says("enforce.s_set_up"), s.ends("enforce.l_set_up_since"), s.Looks("rehearsal"), s.SignOut)
	must(t, s.UserPassword("dave", userPassword), s.Title("setup.s_title"), s.Looks("set-up"))
	others, err := s.Window.Count(t.Context(), func(n atspi.Seen) bool {
		return n.Role == atspi.PushButton && n.Is(t.Context(), atspi.StateShowing) && slices.Contains([]string{
			s.Words.Say("nav.s_users"), s.Words.Say("nav.s_activity"), s.Words.Say("nav.s_settings"), s.Words.Say("password.s_change")}, n.Name)
	})
	if err != nil || others != 0 {
		t.Errorf("beside the set-up there are %d other ways (%v)", others, err)
	}
	must(t, s.BeginAdding("daves-phone"), s.Scan, s.Answer(true), s.Accept("daves-phone"), s.IsHome, s.Says("access.s_title"))
	if kinds := walk.Kinds(s.trail(t)); !slices.Contains(kinds, "settings-changed") || !slices.Contains(kinds, "device-added") {
		t.Errorf("the trail is %v", kinds)
	}
	if dave := s.user(t, "dave"); dave.Passkeys != 1 {
		t.Errorf("dave has %d passkeys, not 1", dave.Passkeys)
	}
}

// ends waits for the part of a text that comes before the moment it tells of.
func (s *seat) ends(key string) walk.Step {
	words, _, _ := strings.Cut(s.Words.Say(key), "{")
	return s.Shows(words)
}
