//go:build linux || freebsd || netbsd || openbsd || dragonfly

package keyring

import "github.com/godbus/dbus/v5"

// System is the store of the person who runs the program.
func System() Store {
	return &SecretService{Dial: func() (*dbus.Conn, error) { return dbus.SessionBusPrivateNoAutoStartup() }}
}
