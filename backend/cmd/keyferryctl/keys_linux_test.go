package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
)

// types is a command in this process, by somebody who sits at p.
func types(t *testing.T, p *pty, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	code = run(t.Context(), args, streams{in: p.terminal, out: &out, err: io.MultiWriter(p, &out)})
	return code, out.String()
}

// TestThreeWrongPINsLockAKey types PINs on a terminal: three wrong ones in a row lock the
// key until it is unplugged, which a new command is to the simulated one. What is typed is
// neither shown nor said.
func TestThreeWrongPINsLockAKey(t *testing.T) {
	file := cellar(t, map[string]string{"pin": "canary-2580"})
	home := []string{"--home", file("home"), "--sandbox"}
	if code, out := runs(t, append([]string{"keys", "pin", "--new-pin-file", file("pin")}, home...)...); code != exitDone {
		t.Fatalf("%d %s", code, out)
	}
	typing := func(answers ...string) (int, string) {
		t.Helper()
		p := newPTY(t)
		p.asked = func(question string) {
			if question != "PIN: " || len(answers) == 0 {
				t.Errorf("asked %q, with %d answers left", question, len(answers))
				p.typed("\x04")
				return
			}
			p.typed(answers[0] + "\r")
			answers = answers[1:]
		}
		code, out := types(t, p, append([]string{"keys", "passkeys"}, home...)...)
		if len(answers) > 0 {
			t.Errorf("%q were not asked for", answers)
		}
		for _, secret := range []string{"canary", "wrong-one"} {
			if strings.Contains(out, secret) {
				t.Errorf("a PIN is said: %s", out)
			}
		}
		return code, out
	}
	code, out := typing("wrong-one", "wrong-one", "wrong-one")
	for _, want := range []string{"Tries left: 7.", "Tries left: 6.", "once more, the key has to be unplugged", "pin-locked"} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
	if code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if code, out = typing("wrong-one", "canary-2580"); code != exitDone || !strings.Contains(out, "Tries left: 4.") || !strings.Contains(out, "No passkeys") {
		t.Errorf("after it was unplugged: %d\n%s", code, out)
	}
	if code, out = typing("wrong-one", "wrong-one", "wrong-one"); code != exitFailed {
		t.Errorf("%d\n%s", code, out)
	}
	if code, out = typing("wrong-one", "wrong-one", "canary-2580"); code != exitDone || !strings.Contains(out, "Tries left: 3. After that the PIN is blocked for good") {
		t.Errorf("with few tries left: %d\n%s", code, out)
	}
}

// A person who mistypes a new PIN is asked again, and the present one once.
func TestPINIsChangedOnATerminal(t *testing.T) {
	file := cellar(t, map[string]string{"pin": "2580"})
	home := []string{"--home", file("home"), "--sandbox"}
	if code, out := runs(t, append([]string{"keys", "pin", "--new-pin-file", file("pin")}, home...)...); code != exitDone {
		t.Fatalf("%d %s", code, out)
	}
	for _, c := range []struct {
		name   string
		dialog []string // question, answer
		code   int
	}{
		{"mistyped", []string{"PIN: ", "2580\r", "New PIN: ", "13579\r", "Again: ", "24680\r", "New PIN: ", "13579\r", "Again: ", "13579\r"}, exitDone},
		{"too short first", []string{"PIN: ", "13579\r", "New PIN: ", "1\r", "Again: ", "1\r", "New PIN: ", "24680\r", "Again: ", "24680\r"}, exitDone},
		{"the present one mistyped", []string{"PIN: ", "0000\r", "New PIN: ", "2580\r", "Again: ", "2580\r", "PIN: ", "24680\r"}, exitDone},
		{"nobody answers", []string{"PIN: ", "\x04"}, exitCancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, dialog := newPTY(t), slices.Clone(c.dialog)
			p.asked = func(question string) {
				if len(dialog) == 0 || dialog[0] != question {
					t.Errorf("asked %q, expected %q", question, dialog)
					p.typed("\x04")
					return
				}
				p.typed(dialog[1])
				dialog = dialog[2:]
			}
			if code, out := types(t, p, append([]string{"keys", "pin"}, home...)...); code != c.code || len(dialog) > 0 {
				t.Errorf("exit code %d, %q left\n%s", code, dialog, out)
			}
		})
	}
}
