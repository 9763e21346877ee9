//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// userPassword is what users of these tests sign in with.
const userPassword = "quiet harbour 9"

// ctl does something with keyferryctl in the sandbox of the data folder, as root
// with the password alone, and reads the JSON that it answers with into into, if
// there is one. The window must be closed: one process has the folder.
func (s *seat) ctl(t *testing.T, into any, args ...string) {
	t.Helper()
	args = append(args, "--home", s.home, "--sandbox", "--json", "--password-file", secret(t, walk.Password))
	out, err := exec.Command(program(t, "keyferryctl"), args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("keyferryctl %v: %v: %s%s", args, err, out, exit.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("keyferryctl %v: %v in %s", args, err, out)
	}
}

// secret is a file with this text in its first line.
func secret(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// account prepares an account, and in it users who sign in with userPassword.
func account(t *testing.T, users ...string) func(*seat) {
	return func(s *seat) {
		t.Helper()
		s.ctl(t, nil, "account", "create", "--alias", "harbour", "--email", walk.Email)
		for _, u := range users {
			s.ctl(t, nil, "user", "add", u, "--new-password-file", secret(t, userPassword))
		}
	}
}

// close closes the window.
func (s *seat) close(t *testing.T) {
	t.Helper()
	if err := s.Window.Close(t.Context()); err != nil {
		t.Fatalf("closing: %v", err)
	}
}

// trail closes the window and reads what the database has kept.
func (s *seat) trail(t *testing.T) []walk.Event {
	t.Helper()
	s.close(t)
	trail, err := walk.Trail(program(t, "keyferryctl"), s.home)
	if err != nil {
		t.Fatal(err)
	}
	return trail
}

// user is how keyferryctl lists one.
type user struct {
	Name           string
	Kind           string
	Passkeys       int
	Apps           int
	Tokens         int
	MustChange     bool `json:"must_change"`
	RecoveryLeft   int  `json:"recovery_left"`
	PasswordUsedAt int64
}

// user gives somebody of the list; root is called "root".
func (s *seat) user(t *testing.T, name string) user {
	t.Helper()
	var list struct{ Users []user }
	s.ctl(t, &list, "user", "list")
	for _, u := range list.Users {
		if u.Name == name || u.Kind == name {
			return u
		}
	}
	t.Fatalf("there is no %s in %v", name, list.Users)
	return user{}
}
