//go:build windows || darwin

package keyring

import (
	"runtime"

	library "github.com/zalando/go-keyring"
)

// System is the store of the person who runs the program.
func System() Store {
	name := "Windows Credential Manager"
	if runtime.GOOS == "darwin" {
		name = "macOS Keychain"
	}
	return &Library{name: name, get: library.Get, set: library.Set, delete: library.Delete,
		unknown: library.ErrNotFound, absent: absent}
}
