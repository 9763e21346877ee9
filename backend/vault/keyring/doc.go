// Package keyring is the operating system's secret store, as backend/vault wants it:
// the Secret Service (GNOME Keyring, KWallet, KeePassXC) on Linux and the BSDs, the
// Credential Manager (DPAPI) on Windows, the Keychain on macOS. File is a stand-in for
// the evaluation sandbox that protects nothing.
//
// It tells three things apart that libraries make one of: there is no store here
// (secret-store-missing), it is there and locked or silent (secret-store-locked), it
// is open and knows no such entry (not-found). Mistaking one of the first two for the
// third would make a new key over an old one.
//
// It never asks the person anything except in Unlock, never waits without end, never
// starts a message bus, and keeps nothing in memory.
//
// On Windows and macOS it uses zalando/go-keyring, whose secrets are strings: each
// call leaves a copy of one wrapping key (never of the data key) to the garbage
// collector, and macOS's goes through a pipe to /usr/bin/security. On Linux that
// library waits for ever for a question that nobody answers, takes a cancelled one for
// an answer and cannot be told which bus to use, so secretservice.go speaks to the
// service itself, in bytes. Its session is "plain": what listens on the person's own
// bus can ask the store for the entry as well.
//
// Reading order: entry.go (what an entry is), system_unix.go and system_library.go (which
// store), secretservice.go and prompt.go, library.go, file.go.
//
// Specification: Secret Service API Draft 0.2,
// https://specifications.freedesktop.org/secret-service/latest/.
package keyring
