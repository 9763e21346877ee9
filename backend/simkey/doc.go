// Package simkey is the sandbox's security key: a software authenticator behind
// the device's role of CTAPHID, on a USB port of its own. It blinks until somebody
// touches it, can be pulled out and put in again, and remembers its passkeys and
// its PIN in a file. The client reaches it as it reaches every key: through
// transport.KeyBus, in reports of 64 bytes.
//
// It is never on a bus of the system, never asks anybody for a PIN, and is no
// place for the credentials of a real account: its keys lie in a file.
//
// Each model is a key of its own: whoever chooses another takes another one out
// of the drawer, and finds the first as it was when it is taken again.
//
// What it follows: CTAP 2.2 sections 6 and 11.2, by way of virtualauth and
// transport/hid; how long a key waits for a touch, section 6.1.2.
//
// Reading order: model.go (what can be chosen), state.go (what is seen), key.go
// (open, plug, close), person.go (blinking and touching), answer.go (one request),
// bus.go and port.go (how it is reached), keep.go (what it remembers).
package simkey
