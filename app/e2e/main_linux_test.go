//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/atspi"
	"github.com/keyferry/keyferry/app/e2e/desktop"
	"github.com/keyferry/keyferry/app/e2e/walk"
	"github.com/keyferry/keyferry/app/e2e/window"
)

// root is the repository's root, where build/bin is.
var root = filepath.Join("..", "..")

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "build", "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	return path
}

// seat is one test's person, window and data folder.
type seat struct {
	walk.Person
	home string
}

// sit opens the window for a person on a desktop of their own. What is prepared
// is in the data folder before the window is there.
func sit(t *testing.T, prepare ...func(*seat)) *seat {
	t.Helper()
	t.Parallel()
	desk, err := desktop.Start(t.Context(), desktop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(desk.Close)
	s := &seat{home: t.TempDir()}
	if s.Words, err = window.ReadWords(filepath.Join(root, "frontend", "src", "i18n", "en")); err != nil {
		t.Fatal(err)
	}
	s.Look = func(ctx context.Context, screen string) error { return s.everythingHasAName(ctx, screen) }
	for _, p := range prepare {
		p(s)
	}
	s.open(t, desk)
	t.Cleanup(func() {
		if t.Failed() {
			picture := filepath.Join(root, "build", ".stamps", t.Name()+".png")
			os.MkdirAll(filepath.Dir(picture), 0o755)
			t.Logf("the screen: %s (%v)", picture, desk.Screenshot(picture))
		}
	})
	return s
}

func (s *seat) open(t *testing.T, desk *desktop.Desktop) {
	t.Helper()
	win, err := window.Open(t.Context(), desk, program(t, "keyferry"), "--home", s.home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(win.Kill)
	s.Window = win
}

// everythingHasAName holds every control of a screen to having a name: without
// one, a screen reader has nothing to say.
func (s *seat) everythingHasAName(ctx context.Context, screen string) error {
	controls := []atspi.Role{atspi.PushButton, atspi.ToggleButton, atspi.Link, atspi.Entry, atspi.PasswordText,
		atspi.CheckBox, atspi.RadioButton, atspi.ComboBox, atspi.Image}
	nameless, err := s.Window.Count(ctx, func(n atspi.Seen) bool {
		return slices.Contains(controls, n.Role) && strings.TrimSpace(n.Name) == "" && n.Is(ctx, atspi.StateShowing)
	})
	if err == nil && nameless > 0 {
		err = fmt.Errorf("%d controls of the screen %s have no name", nameless, screen)
	}
	return err
}

// must fails the test with the first step that failed.
func must(t *testing.T, steps ...func(context.Context) error) {
	t.Helper()
	for i, s := range steps {
		if err := s(t.Context()); err != nil {
			t.Fatalf("step %d: %v", i+1, err)
		}
	}
}

// phone is a simulated phone in a process of its own.
type phone struct{ home string }

// scan photographs the screen and lets the phone look at the photograph.
func (p phone) scan(t *testing.T, s *seat) {
	t.Helper()
	picture := filepath.Join(t.TempDir(), "screen.png")
	if err := s.Window.Desktop.Screenshot(picture); err != nil {
		t.Fatal(err)
	}
	air, err := walk.AirOf(s.Window.PID())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program(t, "keyferryctl"), "phone", "--home", p.home, "--image", picture,
		"--behaviour", "approve", "--radio", air.Radio, "--tunnel", air.Tunnel)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the phone: %v\n%s", err, out)
	}
}
