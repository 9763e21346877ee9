// Package webauthnwin is webauthn.dll, the WebAuthn client of Windows, as an
// authenticator.Native. Windows lets no program but an administrator's speak to
// security keys, so this is the only way to them there; and from version 6 of its
// interface on it also leads to phones.
//
// It asks for authenticators across platforms only: a credential in Windows Hello is
// neither made nor used. It builds no client data, trusts no length that the library
// gives, and loads the library from the system's folder alone. It does not try a phone
// by itself: where the system is too old for that, Keyferry's own QR code is the way.
//
// Everything but three thin files runs on any system, over a library in memory. Under
// wine the thin files run too, over a library written in C (winecheck, build/wine). What
// a real Windows does nobody has seen yet: docs/HARDWARE-CHECKS.md, section J.
//
// Reading order: client.go (one operation from call to end), native.go (what is called),
// options.go, transports.go and arena.go (what goes in), results.go (what comes out),
// hresult.go (what went wrong), structs.go and versions.go (layouts), ready.go (what
// this system can do), window.go (where the system's window stands), and the thin ones:
// native_windows.go, window_windows.go, native_other.go.
//
// Follows the header webauthn.h up to API version 9, WebAuthn Level 3 sections 5.4
// (options) and 6.1 (authenticator data).
package webauthnwin
