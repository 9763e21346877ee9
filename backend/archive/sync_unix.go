//go:build unix

package archive

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder makes a new name survive a power cut, where the file system can.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}
