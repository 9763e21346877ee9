//go:build e2e

package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

func TestWrongPassword(t *testing.T) {
	s := sit(t)
	must(t, s.CreateAccount, s.SignOut, s.RootPassword("wrong horse 7"), s.Failed("sign-in-refused"), s.RootPassword(walk.Password), s.IsHome)
	kinds := walk.Kinds(s.trail(t))
	want := []string{"signed-out", "sign-in-refused", "signed-in-password"}
	if len(kinds) < len(want) || !slices.Equal(kinds[len(kinds)-len(want):], want) {
		t.Errorf("the trail ends in %v, not in %v", kinds, want)
	}
}

// A second start on the same data folder ends by itself; the first goes on.
func TestSecondStart(t *testing.T) {
	s := sit(t)
	must(t, s.CreateAccount)
	second := s.Window.Desktop.Command(program(t, "keyferry"), "--home", s.home)
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- second.Wait() }()
	select {
	case <-ended:
	case <-time.After(3 * time.Minute):
		second.Process.Kill()
		t.Error("the second start stayed")
	}
	must(t, s.IsHome, s.SignOut)
	s.trail(t)
}

// The window comes back in the size it had.
func TestWindowSizeIsRemembered(t *testing.T) {
	s := sit(t)
	const width, height = 1010, 655
	if err := s.Window.Resize(t.Context(), width, height); err != nil {
		t.Fatal(err)
	}
	if err := s.Window.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.open(t, s.Window.Desktop)
	if err := s.Window.HasSize(t.Context(), width, height); err != nil {
		t.Error(err)
	}
}
