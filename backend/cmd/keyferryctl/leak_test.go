package main

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoSecretLeaves plants secrets that are found again wherever they come to lie, and
// looks for them, in every form in which they could be written, in all that the
// commands print and in all files of the data folder. It looks at failures as well:
// they are where secrets get into texts that nobody meant.
func TestNoSecretLeaves(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	home, backup, key := filepath.Join(dir, "home"), filepath.Join(dir, "backup.age"), filepath.Join(dir, "key")
	seed := "canary-seed-20-bytes"
	secrets := map[string]string{"password": "canary password one", "user": "canary password two", "vault": "canary vault passphrase",
		"other": "canary other passphrase", "backup": "canary backup passphrase", "seed": seed, "recovery": "CANA-RYCA-NARY-CANA", "row": "canary-row-secret"}
	file := map[string]string{}
	for name, s := range secrets {
		file[name] = write("secret-"+name, s+"\n")
	}
	tokens := write("tokens.csv", "TOKEN0001,"+hex.EncodeToString([]byte(seed))+",TOTP\nTOKEN0002,"+hex.EncodeToString([]byte(seed))+",TOTP\n")
	broken := write("broken.csv", "TOKEN0003,"+secrets["row"]+",TOTP\n")
	users := write("users.csv", "name,password\nbob,"+secrets["user"]+"\nb b,"+secrets["row"]+"\n")

	var out bytes.Buffer
	run := func(works bool, args ...string) {
		t.Helper()
		cmd := exec.Command("keyferryctl", append(args, "--home", home)...)
		cmd.Env = []string{"HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GORACE=" + os.Getenv("GORACE")}
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Run(); (err == nil) != works {
			t.Fatalf("%s: %v\n%s", strings.Join(args[:2], " "), err, said.String())
		}
		out.Write(said.Bytes())
	}
	root := []string{"--password-file", file["password"], "--vault-passphrase-file", file["vault"]}
	as := func(args ...string) []string { return append(args, root...) }

	run(true, "account", "create", "--alias", "acme", "--email", "ada@example.org", "--password-file", file["password"])
	run(true, "vault", "passphrase", "--password-file", file["password"], "--new-vault-passphrase-file", file["vault"])
	run(false, "vault", "unlock", "--vault-passphrase-file", file["other"])
	run(true, as("token", "preview", tokens, "--json")...)
	run(false, as("token", "import", broken, "--json")...)
	run(true, as("token", "import", tokens, "--only-good")...)
	run(false, as("token", "preview", tokens, "--seed-key-file", file["row"])...)
	run(false, as("user", "import", users)...)
	run(true, as("user", "import", users, "--only-good", "--json")...)
	run(true, as("virtual", "create", "--name", "phone", "--key-file", key)...)
	run(false, as("devices", "enable", "phone", "--codes", "000000", "000001")...)
	run(false, "signin", "--password-file", file["other"])
	run(false, as("signin", "--as", "bob", "--json")...)
	run(false, "password", "change", "--as", "bob", "--password-file", file["user"], "--new-password-file", file["user"])
	// a file that was mistaken for another is not quoted
	for _, wrong := range []string{file["row"], tokens} {
		run(false, as("mds", "import", wrong, "--json")...)
		run(false, "policy", "check", wrong)
		run(false, as("policy", "create", "Wrong", wrong, "--json")...)
		run(false, "policy", "explain", wrong, "--action", "a:b", "--resource", "*")
		run(false, "verify", wrong, "--json")
		run(false, "verify", broken, "--options", wrong)
	}
	run(true, as("backup", "make", backup, "--backup-passphrase-file", file["backup"])...)
	run(false, "backup", "rehearse", backup, "--backup-passphrase-file", file["other"])
	run(true, "backup", "rehearse", backup, "--backup-passphrase-file", file["backup"])
	run(true, as("audit", "list", "--limit", "1000", "--json")...)
	run(true, as("audit", "export")...)

	made, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	secrets["key"] = string(made)
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(string(made))
	if err != nil {
		t.Fatal(err)
	}
	secrets["key's bytes"] = string(raw)

	searched := map[string][]byte{"the output": out.Bytes()}
	for _, folder := range []string{home, backup} {
		addFiles(t, searched, folder)
	}
	if len(searched) < 4 {
		t.Errorf("only %d places were searched", len(searched))
	}
	leaks(t, secrets, searched)
}

// addFiles reads all files below a folder, by their names.
func addFiles(t *testing.T, to map[string][]byte, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		to[filepath.Base(path)] = content
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// leaks looks for each secret in every form in which it could be written.
func leaks(t testing.TB, secrets map[string]string, searched map[string][]byte) {
	t.Helper()
	for name, s := range secrets {
		for form, bytesOf := range map[string]string{"as it is": s, "hex": hex.EncodeToString([]byte(s)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(s))),
			"base32": strings.TrimRight(base32.StdEncoding.EncodeToString([]byte(s)), "="), "base64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(s)), "="),
			"base64url": strings.TrimRight(base64.URLEncoding.EncodeToString([]byte(s)), "=")} {
			for place, content := range searched {
				if bytes.Contains(content, []byte(bytesOf)) {
					t.Errorf("the secret of %s stands in %s, %s", name, place, form)
				}
			}
		}
	}
}
