// Package trust says what was proven of a passkey's authenticator: it takes the
// attestation that package rp has verified, finds the model's entry in FIDO
// metadata, and asks whether the presented certificates lead to one of that entry's
// roots (WebAuthn Level 3 section 7.1 steps 22 and 24, FIDO Metadata Service 3.1
// section 3.2). The answer, with the model's certification levels, is frozen in the
// device.
//
// Trust comes from the entry's own attestationRootCertificates and from nothing
// else. The machine's certificate store is never read, whatever it holds: a chain
// that every browser on the machine would believe proves nothing here, and one that
// no browser knows may prove all. An entry without roots proves nothing.
//
// It never verifies a signature over a ceremony, never fetches anything, looks at no
// clock of its own and keeps nothing. What is not proven is no error: the device may
// be used, without certificates, if the policies let it. The one refusal is a model
// that metadata calls revoked, compromised or retired.
//
// Reading order: judge.go (the order of questions), chain.go (certificates to
// roots), firmware.go.
package trust
