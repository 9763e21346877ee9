package ble

import "github.com/keyferry/keyferry/backend/transport"

// System is the scanner of this system's Bluetooth: CoreBluetooth. It needs the person's
// consent, for which the app's Info.plist must have NSBluetoothAlwaysUsageDescription;
// and within the App Sandbox the entitlement com.apple.security.device.bluetooth.
func System() transport.Scanner { return &CoreBluetooth{system: &coreBluetooth{}} }
