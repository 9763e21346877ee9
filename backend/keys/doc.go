// Package keys finds the security key that a person means, and looks after keys: which
// are there, their PIN, the passkeys on them, a reset.
//
// Keys are met on a transport.KeyBus: USB ports, card readers, the sandbox. It never
// frames a message (transports do), never builds one (ctap2 and u2f do) and never
// decides about a ceremony. What it asks of a key needs the key in the person's hand
// and, beyond a look, its PIN: nothing here goes by the account's rules, as nothing here
// belongs to the account.
//
// What it follows: CTAP 2.2 sections 6.5 (PIN), 6.6 (reset), 6.8 (credential
// management), 6.9 (selection), and what WebAuthn Level 3 section 5.1.3 says of several
// authenticators: all are asked, the first that is touched is meant, the others are
// cancelled.
//
// A key may say what it likes, and for as long as it likes: everything asked of one has
// a time limit in all (limit.go), after which it is told to stop and let go. What keys
// may do, and where, is gone through in hostile_test.go.
//
// Reading order: service.go (what there is), limit.go (how long it may take), opened.go
// (one key, whatever it speaks), find.go (the key that is meant), choose.go (several
// keys, and which may have the passkey), key.go (what is known of one), pin.go, session.go
// (a key whose PIN was given), passkeys.go, reset.go.
package keys
