package walk

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Ctl is keyferryctl at the sandbox of a data folder, as root with the password
// alone. The window must be closed: one process has the folder.
type Ctl struct {
	Program, Home string
	Real          bool // the folder's own account, not the sandbox's
}

// Run does something as root and reads the JSON that is answered into into,
// unless that is nil.
func (c Ctl) Run(into any, args ...string) error { return c.with(Password, into, args...) }

// As does something as a user.
func (c Ctl) As(name, password string, args ...string) error {
	return c.with(password, nil, append(args, "--as", name)...)
}

func (c Ctl) with(password string, into any, args ...string) error {
	file, err := Secret(password)
	if err != nil {
		return err
	}
	defer os.RemoveAll(filepath.Dir(file))
	return c.ask(into, append(args, "--password-file", file)...)
}

func (c Ctl) ask(into any, args ...string) error {
	args = append(args, "--home", c.Home, "--json")
	if !c.Real {
		args = append(args, "--sandbox")
	}
	out, err := exec.Command(c.Program, args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("keyferryctl %v: %w: %s%s", args, err, out, exit.Stderr)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(out, into)
	}
	return err
}

// Account creates the account.
func (c Ctl) Account(alias string) error {
	return c.Run(nil, "account", "create", "--alias", alias, "--email", Email)
}

// User adds a user.
func (c Ctl) User(name, password string) error {
	file, err := Secret(password)
	if err != nil {
		return err
	}
	defer os.RemoveAll(filepath.Dir(file))
	return c.Run(nil, "user", "add", name, "--new-password-file", file)
}

// Secret is a file in a folder of its own with this text in its first line.
func Secret(text string) (path string, err error) {
	dir, err := os.MkdirTemp("", "secret")
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "secret")
	return path, os.WriteFile(path, []byte(text+"\n"), 0o600)
}

// Trail reads the audit trail, which keyferryctl checks, too.
func (c Ctl) Trail() ([]Event, error) {
	var document struct {
		Events []Event
		Chain  struct{ Whole bool }
	}
	if err := c.ask(&document, "events"); err != nil {
		return nil, err
	}
	if !document.Chain.Whole {
		return nil, errors.New("the chain of the audit trail is broken")
	}
	return document.Events, nil
}
