//go:build e2e

package e2e

import (
	"slices"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// The main job, with a phone that is a program of its own and sees nothing but
// a photograph of the screen.
func TestAddAPhoneAndSignInWithIt(t *testing.T) {
	s := sit(t)
	mine := phone{home: t.TempDir()}
	must(t, s.CreateAccount, s.BeginAdding("pixel"))
	mine.scan(t, s)
	must(t, s.Accept("pixel"), s.SignOut, s.BeginSignIn)
	mine.scan(t, s)
	must(t, s.IsHome)
	if err := walk.SignedIn(s.trail(t)); err != nil {
		t.Error(err)
	}
}

func TestDeclinedOnThePhone(t *testing.T) {
	s := sit(t)
	must(t, s.CreateAccount, s.BeginAdding("pixel"), s.Scan, s.Answer(false), s.Failed("declined"), s.NothingAdded)
	trail := s.trail(t)
	addedNothing(t, trail)
	if last := trail[len(trail)-1]; last.Kind != "enrolment-failed" || last.Detail["code"] != "declined" {
		t.Errorf("the last event is %+v, not the declined enrolment", last)
	}
}

func TestCancelledAtTheCode(t *testing.T) {
	s := sit(t)
	must(t, s.CreateAccount, s.BeginAdding("pixel"), s.Cancel, s.IsHome)
	addedNothing(t, s.trail(t))
}

func addedNothing(t *testing.T, trail []walk.Event) {
	t.Helper()
	if kinds := walk.Kinds(trail); slices.Contains(kinds, "device-added") {
		t.Errorf("a device was added: %v", kinds)
	}
}

// A power cut while the code is shown: afterwards everything is as it was.
func TestKilledAtTheCode(t *testing.T) {
	s := sit(t)
	must(t, s.CreateAccount, s.BeginAdding("pixel"))
	s.Window.Kill()
	s.open(t, s.Window.Desktop)
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome)
	addedNothing(t, s.trail(t))
}
