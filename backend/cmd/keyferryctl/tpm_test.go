package main

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/mfa"
)

// What this computer keeps is told and forgotten, without a sign-in and also where there
// is no TPM any more: only the count is said, and nothing is lost without a yes.
func TestWhatThisComputerKeeps(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere passkeys are the system's affair")
	}
	file := cellar(t, map[string]string{"password": "correct horse battery"})
	sandbox := []string{"--sandbox", "--home", file("home")}
	asked := func(code int, want string, args ...string) string {
		t.Helper()
		got, out := runs(t, append(args, sandbox...)...)
		if got != code || !strings.Contains(out, want) {
			t.Errorf("%v: exit code %d, lacks %q:\n%s", args, got, want, out)
		}
		return out
	}
	asked(exitFailed, "no-account", "tpm", "show")
	asked(exitDone, "", "account", "create", "--alias", "acme-lab", "--email", "root@example.org", "--password-file", file("password"))
	asked(exitDone, "It keeps 0 passkeys, and no PIN is set.", "tpm", "show")
	asked(exitDone, "This computer keeps nothing.", "tpm", "reset")

	h, err := assembly.Open(t.Context(), assembly.Config{Home: file("home"), Sandbox: true, Cheap: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"canary-ada", "canary-bob"} {
		err := h.Store.PutLocalPasskey(t.Context(), mfa.LocalPasskey{ID: []byte(name), RPID: "example.org", UserHandle: []byte(name), UserName: name,
			Public: []byte{1}, Private: []byte{2}, Discoverable: true, CreatedAt: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Store.PutLocalState(t.Context(), mfa.LocalState{Parent: []byte{1}, PINPublic: []byte{1}, PINPrivate: []byte{1}, PINSetAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}

	if out := asked(exitDone, "It keeps 2 passkeys, and its PIN was set 2", "tpm", "show"); strings.Contains(out, "canary") || !strings.Contains(out, "passkeys that this computer keeps: 2") {
		t.Errorf("%s", out)
	}
	asked(exitCancelled, "", "tpm", "reset") // nobody is there to be asked
	asked(exitDone, `"passkeys": 2`, "tpm", "show", "--json")
	asked(exitDone, "Deleted the PIN and 2 passkeys.", "tpm", "reset", "--yes")
	asked(exitDone, "It keeps 0 passkeys, and no PIN is set.", "tpm", "show")
}
