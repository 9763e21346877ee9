// Package readiness answers "Can I do this here?": for each way to prove who one is
// (a phone by QR code, a security key on USB, one by NFC, this computer itself, the codes
// of an app) a ladder of what must stand for it, rung by rung, with what is wrong at the
// first one that does not.
//
// It asks everything at once, over ports, and gives up on what does not answer: a whole
// Check takes at most Limit, also when nothing answers. It opens no key, makes no
// passkey, sends nothing, and uses the network only when it is told to (Options.Online),
// and then for the names of the tunnel servers and one TCP connection to each. It has no
// words: a rung is an ID, a state, params and, where one exists, an mfa.Failure; the user
// interfaces have a sentence for each.
//
// What AWS documents about systems and ways stands beside it as data (compare.go).
//
// Reading order: report.go (what comes out), rungs.go (the IDs and their params),
// config.go (the ports), check.go and probe.go (asking, bounded), climb.go (how a ladder
// is built), then a file per ladder: phone.go, keys.go (USB), cards.go (NFC), computer.go,
// codes.go; then facts.go with a leaf per system (facts_linux.go and its like open what
// linuxfacts.go and virtual.go judge), network.go and compare.go.
//
// References: CTAP 2.2 sections 11.2 (USB), 11.3 (NFC) and 11.5 (hybrid), webauthn.h of
// Windows for what its API versions can do.
package readiness
