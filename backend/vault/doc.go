// Package vault seals secrets at rest with one data key per account, and keeps that
// key wrapped in slots: the system's secret store, a passphrase, a recovery file. Each
// slot alone is enough.
//
//	         no slot                 a slot opens
//	unset ------------> SetUp ------------------> open --Close--> (wiped)
//	  |                                            ^
//	  +--- slots are there, none opens: locked ----+  Unlock, UnlockWithFile, Retry
//
// Sealed bytes are
//
//	version 1 byte (1) || nonce 12 bytes || AES-256-GCM ciphertext and tag
//
// with the version, the purpose and the row's ID as associated data, so that they open
// as nothing else and in no other row. A slot is the data key, sealed in the same way
// by a key of its own (random for the store and the file, argon2id for a passphrase)
// for the slot's kind, the account and the slot's ID; 16 bytes of SHA-256 over the
// whole slot follow, which tell a damaged slot from a wrong passphrase.
//
// A new key is never made over an old one: not when the store answers that it knows
// nothing, and not when all slots are gone but the audit trail tells of some. Entries
// in the system's store carry the slot's ID in their name, so that two copies of one
// account on one machine never overwrite each other's.
//
// It never shows a key in an error, a log or an event, never decides who may change
// slots (package account does), and never touches sealed rows: those belong to the
// packages that seal. What it cannot do is wipe the cipher's key schedule and the
// strings that some system stores want; see docs/THREAT-MODEL.md.
//
// Reading order: sealed.go (the format), slot.go, passphrase.go, system.go,
// recoveryfile.go (the ways), vault.go (state, sealing), unlock.go, change.go (slots), loose.go.
//
// Standards: NIST SP 800-38D (GCM; random nonces, far below 2^32 for one key),
// RFC 9106 (argon2id).
package vault
