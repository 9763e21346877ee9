package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// pair is a computer's data folder, a phone's, and what lies between them.
type pair struct {
	t        *testing.T
	dir      string
	password string
	air      []string // --radio and --tunnel
}

func newPair(t *testing.T) *pair {
	t.Helper()
	radio, listen := freePorts(t.Fatalf)
	p := &pair{t: t, dir: t.TempDir(), air: []string{"--radio", radio, "--tunnel", "ws://" + listen}}
	p.password = filepath.Join(p.dir, "password")
	if err := os.WriteFile(p.password, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	relay := p.start("tunnel", "--listen", listen)
	waitFor(t.Fatalf, "the tunnel server", func() bool { return listens(listen) })
	t.Cleanup(func() { relay.end(syscall.SIGKILL) })
	p.must("account", "create", "--sandbox", "--home", p.home("pc"), "--alias", "acme", "--email", "ada@example.org", "--password-file", p.password)
	return p
}

func (p *pair) home(which string) string { return filepath.Join(p.dir, which) }

// process is a running keyferryctl whose lines are read one by one.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
	err   bytes.Buffer
}

func (p *pair) start(args ...string) *process {
	p.t.Helper()
	x := &process{t: p.t, cmd: exec.Command("keyferryctl", args...)}
	x.cmd.Env = append(os.Environ(), "HOME="+p.dir, "XDG_CONFIG_HOME="+p.dir)
	var err error
	if x.in, err = x.cmd.StdinPipe(); err != nil {
		p.t.Fatal(err)
	}
	out, err := x.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	x.cmd.Stderr = &x.err
	x.lines = bufio.NewScanner(out)
	if err := x.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	return x
}

// must runs a command to its end and gives what it printed.
func (p *pair) must(args ...string) string {
	p.t.Helper()
	x := p.start(args...)
	x.in.Close()
	var out strings.Builder
	for x.lines.Scan() {
		out.WriteString(x.lines.Text() + "\n")
	}
	if code := x.wait(); code != exitDone {
		p.t.Fatalf("%v: exit code %d\n%s%s", args[:2], code, out.String(), x.err.String())
	}
	return out.String()
}

func (x *process) wait() int {
	_ = x.cmd.Wait()
	return x.cmd.ProcessState.ExitCode()
}

// end sends a signal and gives the exit code, -1 when the signal killed it.
func (x *process) end(s syscall.Signal) int {
	_ = x.cmd.Process.Signal(s)
	for x.lines.Scan() { // so that it is not held up by its output
	}
	return x.wait()
}

// stage reads lines until a stage comes.
func (x *process) stage(want mfa.Stage) stageLine {
	x.t.Helper()
	for x.lines.Scan() {
		var l stageLine
		if err := json.Unmarshal(x.lines.Bytes(), &l); err != nil {
			x.t.Fatalf("%v in %q", err, x.lines.Text())
		}
		if l.Stage == want {
			return l
		}
		if l.Stage == mfa.StageFailed {
			x.t.Fatalf("failed before %s: %+v", want, l.Failure)
		}
	}
	x.t.Fatalf("ended before %s: %s", want, x.err.String())
	return stageLine{}
}

func (p *pair) enroll(name string) *process {
	return p.start(append([]string{"enroll", "phone", "--json", "--home", p.home("pc"), "--name", name, "--password-file", p.password}, p.air...)...)
}

func (p *pair) phone(uri, behaviour string) *process {
	return p.start(append([]string{"phone", "--json", "--home", p.home("phone"), "--uri", uri, "--behaviour", behaviour}, p.air...)...)
}

// TestEndInEveryStage ends enroll in every stage by Ctrl-C and by kill -9:
// nothing is half added, and the next attempt works.
func TestEndInEveryStage(t *testing.T) {
	for _, c := range []struct {
		stage     mfa.Stage
		behaviour string // of the phone; none scans at show-qr
	}{
		{mfa.StageShowQR, ""},
		{mfa.StageConfirm, "wait"},
		{mfa.StageNameDevice, "approve"},
	} {
		for _, s := range []struct {
			name   string
			signal syscall.Signal
			code   int
		}{{"Ctrl-C", syscall.SIGINT, exitCancelled}, {"kill -9", syscall.SIGKILL, -1}} {
			t.Run(string(c.stage)+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				p := newPair(t)
				x := p.enroll("pixel")
				shown := x.stage(mfa.StageShowQR)
				var phone *process
				if c.behaviour != "" {
					phone = p.phone(shown.URI, c.behaviour)
					x.stage(c.stage)
				}
				if code := x.end(s.signal); code != s.code {
					t.Errorf("exit code %d, want %d: %s", code, s.code, x.err.String())
				}
				if phone != nil {
					phone.end(syscall.SIGINT)
				}
				if list := p.must("devices", "list", "--home", p.home("pc"), "--password-file", p.password); !strings.Contains(list, "No devices") {
					t.Errorf("something was added:\n%s", list)
				}
				trail := p.must("events", "--home", p.home("pc"))
				if strings.Contains(trail, string(mfa.EventDeviceAdded)) || strings.Contains(trail, string(mfa.EventPhoneLinked)) || !strings.Contains(trail, "The chain is whole") {
					t.Errorf("the audit trail:\n%s", trail)
				}
				x = p.enroll("pixel")
				phone = p.phone(x.stage(mfa.StageShowQR).URI, "approve")
				x.stage(mfa.StageNameDevice)
				if _, err := io.WriteString(x.in, "yes\n"); err != nil {
					t.Fatal(err)
				}
				if d := x.stage(mfa.StageDone).Device; d == nil || d.Name != "pixel" || !d.OnPhone {
					t.Errorf("added %+v", d)
				}
				if code := x.wait(); code != exitDone {
					t.Errorf("exit code %d: %s", code, x.err.String())
				}
				phone.end(syscall.SIGINT)
			})
		}
	}
}

// TestRing signs in without a code: the phone gave a link and waits in a
// process of its own.
func TestRing(t *testing.T) {
	p := newPair(t)
	x := p.enroll("pixel")
	phone := p.phone(x.stage(mfa.StageShowQR).URI, "approve")
	x.stage(mfa.StageNameDevice)
	if _, err := io.WriteString(x.in, "y\n"); err != nil {
		t.Fatal(err)
	}
	x.stage(mfa.StageDone)
	if code := x.wait(); code != exitDone {
		t.Fatalf("exit code %d: %s", code, x.err.String())
	}
	phone.end(syscall.SIGINT)

	phone = p.start(append([]string{"phone", "--json", "--home", p.home("phone"), "--serve", "--behaviour", "approve"}, p.air...)...)
	for phone.lines.Scan() && !strings.Contains(phone.lines.Text(), "reachable") {
	}
	out := p.must(append([]string{"signin", "--home", p.home("pc"), "--password-file", p.password, "--ring"}, p.air...)...)
	if !strings.Contains(out, "Waking your phone") || strings.Contains(out, "Scan this code") || !strings.Contains(out, "MFA verified by pixel") {
		t.Error(out)
	}
	if code := phone.end(syscall.SIGINT); code != exitCancelled {
		t.Errorf("the phone ends with %d: %s", code, phone.err.String())
	}
}

// A code that nobody shows to anybody else must not stand in what is printed
// for people, only in the picture of it.
func TestTextOutputHoldsNoSecret(t *testing.T) {
	p := newPair(t)
	out := p.must("enroll", "phone", "--home", p.home("pc"), "--name", "pixel", "--password-file", p.password, "--yes")
	if strings.Contains(strings.ToUpper(out), "FIDO:/") || strings.Contains(out, "correct horse") {
		t.Error(out)
	}
}

func TestExitCodes(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	home := t.TempDir()
	for _, c := range []struct {
		name string
		ctx  context.Context
		args []string
		code int
	}{
		{"done", t.Context(), []string{"version"}, exitDone},
		{"help", t.Context(), []string{"help"}, exitDone},
		{"no command", t.Context(), nil, exitUsage},
		{"unknown command", t.Context(), []string{"dance"}, exitUsage},
		{"unknown flag", t.Context(), []string{"signin", "--wings"}, exitUsage},
		{"missing argument", t.Context(), []string{"enroll", "phone"}, exitUsage},
		{"surplus argument", t.Context(), []string{"signin", "now"}, exitUsage},
		{"flags after arguments", t.Context(), []string{"inspect", "FIDO:/12", "--json"}, exitFailed},
		{"failed", t.Context(), []string{"account", "show", "--home", home}, exitFailed},
		{"cancelled", cancelled, []string{"tunnel", "--listen", "127.0.0.1:0"}, exitCancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := run(c.ctx, c.args, streams{in: null, out: &out, err: &errs}); code != c.code {
				t.Errorf("exit code %d, want %d\n%s%s", code, c.code, out.String(), errs.String())
			}
		})
	}
}
