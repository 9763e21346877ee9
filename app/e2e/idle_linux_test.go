//go:build e2e

package e2e

import (
	"slices"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// Nobody touches the window for the minute that the settings allow: the session
// ends, and the sign-in says why.
func TestIdleLock(t *testing.T) {
	s := sit(t, account(t))
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome, s.Open("settings"),
		s.Enter("settings.s_idle", "1"), s.Push("do.s_save"), s.Idle, s.Says("signin.l_idle"), s.Looks("idle"))
	if kinds := walk.Kinds(s.trail(t)); !slices.Contains(kinds, "session-expired") {
		t.Errorf("the trail does not say that the session ended: %v", kinds)
	}
}
