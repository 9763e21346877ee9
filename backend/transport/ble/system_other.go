//go:build !linux && !windows && !darwin

package ble

import (
	"runtime"

	"github.com/keyferry/keyferry/backend/transport"
)

// System is the scanner of this system's Bluetooth. This build knows those of
// Linux, Windows and macOS, so it fails with bluetooth-unsupported.
func System() transport.Scanner { return Unsupported{System: runtime.GOOS} }
