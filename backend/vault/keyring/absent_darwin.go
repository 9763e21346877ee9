package keyring

import (
	"errors"
	"io/fs"
	"os/exec"
)

// noKeychain is how security(1) exits for errSecNoDefaultKeychain (-25307) and
// errSecNoSuchKeychain (-25294), cut to a byte.
var noKeychain = map[int]bool{-25307 & 0xff: true, -25294 & 0xff: true}

func absent(err error) bool {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return noKeychain[exit.ExitCode()]
	}
	return errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist)
}
