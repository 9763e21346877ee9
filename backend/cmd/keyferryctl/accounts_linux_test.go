package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTheAccountIsAskedForByNumber(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	home, pw, pin := filepath.Join(dir, "home"), file("pw", "correct horse\n"), file("pin", "2580\n")
	for _, args := range [][]string{
		{"account", "create", "--sandbox", "--alias", "acme", "--email", "ada@example.org", "--password-file", pw},
		{"user", "add", "bob", "--password-file", pw, "--new-password-file", pw},
		{"settings", "set", "--passwordless", "--password-file", pw},
		{"keys", "pin", "--simulated-key", "plain", "--new-pin-file", pin},
		{"enroll", "key", "--name", "bobs", "--user", "bob", "--yes", "--password-file", pw, "--pin-file", pin},
		{"enroll", "key", "--name", "adas", "--yes", "--password-file", pw, "--pin-file", pin},
	} {
		var said bytes.Buffer
		if code := run(t.Context(), append(args, "--home", home), streams{in: os.Stdin, out: &said, err: &said}); code != exitDone {
			t.Fatalf("%v: exit code %d: %s", args, code, &said)
		}
	}
	for _, c := range []struct {
		name  string
		types string
		asked int
		code  int
		says  string
	}{
		{"the second", "2\r", 1, exitDone, "bob signed in. MFA verified by bobs."},
		{"the first", " 1\r", 1, exitDone, "ada@example.org signed in. MFA verified by adas."},
		{"what is none", "0\r3\rtwo\r2\r", 4, exitDone, "bob signed in."},
		{"nothing", "\r", 1, exitCancelled, ""},
		{"Ctrl-D", "\x04", 1, exitCancelled, ""},
		{"never", strings.Repeat("x\r", slips), slips, exitFailed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, asked := newPTY(t), 0
			p.asked = func(question string) {
				if question != "Account [1-2]: " {
					t.Errorf("asked %q", question)
				}
				if asked++; asked == 1 {
					if _, err := unix.Write(int(p.keyboard.Fd()), []byte(c.types)); err != nil {
						t.Error(err)
					}
				}
			}
			var out bytes.Buffer
			code := run(t.Context(), []string{"signin", "--passkey", "--key", "--pin-file", pin, "--home", home}, streams{in: p.terminal, out: io.Writer(&out), err: p})
			if code != c.code || asked != c.asked || !strings.Contains(out.String(), c.says) || c.says == "" && strings.Contains(out.String(), "signed in. ") {
				t.Errorf("exit code %d after %d questions: %s %s", code, asked, &out, &p.printed)
			}
			if !strings.Contains(out.String(), "1  ada@example.org\n2  bob\n") {
				t.Errorf("the list is not there: %s", &out)
			}
		})
	}
}
