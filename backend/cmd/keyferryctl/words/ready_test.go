package words_test

import (
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/readiness"
)

// A rung without words of its own for a state says what it is about: none says its ID.
func TestEveryRungHasWords(t *testing.T) {
	params := map[string]string{"host": "h", "count": "1", "denied": "1", "have": "8", "kind": "kvm", "computer": "a", "least": "b", "system": "s", "name": "n"}
	for _, id := range readiness.Rungs() {
		for _, s := range []readiness.State{readiness.OK, readiness.Failed, readiness.Warning, readiness.Unknown, readiness.Skipped} {
			text := words.Rung(id, string(s), params)
			if strings.HasPrefix(text, id) || strings.ContainsAny(text, "{}") || len(text) > 160 {
				t.Errorf("%s, %s: %q", id, s, text)
			}
		}
	}
}

func TestRungsArePrecise(t *testing.T) {
	for _, c := range []struct {
		id, state string
		params    map[string]string
		want      string
	}{
		{"host-connect", "ok", map[string]string{"host": "cable.auth.com"}, "cable.auth.com takes connections"},
		{"host-connect", "warning", map[string]string{"host": "cable.auth.com", "via": "proxy"}, "your proxy answers; whether it lets cable.auth.com through shows when it is used"},
		{"host-name", "skipped", map[string]string{"host": "cable.auth.com", "via": "proxy"}, "the proxy looks cable.auth.com up"},
		{"host-name", "unknown", map[string]string{"host": "cable.auth.com", "why": "not-asked"}, "the name cable.auth.com: not asked (--offline)"},
		{"radio-power", "skipped", nil, "the power of Bluetooth: cannot be seen yet"},
		{"usb-permission", "ok", map[string]string{"count": "0", "denied": "0"}, "there is a rule that lets you open them"},
		{"tpm-device", "unknown", map[string]string{"why": "silent"}, "a TPM 2.0: no answer in time"},
		{"card-reader", "unknown", map[string]string{"why": "system"}, "a card reader: Windows asks for the key or card in its own window"},
		{"virtual", "warning", map[string]string{"kind": "vmware"}, "this is a virtual machine (vmware): it has the devices that its host hands on, and no others"},
		{"virtual", "warning", map[string]string{"kind": "container"}, "this is a container: it has the devices that its host hands on, and no others"},
		{"clock", "failed", map[string]string{"computer": "1970", "least": "2026"}, "the clock says 1970, and it was 2026 already. Set it"},
	} {
		if got := words.Rung(c.id, c.state, c.params); got != c.want {
			t.Errorf("%s, %s: %q", c.id, c.state, got)
		}
	}
}

// What failed because of this computer has something to do about it, on every system.
func TestEveryFailureOfThisComputerHasARepair(t *testing.T) {
	for _, system := range []string{"linux", "windows", "darwin", "freebsd"} {
		for _, code := range []mfa.Code{mfa.CodeRadioMissing, mfa.CodeRadioOff, mfa.CodeRadioDenied, mfa.CodeRadioNoService, mfa.CodeRadioUnsupported, mfa.CodeRadioFailed,
			mfa.CodeTunnelUnreachable, mfa.CodeKeyPermission, mfa.CodeKeyUnsupported, mfa.CodeKeyFailed, mfa.CodeReaderMissing, mfa.CodeReaderNoService, mfa.CodeReaderDenied,
			mfa.CodeTPMMissing, mfa.CodeTPMDenied, mfa.CodeTPMLockout, mfa.CodeTPMFailed, mfa.CodePlatformMissing, mfa.CodeVaultLocked} {
			if words.Repair(system, mfa.Fail(code, "host", "h")) == "" {
				t.Errorf("%s: nothing is said to do about %s", system, code)
			}
		}
	}
	if got := words.Repair("linux", mfa.Fail(mfa.CodeTunnelUnreachable, "host", "cable.auth.com")); !strings.Contains(got, "cable.auth.com") {
		t.Error(got)
	}
	if got := words.Repair("linux", nil); got != "" {
		t.Error(got)
	}
}

func TestActionsOfKeysHaveWords(t *testing.T) {
	for _, a := range []mfa.Action{mfa.ActionInsertKey, mfa.ActionReplugKey, mfa.ActionInstallRule, mfa.ActionSetPIN, mfa.ActionResetKey} {
		if words.Action(a) == "" {
			t.Errorf("%s has no words", a)
		}
	}
}

func TestEveryWayHasWords(t *testing.T) {
	for _, w := range readiness.Ways() {
		if words.Way(string(w)) == string(w) {
			t.Errorf("%s has no words", w)
		}
		for _, system := range []string{"linux", "windows", "darwin", "ios", "android"} {
			d := readiness.DocumentedFor(system, w)
			text := words.Guide(string(d.Support), d.Note, strings.Join(d.Browsers, ", "))
			if text == "" || strings.ContainsAny(text, "{}") {
				t.Errorf("%s on %s: %q", w, system, text)
			}
		}
	}
	for _, v := range []readiness.Verdict{readiness.Ready, readiness.NotReady, readiness.Unsure} {
		if words.Verdict(string(v)) == "" {
			t.Errorf("%s has no words", v)
		}
	}
	for _, note := range constants(t, "../../../readiness/compare.go", "Note") {
		if words.Guide("yes", note, "") == "supported" {
			t.Errorf("note %s has no words", note)
		}
	}
}
