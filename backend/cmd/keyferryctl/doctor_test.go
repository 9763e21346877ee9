package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/readiness"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
)

// What the doctor of the tests finds: see partsOfTests.
type (
	patientRadio struct{ err error }
	patientBus   struct{ slots []transport.Slot }
	patientNet   struct{}
)

func (r patientRadio) Probe(context.Context) (string, error) { return adapterOfTests, r.err }
func (patientRadio) Scan(context.Context, func(), func(transport.Advert)) error {
	panic("the doctor listens to nothing")
}

func (b patientBus) List(context.Context) ([]transport.Slot, error) { return b.slots, nil }
func (patientBus) Watch(context.Context, func()) error              { panic("the doctor watches nothing") }
func (patientBus) Open(context.Context, string) (transport.Key, error) {
	panic("the doctor opens no key")
}
func (patientBus) Readers(context.Context) (int, error) { return 0, nil }

func (patientNet) Proxy(string) string                   { return "" }
func (patientNet) Resolve(context.Context, string) error { return nil }
func (patientNet) Connect(context.Context, string) error { return nil }

// nameOfTests stands wherever the name of a computer could come from.
const nameOfTests = "adas-laptop"

// adapterOfTests is what its Bluetooth adapter is called: often as the computer, but
// people name it as they like.
const adapterOfTests = "the-blue-one"

// partsOfTests is a Linux computer with Bluetooth, with a key that may not be opened,
// without card readers, and with a TPM that is locked.
func partsOfTests() readiness.Config {
	return readiness.Config{
		System: "linux", Radio: patientRadio{}, Cards: patientBus{}, Network: patientNet{}, Hosts: hybrid.Hosts(),
		USB: patientBus{slots: []transport.Slot{{ID: "/dev/hidraw7", Way: transport.WayUSB, Trouble: mfa.Fail(mfa.CodeKeyPermission, "node", "/dev/hidraw7", "vendor", "1050", "product", "0407")}}},
		Computer: func(context.Context) (readiness.Own, error) {
			return readiness.Own{}, mfa.Fail(mfa.CodeTPMLockout, "seconds", "90")
		},
		Machine: func(context.Context) (readiness.Facts, error) {
			return readiness.Facts{System: "linux", Name: "Debian GNU/Linux", Version: "12", Kernel: "6.1.0-" + nameOfTests, Arch: "amd64", Desktop: "Desk of ada in /home/ada", ClockKept: readiness.Yes}, nil
		},
	}
}

// visit runs the doctor and gives what it prints.
func visit(t *testing.T, parts readiness.Config, args ...string) (code int, out string) {
	t.Helper()
	before := doctorParts
	doctorParts = func() readiness.Config { return parts }
	defer func() { doctorParts = before }()
	var said bytes.Buffer
	code = run(t.Context(), append([]string{"doctor"}, args...), streams{in: os.Stdin, out: &said, err: &said})
	return code, said.String()
}

func TestDoctorExitCode(t *testing.T) {
	nothing := partsOfTests()
	nothing.Radio = patientRadio{mfa.Fail(mfa.CodeRadioMissing)}
	for _, c := range []struct {
		name  string
		parts readiness.Config
		args  []string
		want  int
	}{
		{"the phone can", partsOfTests(), nil, 0},
		{"asked for the phone", partsOfTests(), []string{"phone"}, 0},
		{"not certain without the network", partsOfTests(), []string{"phone", "--offline"}, 0},
		{"asked for the key", partsOfTests(), []string{"key"}, 1},
		{"one of the two can", partsOfTests(), []string{"key", "phone"}, 0},
		{"asked for codes", nothing, []string{"code"}, 0},
		{"nothing but codes can", nothing, nil, 1},
		{"no such way", nothing, []string{"stairs"}, 2},
		{"results without a report", nothing, []string{"--result", "A1=works"}, 2},
		{"a result without a step", nothing, []string{"--result", "works"}, 2},
		{"a step that is none", nothing, []string{"--result", "../A1=works"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			if code, out := visit(t, c.parts, c.args...); code != c.want {
				t.Errorf("exit code %d\n%s", code, out)
			}
		})
	}
}

// The report names neither the person, nor the computer, nor a folder of theirs,
// wherever these came from; what prints to the screen may.
func TestReportNamesNobody(t *testing.T) {
	const person, folder = "ada", "/home/ada"
	for _, variable := range []string{"USER", "USERNAME", "LOGNAME"} {
		t.Setenv(variable, person)
	}
	t.Setenv("HOME", folder)
	t.Setenv("USERPROFILE", folder)
	t.Setenv("HOSTNAME", nameOfTests)
	parts := partsOfTests()
	parts.Computer = func(context.Context) (readiness.Own, error) {
		return readiness.Own{}, mfa.Fail(mfa.CodeTPMDenied, "node", "/srv/acme-corp/tpm").Because(os.ErrPermission)
	}
	for _, file := range []string{"report.md", "report.json"} {
		t.Run(file, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), file)
			code, out := visit(t, parts, "--report", path, "--result", "A3=ada saw it on "+nameOfTests+", ada|`x`<b>", "--json")
			if code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			names := []string{nameOfTests, adapterOfTests, "/home", "acme-corp", "permission denied"}
			for _, name := range names {
				if !strings.Contains(out, name) {
					t.Errorf("the test looks for %q, which is nowhere", name)
				}
			}
			written, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text := strings.ToLower(string(written))
			for _, name := range names {
				if strings.Contains(text, name) {
					t.Errorf("the report holds %q:\n%s", name, written)
				}
			}
			for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r < 'a' || r > 'z' }) {
				if word == person {
					t.Errorf("the report names %s:\n%s", person, written)
				}
			}
			for _, kept := range []string{"debian gnu/linux 12", "tpm-denied", "key-permission", "/dev/hidraw7", "cable.ua5v.com", "[left out]", "user guide"} {
				if !strings.Contains(text, kept) {
					t.Errorf("the report lacks %q:\n%s", kept, written)
				}
			}
			if file == "report.md" && (strings.Contains(text, "<b>") || !strings.Contains(text, `\|`)) {
				t.Errorf("the report takes text for marks:\n%s", written)
			}
			if code, _ := visit(t, parts, "--report", path); code != 1 {
				t.Error("a report was written over")
			}
		})
	}
}

// A name that is part of a word is no name.
func TestHider(t *testing.T) {
	hide := hider([]string{"ada", `a\.b`})
	for text, want := range map[string]string{
		"ada":             hidden,
		"ada ada,ADA":     hidden + " " + hidden + "," + hidden,
		"adapter, canada": "adapter, canada",
		"x a.b y":         "x " + hidden + " y",
		"axb":             "axb",
		"/home/ada/x":     "/home/" + hidden + "/x",
		"":                "",
	} {
		if got := hide(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestDoctorForScripts(t *testing.T) {
	_, out := visit(t, partsOfTests(), "--json")
	var v visitJSON
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Ladders) != len(readiness.Ways()) || len(v.Guide.Ways) != len(readiness.Ways()) || !v.Online || v.System != "linux" || len(v.Machine) == 0 {
		t.Errorf("%+v", v)
	}
	key := v.Ladders[1].Rungs
	if last := key[len(key)-1]; last.Failure == nil || last.Failure.Code != mfa.CodeKeyPermission || !strings.Contains(last.Rule, "1050") || last.Repair == "" {
		t.Errorf("%+v", last)
	}
}

// Times are for scripts in params and for people in the message.
func TestDoctorTellsTheTime(t *testing.T) {
	parts := partsOfTests()
	parts.Clock = func() time.Time { return time.Date(1999, 12, 31, 23, 59, 0, 0, time.UTC) }
	r := readiness.New(parts).Check(t.Context(), readiness.Options{NotBefore: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)})
	for _, rung := range r.Ladder(readiness.WayCode).Rungs {
		if rung.ID != readiness.RungClock {
			continue
		}
		j := rungOf(rung, "linux", rung.Failure)
		want := "the clock says " + when(parts.Clock()) + ","
		if !strings.HasPrefix(j.Message, want) || j.Params["computer"] != "1999-12-31T23:59:00Z" {
			t.Errorf("%+v, want %q", j, want)
		}
		return
	}
	t.Error("nobody looked at the clock")
}

func TestUdevRule(t *testing.T) {
	for vendor, want := range map[string]string{"": "", "0000": "", "zz": "", "12345": "", "1050": "==\"1050\"", "00a1": "==\"00a1\""} {
		if got := udevRule(vendor); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %s", vendor, got)
		}
	}
}
