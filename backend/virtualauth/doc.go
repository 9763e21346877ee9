// Package virtualauth is a CTAP2 authenticator in software: it makes and uses
// real credentials (ES256, EdDSA, RS256) and answers byte for byte as a device
// would. The zero Config is as little as there can be, the presets are phones, and
// with the settings of security keys it has a PIN, built-in user verification,
// credential management, reset, selection, extensions and U2F as well. It is the
// inside of the simulated phone and the simulated security key, and the test peer
// of the client platform and the relying party.
//
// It is never an authenticator of a real account: its keys lie in memory, its
// attestation root is made up (Issuer), and its faults can be switched on. It
// knows no transport and no person: it is a ctap2.Channel, and asks through
// Config.Consent and, for U2F, Config.Present.
//
// It is strict on purpose. What is not canonical CBOR is answered with status
// 0x12, as Google Play services do, so that a client which is tested here works
// there.
//
// What it follows: CTAP 2.2 sections 6.1 to 6.6, 6.8, 6.9, 7.2 (always verified), 8,
// 10.3 (one store for CTAP1 and CTAP2) and 12.1, 12.3, 12.4 and 12.5 (extensions);
// FIDO U2F Raw Message Formats; WebAuthn Level 3 sections 6.1, 6.5, 8.2 (packed)
// and 8.7 (none). It enrols no fingers and has no authenticatorConfig, no large
// blobs behind their keys and no enterprise attestation.
//
// Reading order: config.go, presets.go, prompt.go, authenticator.go (one
// exchange), create.go, sign.go, attestation.go, issuer.go, credential.go, keys.go,
// info.go, keep.go; and of security keys: security.go (what is remembered),
// authorise.go (is what a request shows enough?), clientpin.go, extensions.go,
// hmacsecret.go, management.go, reset.go, u2f.go.
package virtualauth
