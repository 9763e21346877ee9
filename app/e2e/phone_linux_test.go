//go:build e2e

package e2e

import (
	"context"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

func (s *seat) addPhone(name string) func(context.Context) error {
	return func(ctx context.Context) error { return s.BeginAdding(ctx, name) }
}

func (s *seat) accept(name string) func(context.Context) error {
	return func(ctx context.Context) error { return s.Accept(ctx, name) }
}

func (s *seat) answer(approve bool) func(context.Context) error {
	return func(ctx context.Context) error { return s.Answer(ctx, approve) }
}

func (s *seat) failed(code string) func(context.Context) error {
	return func(ctx context.Context) error { return s.Failed(ctx, code) }
}

// The main job, with a phone that is a program of its own and sees nothing but
// a photograph of the screen.
func TestAddAPhoneAndSignInWithIt(t *testing.T) {
	s := sit(t)
	mine := phone{home: t.TempDir()}
	must(t, s.CreateAccount, s.addPhone("pixel"))
	mine.scan(t, s)
	must(t, s.accept("pixel"), s.SignOut, s.BeginSignIn)
	mine.scan(t, s)
	must(t, s.IsHome)
	if err := walk.SignedIn(s.trail(t)); err != nil {
		t.Error(err)
	}
}

func TestDeclinedOnThePhone(t *testing.T) {
	s := sit(t)
	must(t, s.CreateAccount, s.addPhone("pixel"), s.Scan, s.answer(false), s.failed("declined"), s.NothingAdded)
	trail := s.trail(t)
	addedNothing(t, trail)
	if last := trail[len(trail)-1]; last.Kind != "enrolment-failed" || last.Detail["code"] != "declined" {
		t.Errorf("the last event is %+v, not the declined enrolment", last)
	}
}

func TestCancelledAtTheCode(t *testing.T) {
	s := sit(t)
	must(t, s.CreateAccount, s.addPhone("pixel"), s.Cancel, s.IsHome)
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
	must(t, s.CreateAccount, s.addPhone("pixel"))
	s.Window.Kill()
	s.open(t, s.Window.Desktop)
	must(t, s.OpenSandboxAgain, s.signIn(walk.Password), s.IsHome)
	addedNothing(t, s.trail(t))
}
