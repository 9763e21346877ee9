package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoPINLeaves is TestNoSecretLeaves for PINs: right, wrong, too long, of keys that
// take none. Only the simulated key itself keeps the hash of one, in a file of its own:
// it is another device.
func TestNoPINLeaves(t *testing.T) {
	secrets := map[string]string{"right": "canary-pin-2580", "other": "canary-pin-13579", "wrong": "canary-pin-0000", "long": strings.Repeat("canary-pin-long", 5), "password": "canary password one"}
	file := cellar(t, secrets)
	home := file("home")
	var out bytes.Buffer
	run := func(works bool, args ...string) {
		t.Helper()
		cmd := exec.Command("keyferryctl", append(args, "--home", home)...)
		cmd.Env = []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home, "PATH=" + os.Getenv("PATH"), "GORACE=" + os.Getenv("GORACE")}
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Run(); (err == nil) != works {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, said.String())
		}
		out.Write(said.Bytes())
	}
	both := func(works bool, args ...string) { // for people and for scripts
		t.Helper()
		run(works, args...)
		run(works, append(args, "--json")...)
	}
	run(true, "account", "create", "--sandbox", "--alias", "acme", "--email", "ada@example.org", "--password-file", file("password"))
	both(false, "keys", "pin", "--sandbox", "--simulated-key", "u2f", "--new-pin-file", file("right"))
	both(false, "keys", "pin", "--sandbox", "--simulated-key", "plain", "--new-pin-file", file("long"))
	run(true, "keys", "pin", "--sandbox", "--new-pin-file", file("right"))
	both(false, "keys", "pin", "--sandbox", "--pin-file", file("wrong"), "--new-pin-file", file("other"))
	both(false, "keys", "pin", "--sandbox", "--pin-file", file("right"), "--new-pin-file", file("long"))
	both(false, "keys", "passkeys", "--sandbox", "--pin-file", file("wrong"))
	both(true, "keys", "passkeys", "--sandbox", "--pin-file", file("right"))
	enroll := []string{"enroll", "key", "--name", "blue", "--yes", "--password-file", file("password")}
	both(false, append(enroll, "--pin-file", file("wrong"))...)
	run(true, append(enroll, "--pin-file", file("right"), "--json")...)
	signin := []string{"signin", "--password-file", file("password")}
	both(true, append(signin, "--pin-file", file("right"))...)
	both(false, append(signin, "--pin-file", file("wrong"))...)
	both(false, append(signin, "--pin-file", file("long"))...)
	run(true, "keys", "pin", "--sandbox", "--pin-file", file("right"), "--new-pin-file", file("other"))
	both(false, append(signin, "--pin-file", file("right"))...)
	both(true, "events")
	run(true, append([]string{"audit", "export", "--pin-file", file("other")}, signin[1:]...)...)
	both(true, "keys", "info", "--sandbox")

	searched := map[string][]byte{"the output": out.Bytes()}
	addFiles(t, searched, home)
	if len(searched) < 4 {
		t.Errorf("only %d places were searched", len(searched))
	}
	leaks(t, secrets, searched)
	delete(searched, "simulated-key.json")
	hashes := map[string]string{}
	for name, s := range secrets {
		whole := sha256.Sum256([]byte(s))
		hashes["the hash of "+name] = string(whole[:16]) // as keys keep it: CTAP 2.2 section 6.5.5
	}
	leaks(t, hashes, searched)
}

// A search that finds nothing proves nothing before it has found something.
func TestLeaksAreFound(t *testing.T) {
	text, err := json.Marshal(map[string][]byte{"pin": []byte("canary-pin-2580")})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"plain": "x canary-pin-2580", "base64 in JSON": string(text)} {
		var heard deaf
		leaks(&heard, map[string]string{"it": "canary-pin-2580"}, map[string][]byte{"a place": []byte(content)})
		if heard.errors == 0 {
			t.Errorf("%s: it is not found", name)
		}
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	found := map[string][]byte{}
	addFiles(t, found, filepath.Dir(path))
	if string(found["file"]) != "x" {
		t.Errorf("%q", found)
	}
}

// deaf counts errors and fails nothing.
type deaf struct {
	testing.TB
	errors int
}

func (d *deaf) Helper()               {}
func (d *deaf) Errorf(string, ...any) { d.errors++ }
