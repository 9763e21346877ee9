package ble

import "github.com/keyferry/keyferry/backend/transport"

// System is the scanner of this system's Bluetooth: WinRT.
func System() transport.Scanner { return &WinRT{system: winRT{}} }
