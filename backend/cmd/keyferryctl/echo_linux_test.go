package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// pty is a terminal and the keyboard and screen behind it.
type pty struct {
	t                  *testing.T
	terminal, keyboard *os.File
	printed            bytes.Buffer
	asked              func(question string) // called while the question is printed
}

func newPTY(t *testing.T) *pty {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	n, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { terminal.Close() })
	return &pty{t: t, terminal: terminal, keyboard: keyboard}
}

// Write is standard error: what asks for the password.
func (p *pty) Write(b []byte) (int, error) {
	if strings.HasSuffix(string(b), ": ") {
		p.asked(string(b))
	}
	return p.printed.Write(b)
}

func (p *pty) echoes() bool {
	p.t.Helper()
	mode, err := unix.IoctlGetTermios(int(p.terminal.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	return mode.Lflag&unix.ECHO != 0
}

// typed sends keys and fails if the terminal shows them.
func (p *pty) typed(keys string) {
	p.t.Helper()
	if _, err := unix.Write(int(p.keyboard.Fd()), []byte(keys)); err != nil {
		p.t.Fatal(err)
	}
	if err := unix.SetNonblock(int(p.keyboard.Fd()), true); err != nil {
		p.t.Fatal(err)
	}
	b := make([]byte, 256)
	if n, err := unix.Read(int(p.keyboard.Fd()), b); err != unix.EAGAIN && n > 0 {
		p.t.Errorf("the terminal shows %q", b[:n])
	}
}

func (p *pty) create(ctx context.Context) int {
	return run(ctx, []string{"account", "create", "--home", p.t.TempDir(), "--alias", "acme", "--email", "ada@example.org"},
		streams{in: p.terminal, out: io.Discard, err: p})
}

func TestPasswordIsNotShown(t *testing.T) {
	for _, c := range []struct {
		name string
		keys map[string]string // by question
		code int
	}{
		{"line by line", map[string]string{"Password: ": "correct horse\r", "Again: ": "correct horse\r"}, exitDone},
		{"both at once", map[string]string{"Password: ": "correct horse\rcorrect horse\r"}, exitDone},
		{"different", map[string]string{"Password: ": "correct horse\r", "Again: ": "battery staple\r"}, exitFailed},
		{"Ctrl-D", map[string]string{"Password: ": "\x04"}, exitCancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPTY(t)
			p.asked = func(question string) {
				if keys := c.keys[question]; keys != "" {
					p.typed(keys) // at once: before the question can be seen
				}
			}
			if code := p.create(t.Context()); code != c.code {
				t.Errorf("exit code %d, want %d: %s", code, c.code, &p.printed)
			}
			if !p.echoes() {
				t.Error("the echo is not put back")
			}
		})
	}
}

func TestCancelledPromptPutsTheEchoBack(t *testing.T) {
	p := newPTY(t)
	ctx, cancel := context.WithCancel(t.Context())
	p.asked = func(string) {
		if p.echoes() {
			t.Error("echo while asking")
		}
		cancel()
	}
	if code := p.create(ctx); code != exitCancelled {
		t.Errorf("exit code %d: %s", code, &p.printed)
	}
	if !p.echoes() {
		t.Error("the echo is not put back")
	}
	p.keyboard.Close() // ends the read that was left behind
}
