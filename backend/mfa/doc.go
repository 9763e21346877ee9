// Package mfa is the domain: accounts, principals, their MFA devices, the
// sessions they sign in to, the stages a ceremony goes through, and the one
// registry of everything that can go wrong.
//
// It imports the standard library only and never does I/O. Every other package
// of the back end may import it; it imports none of them.
//
// Reading order: failure.go and registry.go (what can go wrong and what to do
// next), account.go, principal.go, device.go, names.go (what exists and which
// names are allowed), progress.go (the stages of a ceremony), event.go (the
// audit trail), secret.go (how secrets are held), store.go (the ports that a
// database implements; mfa/storetest is their contract).
package mfa
