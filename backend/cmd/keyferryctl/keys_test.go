package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/simkey"
	"github.com/keyferry/keyferry/backend/transport"
)

// keysOfTests are the security keys of the computer that partsOfTests is: one that may
// not be opened.
func keysOfTests() (*keys.Service, error) {
	return keys.New(keys.Config{Buses: []transport.KeyBus{partsOfTests().USB}}), nil
}

// cellar is an empty data folder with files for secrets.
func cellar(t *testing.T, secrets map[string]string) (file func(string) string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range secrets {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(name string) string { return filepath.Join(dir, name) }
}

// runs is a command in this process, by a script: nobody sits at a terminal.
func runs(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var out bytes.Buffer
	code = run(t.Context(), args, streams{in: null, out: &out, err: &out})
	return code, out.String()
}

// slotBus has slots that can be listed and nothing else.
type slotBus struct {
	patientBus
	err error
}

func (b slotBus) List(context.Context) ([]transport.Slot, error) { return b.slots, b.err }

func TestKeysOfThisComputer(t *testing.T) {
	denied := transport.Slot{ID: "/dev/hidraw7", Name: "Blue \x1b[31mkey", Way: transport.WayUSB, Trouble: mfa.Fail(mfa.CodeKeyPermission, "node", "/dev/hidraw7", "vendor", "1050", "product", "0407")}
	busy := transport.Slot{ID: "/dev/hidraw8", Name: "Red key", Way: transport.WayUSB, Trouble: mfa.Fail(mfa.CodeKeyBusy)}
	usb := func(slots ...transport.Slot) transport.KeyBus { return slotBus{patientBus: patientBus{slots: slots}} }
	cards := slotBus{err: mfa.Fail(mfa.CodeReaderNoService)}
	was := keysOfMachine
	t.Cleanup(func() { keysOfMachine = was })
	for _, c := range []struct {
		name  string
		buses []transport.KeyBus
		args  []string
		code  int
		want  string
	}{
		{"one that may not be opened", []transport.KeyBus{usb(denied)}, []string{"keys"}, exitDone, `ATTRS{idVendor}=="1050"`},
		{"its name does not steer the terminal", []transport.KeyBus{usb(denied)}, []string{"keys"}, exitDone, "Blue \ufffd[31mkey"},
		{"it for scripts", []transport.KeyBus{usb(denied)}, []string{"keys", "--json"}, exitDone, `"code": "key-permission"`},
		{"it alone", []transport.KeyBus{usb(denied)}, []string{"keys", "info"}, exitFailed, "key-permission: You may not open"},
		{"its failure is told with the rule", []transport.KeyBus{usb(denied)}, []string{"keys", "wink"}, exitFailed, rulePath},
		{"two", []transport.KeyBus{usb(denied, busy)}, []string{"keys", "reset"}, exitUsage, "2 security keys are plugged in"},
		{"the second", []transport.KeyBus{usb(denied, busy)}, []string{"keys", "reset", "0:/dev/hidraw8"}, exitFailed, "key-busy"},
		{"another", []transport.KeyBus{usb(denied, busy)}, []string{"keys", "info", "0:/dev/hidraw9"}, exitFailed, "There is no such security key here"},
		{"none, and no card service", []transport.KeyBus{usb(), cards}, []string{"keys"}, exitDone, "No security keys."},
		{"none, and no other way", []transport.KeyBus{cards}, []string{"keys"}, exitFailed, "reader-service-missing"},
		{"none to unlock", []transport.KeyBus{usb()}, []string{"keys", "passkeys"}, exitFailed, "NoSuchEntity (not-found)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			keysOfMachine = func() (*keys.Service, error) { return keys.New(keys.Config{Buses: c.buses}), nil }
			code, out := runs(t, append(c.args, "--home", filepath.Join(t.TempDir(), "none"))...)
			if code != c.code || !strings.Contains(out, c.want) {
				t.Errorf("exit code %d, lacks %q:\n%s", code, c.want, out)
			}
		})
	}
}

func TestStagesOfKeysAreTold(t *testing.T) {
	denied := mfa.Fail(mfa.CodeKeyPermission, "node", "/dev/hidraw7", "vendor", "1050", "product", "0407")
	for _, c := range []struct {
		name string
		mfa.Progress
		text, json []string
	}{
		{"no key", mfa.Progress{Stage: mfa.StageFindKey}, []string{"Plug in your security key"}, []string{`"stage":"find-key"`}},
		{"one that may not be opened", mfa.Progress{Stage: mfa.StageFindKey, Trouble: denied}, []string{"/dev/hidraw7", "Plug in", rulePath, "uaccess"},
			[]string{`"trouble":{"code":"key-permission"`, `"next":"install-rule"`, `"rule":"`}},
		{"several", mfa.Progress{Stage: mfa.StageTouchKey, Keys: 3}, []string{"that you mean: 3"}, []string{`"keys":3`}},
		{"one", mfa.Progress{Stage: mfa.StageTouchKey, Keys: 1, Key: "Blue"}, []string{"Touch Blue"}, []string{`"keys":1,"key":"Blue"`}},
		{"a PIN", mfa.Progress{Stage: mfa.StageEnterPIN, Key: "Blue", PIN: &mfa.PINAsk{For: mfa.PINVerify, Key: "Blue", Min: 4, Max: 63, Left: 1, Wrong: true}},
			[]string{"not the PIN", "last try", "Enter the PIN of Blue"}, []string{`"pin":{"for":"verify","local":false,"min":4,"max":63,"left":1,"wrong":true,"replug":false}`}},
		{"the system's window", mfa.Progress{Stage: mfa.StageSystem}, []string{"window of your system"}, []string{`"stage":"system-dialog"`}},
	} {
		for _, asJSON := range []bool{false, true} {
			var out bytes.Buffer
			terminal := newTerminal(streams{in: os.Stdin, out: &out, err: &out}, asJSON)
			pins := &pinFlags{present: &secretFlag{name: "pin"}, fresh: &secretFlag{name: "new-pin"}}
			(&stages{t: terminal, purpose: "sign-in", pins: pins}).report(c.Progress)
			for _, want := range map[bool][]string{false: c.text, true: c.json}[asJSON] {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%s: %q lacks %q", c.name, out.String(), want)
				}
			}
		}
	}
}

// localBus makes a key look like this computer's own.
type localBus struct{ transport.KeyBus }

func (b localBus) List(ctx context.Context) ([]transport.Slot, error) {
	slots, err := b.KeyBus.List(ctx)
	for i := range slots {
		slots[i].Way, slots[i].Name = transport.WayInternal, ""
	}
	return slots, err
}

func (b localBus) Open(ctx context.Context, slot string) (transport.Key, error) {
	k, err := b.KeyBus.Open(ctx, slot)
	return localKey{k}, err
}

type localKey struct{ transport.Key }

func (localKey) Way() string { return transport.WayInternal }

// This computer is looked after like a key, under its own words, and no command about
// keys means it.
func TestThisComputerIsLookedAfter(t *testing.T) {
	key, err := simkey.Open(simkey.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	key.Plug(true)
	file := cellar(t, map[string]string{"pin": "2580", "wrong": "0000"})
	service := keys.New(keys.Config{Buses: []transport.KeyBus{slotBus{}}, Computer: localBus{key.Bus()}})
	defer service.Close()
	var out bytes.Buffer
	var k keys.Key
	with := func(pin string) *holder {
		t.Helper()
		out.Reset()
		h := &holder{Service: service, t: newTerminal(streams{in: os.Stdin, out: &out, err: &out}, false), computer: true,
			pins: &pinFlags{present: &secretFlag{"pin", file(pin)}, fresh: &secretFlag{"new-pin", file(pin)}}}
		if k, err = h.key(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := with("pin")
	if err := h.withNewPIN(t.Context(), k, func(pin *mfa.Secret) error { return h.setPIN(t.Context(), &k, nil, pin) }); err != nil {
		t.Fatal(err)
	}
	if err := with("pin").unlock(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		h = with("wrong")
		if err := h.unlock(t.Context(), k); !mfa.IsCode(err, mfa.CodePINWrong) && !mfa.IsCode(err, mfa.CodePINLocked) {
			t.Fatal(err)
		}
		key.Plug(false)
		key.Plug(true)
	}
	h = with("wrong")
	_ = h.unlock(t.Context(), k)
	if text := out.String(); !strings.Contains(text, "Tries left: 3. After that the TPM takes no PIN for a while.") || strings.Contains(text, "blocked") {
		t.Error(text)
	}
	if subject(k) != "This computer" || nameOf(k) != "this computer" || byWay(k) != "TPM" {
		t.Errorf("%s, %s, %s", subject(k), nameOf(k), byWay(k))
	}
	h.computer = false
	if _, err := h.key(t.Context(), ""); !mfa.IsCode(err, mfa.CodeNotFound) {
		t.Errorf("meant as a key: %v", err)
	}
	h.computer, h.missing = true, mfa.Fail(mfa.CodeTPMMissing)
	key.Plug(false)
	if _, err := h.key(t.Context(), ""); !mfa.IsCode(err, mfa.CodeTPMMissing) {
		t.Errorf("without a TPM: %v", err)
	}
}
