// Package tpm is a CTAP2 authenticator whose keys live in this computer's TPM 2.0: the
// platform authenticator that Linux does not bring. Its keys are made in the TPM and
// never leave it; a PIN opens them, and the TPM itself counts wrong ones.
//
// It never sees a private key, keeps no PIN, asks no person (Config.Consent does) and
// logs nothing. It changes no setting of the TPM and stores nothing in it: objects of
// ours are loaded for one command and taken out again; what the TPM takes back, sealed
// for itself, lies in mfa.LocalStore.
//
// # How the PIN opens the keys
//
// The PIN's hash is the auth value of one sealed object. What is sealed in it is the
// auth value of all credential keys, 128 random bits. TPM2_Unseal opens it, and the
// keys then sign under what came out. So a change of the PIN is one
// TPM2_ObjectChangeAuth on one object: no key is touched, none can be left behind
// half-way, and what was in the store before still opens when the change was not kept.
// What was opened is held for as long as the token may be used and wiped with it.
//
// A policy (PolicySecret on the object) would keep even that within the TPM, but one
// PIN entry must be good for several signatures (getNextAssertion), and the ticket
// that makes this possible crosses the bus in clear.
//
// Neither the object nor the keys have noDA set. A wrong PIN is therefore one of the
// TPM's own wrong guesses, whoever makes it and with whatever program, and while the
// TPM is locked nothing of ours signs. There is no count of our own: one in a file
// could be turned back. The end of the tries is not for good as on a security key; the
// TPM forgives one each interval, and tpm-lockout says in how many seconds.
//
// # The bus
//
// A TPM may be a chip whose wires can be listened to. Each command that carries or
// needs a secret has a session of its own, salted to the storage root key, whose first
// parameter is encrypted; without the salt, whoever listens could try all PINs against
// the session's HMAC at home. The storage key's name is kept when the first PIN is set
// and computed from its public area ever after, so somebody who sits on the bus later
// cannot slip in a key of their own. Somebody who sat there then could.
//
// # Giving up
//
// Whoever cancels must know what there is. Up to the moment at which the store is given
// something to keep, an exchange that is cancelled keeps nothing. From that moment on it
// is answered, cancelled or not, and whoever asked can have it taken out again: ceremonies
// do (ceremony.Roads.Forget). See call.go.
//
// # Counter
//
// Always zero, which says that there is none. The key cannot be copied, so a counter
// would find no copy. One in the TPM's non-volatile memory would take the owner's
// authorization and wear that memory out with each sign-in; one in the store would go
// back with a restored backup, and mark the device as copied for good.
//
// # Attestation
//
// Packed self attestation: it proves that whoever registers has the key, and nothing of
// where the key lies. WebAuthn's format tpm, which would, asks for a certificate of the
// attestation key whose chain leads to the TPM's maker. To get one takes an authority
// that checks the endorsement certificate online; a statement with a certificate that
// we make ourselves would have the form and prove nothing, so none is made. Besides, tpm
// is what Windows Hello says, and package hello takes it for that. What is certain of
// the TPM is therefore known on this computer only. A policy that wants a certified
// model does not admit this one, and should not.
//
// # What a PIN is worth without biometrics
//
// User verified means: somebody typed the PIN on this computer. It is typed into the
// same computer that it protects, so a program that runs as the same person can read
// it and use the key, for as long as it runs here. It cannot take the key away. Who
// steals the computer needs the PIN; who steals the database or a backup has nothing.
// How long the PIN holds out is the TPM's doing: see Guard, and docs/THREAT-MODEL.md.
//
// # What it follows
//
// CTAP 2.2 sections 6.1 to 6.6, 6.8, 6.9 with clientPIN protocols one and two; of
// section 6.5.5 not the rule of three in a row and eight in all, as the TPM counts.
// WebAuthn Level 3 sections 6.1 and 8.2. TPM 2.0 Library Parts 1 to 3; TCG TPM 2.0
// Provisioning Guidance section 7.5.1 (storage root key).
//
// Reading order: tpm.go, exchange.go and call.go (one request), bus.go (one command),
// device_linux.go, guard.go (tries), parent.go (the storage key), objects.go (what is
// made under it), clientpin.go, create.go, get.go, manage.go, info.go. Package tpmtest
// starts a software TPM for tests.
package tpm
