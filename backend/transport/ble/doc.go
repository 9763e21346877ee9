// Package ble hears the adverts of phones, and sends those of simulated ones
// (CTAP 2.2 section 11.5.1.2). It implements transport.Scanner and
// transport.Advertiser for:
//
//   - BlueZ over D-Bus, the Bluetooth of Linux (Scanner only);
//   - WinRT, the Bluetooth of Windows (Scanner only);
//   - CoreBluetooth, the Bluetooth of macOS (Scanner only);
//   - loopback: UDP datagrams on this machine, for the simulated phone;
//   - Ether: memory, for tests.
//
// It hands on what it hears and judges none of it: only the holder of a QR
// secret can tell whose advert it is. It connects to no device, pairs with none,
// and keeps no address or name of any.
//
// Reading order: system_*.go and unsupported.go (which one this system has),
// hub.go, ether.go, frame.go and loopback.go (the simulated radios), bluez.go
// (scanning), bluez_adapters.go (adapters come and go), bluez_signals.go (what a
// signal says), bluez_errors.go (what an error means), winrt_scan.go (the same on
// Windows), winrt_meaning.go and winrt_sections.go (what it says), and three thin files
// that only Windows runs: winrt_windows.go, winrt_advert_windows.go and
// winrt_radios_windows.go; corebluetooth_scan.go, corebluetooth_meaning.go and
// corebluetooth_advert.go (the same on macOS), and corebluetooth_darwin.go, which only
// macOS runs. What a real Windows or macOS does nobody has seen yet
// (docs/HARDWARE-CHECKS.md, sections J and L).
package ble
