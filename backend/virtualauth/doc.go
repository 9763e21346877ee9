// Package virtualauth is a CTAP2 authenticator in software: it makes and uses
// real credentials (ES256, EdDSA, RS256) and answers makeCredential,
// getAssertion, getNextAssertion and getInfo byte for byte as a device would. It
// is the inside of the simulated phone and the test peer of the client platform
// and the relying party.
//
// It is never an authenticator of a real account: its keys lie in memory, its
// attestation root is made up (Issuer), and its faults can be switched on. It
// knows no transport and no person: it is a ctap2.Channel, and asks through
// Config.Consent.
//
// It is strict on purpose. What is not canonical CBOR is answered with status
// 0x12, as Google Play services do, so that a client which is tested here works
// there.
//
// What it follows: CTAP 2.2 sections 6.1 to 6.4 and 8; WebAuthn Level 3 sections
// 6.1, 6.5, 8.2 (packed) and 8.7 (none). It has no PIN, no extension outputs and
// no enterprise attestation.
//
// Reading order: config.go, presets.go, prompt.go, authenticator.go (one
// exchange), create.go, sign.go, attestation.go, issuer.go, credential.go, keys.go, info.go,
// keep.go.
package virtualauth
