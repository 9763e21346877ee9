package peers

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport/hid"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// patience only ends programs that hang.
const patience = 3 * time.Minute

// waits is the relying party whose requests nobody answers: the peers cancel them.
const waits = "waits.keyferry.internal"

// device is a key of one kind.
type device struct {
	name   string
	can    hid.Capability
	config func() virtualauth.Config
}

func devices() []device {
	const both = hid.CanWink | hid.CanCBOR
	key := func() virtualauth.Config {
		return virtualauth.Config{
			AAGUID: mfa.AAGUID{1, 2, 3}, Algorithms: []int64{ctap2.ES256, ctap2.EdDSA}, Attestation: virtualauth.Packed,
			Discoverable: true, Counter: virtualauth.Rising, Transports: []string{"usb"}, MaxCredentials: 25,
			ClientPIN: true, UVOptional: true, CredMgmt: true, Selection: true, Reset: true,
			CredProtect: true, HMACSecret: true, U2F: true, Consent: consent,
		}
	}
	return []device{
		{"2.1, protocols two and one", both, key},
		{"2.1, protocol one", both, func() virtualauth.Config {
			c := key()
			c.PINProtocols = []uint64{1}
			return c
		}},
		{"2.0", both, func() virtualauth.Config {
			c := key()
			c.Versions, c.PINProtocols, c.UVOptional, c.Selection = []string{"FIDO_2_0", "FIDO_2_1_PRE"}, []uint64{1}, false, false
			return c
		}},
		{"fingerprint", both, func() virtualauth.Config {
			c := key()
			c.BuiltInUV = true
			return c
		}},
		{"U2F", hid.CanWink, func() virtualauth.Config {
			return virtualauth.Config{Counter: virtualauth.Rising, U2F: true, Consent: consent}
		}},
	}
}

// consent is a finger that is always there, except for one relying party.
func consent(ctx context.Context, p virtualauth.Prompt) (virtualauth.Decision, error) {
	if p.RPID == waits {
		<-ctx.Done()
		return virtualauth.Decision{}, ctx.Err()
	}
	return virtualauth.Decision{Approve: true, Verified: true}, nil
}

// need skips when a package is missing.
func need(t *testing.T, what string, command ...string) {
	t.Helper()
	if err := exec.CommandContext(t.Context(), command[0], command[1:]...).Run(); err != nil {
		t.Skipf("%s is not here: build/setup.sh peers installs it", what)
	}
}

// run runs a peer against each device and wants it to be content: it exits with 0
// and its last line is "content".
func run(t *testing.T, command ...string) {
	for _, d := range devices() {
		t.Run(d.name, func(t *testing.T) {
			a := virtualauth.New(d.config())
			defer a.Close()
			path := plugIn(t, a, d.can)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			program := exec.CommandContext(ctx, command[0], append(command[1:], path)...)
			var out bytes.Buffer
			program.Stdout, program.Stderr = &out, &out
			err := program.Run()
			text := strings.TrimSpace(out.String())
			if err != nil || !strings.HasSuffix(text, "content") {
				t.Fatalf("%v\n%s", errors.Join(err, ctx.Err()), text)
			}
			t.Log("\n" + text)
		})
	}
}

func TestLibfido2(t *testing.T) {
	need(t, "gcc", "gcc", "--version")
	need(t, "libfido2-dev", "gcc", "-fsyntax-only", "-include", "fido.h", "-x", "c", "/dev/null")
	program := filepath.Join(t.TempDir(), "peer")
	out, err := exec.CommandContext(t.Context(), "gcc", "-Wall", "-Wextra", "-Werror", "-o", program, filepath.Join("testdata", "libfido2.c"), "-lfido2").CombinedOutput()
	if err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	run(t, program)
}

func TestPythonFido2(t *testing.T) {
	const python = "/usr/bin/python3" // the system's: another one does not see the package
	need(t, "python3-fido2", python, "-c", "import fido2.ctap2")
	run(t, python, "-B", filepath.Join("testdata", "fido2peer.py"))
}
