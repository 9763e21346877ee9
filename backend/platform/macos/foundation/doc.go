// Package foundation speaks to the frameworks of macOS without cgo: it opens them,
// makes the few kinds of objects that they take, and reads the few that they give. It
// is the one place that knows how Go and Objective-C share memory; it decides nothing.
//
// The rules, as purego (github.com/ebitengine/purego) has them:
//
//   - Nothing that the system keeps points into memory of Go, with one exception that is
//     pinned for as long (transport/hid, where reports come to lie).
//   - A callback is made once for each purpose and for ever, since the system never gives
//     one back. It finds whose it is by a number that was handed over as its context, or
//     by the address of the object that it is a method of; what it does not find, it
//     passes over.
//   - Objects that a method gives without new, alloc or copy in its name live until the
//     thread's pool ends, so every use stands within Pool.
//   - An Objective-C exception cannot be caught from Go and ends the program, so nothing
//     is asked of an object that has not been asked first what it is.
//   - SendSuper is not used: it has recursed without an end (hajimehoshi/ebiten issue 3740).
//
// # With and without cgo
//
// The window is built with cgo, since Wails needs it; the command line and the tests are
// not. purego uses the runtime's own cgo in the one case and brings a replacement in the
// other, by build tags of its own, so this code is the same in both. No conflict between
// purego and Wails was found in either's list of issues in November 2026. What is known of
// purego: crashes in callbacks on Intel with cgo (issue 193) and on Apple's chips (pull
// request 117) were mended before the version that go.mod names; and objects that leaked for want
// of a pool (hajimehoshi/ebiten issue 3717) are why Pool is there. On macOS nobody has run
// any of it for Keyferry yet: docs/HARDWARE-CHECKS.md, section L.
package foundation
