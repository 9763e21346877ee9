//go:build unix

package home

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lock takes the whole-file lock of this descriptor, or gives errHeld. It goes
// when the last copy of the descriptor is closed; Go opens files close-on-exec,
// so a child process does not keep it.
func lock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
			return errHeld
		}
		return err
	}
}
