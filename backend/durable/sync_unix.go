//go:build unix

package durable

import (
	"errors"
	"os"
	"syscall"
)

// SyncFolder has the names in a folder on the disk, where the file system can.
func SyncFolder(path string) error {
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
