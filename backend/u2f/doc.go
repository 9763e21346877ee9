// Package u2f is CTAP1, which keys from before CTAP2 speak: its messages in both
// directions, for a client and for a key in software, and a Channel that
// translates CTAP2 into it, so that nobody above has to know.
//
// It never opens a device, never looks into a certificate beyond its length, and
// verifies no signature: that is for the relying party. What a key sends is read
// to its last byte or refused.
//
// What it follows: FIDO U2F Raw Message Formats 1.2 (messages), ISO 7816-4
// section 5.1 (APDUs), CTAP 2.2 section 10 (the translation), WebAuthn Level 3
// sections 8.6 (attestation) and 10.1.1 (AppID).
//
// Reading order: apdu.go, messages.go and der.go (the bytes), channel.go (the
// commands, the wait for a touch, which handle is known), translate.go.
package u2f
