// Package app is the desktop shell: the window and where it was last, the menu,
// the Content-Security-Policy, one instance per data folder, and the order in
// which things start and end. It holds no rules, no SQL and no CTAP: what the
// page asks goes through app/bind to backend/desk.
//
// Reading order: main.go (flags), shell.go (start and end), window.go (what
// Wails is told), policy.go (what the page may load), place.go (where the
// window was), wiring.go (which back end).
package app
