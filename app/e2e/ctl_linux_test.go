//go:build e2e

package e2e

import (
	"errors"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// userPassword is what users of these tests sign in with.
const userPassword = "quiet harbour 9"

// ctl is keyferryctl at the seat's data folder; the window must be closed.
func (s *seat) ctl(t *testing.T) walk.Ctl {
	t.Helper()
	return walk.Ctl{Program: program(t, "keyferryctl"), Home: s.home}
}

// account prepares an account, and in it users who sign in with userPassword.
func account(t *testing.T, users ...string) func(*seat) {
	return func(s *seat) {
		t.Helper()
		failed := s.ctl(t).Account("harbour")
		for _, u := range users {
			failed = errors.Join(failed, s.ctl(t).User(u, userPassword))
		}
		if failed != nil {
			t.Fatal(failed)
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
	trail, err := s.ctl(t).Trail()
	if err != nil {
		t.Fatal(err)
	}
	return trail
}

// user is how keyferryctl lists one.
type user struct {
	Name       string
	Kind       string
	Passkeys   int
	Tokens     int
	MustChange bool `json:"must_change"`
}

// user gives somebody of the list; root is called "root".
func (s *seat) user(t *testing.T, name string) user {
	t.Helper()
	var list struct{ Users []user }
	if err := s.ctl(t).Run(&list, "user", "list"); err != nil {
		t.Fatal(err)
	}
	for _, u := range list.Users {
		if u.Name == name || u.Kind == name {
			return u
		}
	}
	t.Fatalf("there is no %s in %v", name, list.Users)
	return user{}
}
