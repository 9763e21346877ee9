// Package mfa is the domain: accounts, principals, their MFA devices, the
// sessions they sign in to, the stages a ceremony goes through, and the one
// registry of everything that can go wrong.
//
// It imports the standard library only and never does I/O. Every other package
// of the back end may import it; it imports none of them.
//
// Reading order: failure.go, codes.go and registry.go (what can go wrong and what to do
// next), account.go, principal.go, device.go, names.go, arn.go (what exists, which
// names are allowed and how IAM writes them), access.go (who asks for what),
// overview.go (everybody in one list), progress.go (the stages of a ceremony),
// event.go (the audit trail), secret.go and vault.go (how secrets are held and
// sealed), store.go (the ports that a database implements; mfa/storetest is their
// contract).
package mfa
