// Package pinuv is PIN/UV auth protocol one and two, in both roles: the
// platform's, which agrees on a secret and proves a PIN or a token, and the
// authenticator's, which keeps the key agreement key and the token. It also holds
// the rules of a PIN's text.
//
// It never speaks to a device, knows no CBOR and no commands, never counts tries
// and never keeps a PIN: messages and retries belong to those who use it. Every
// secret it makes can be wiped, and comparisons take constant time. No error holds
// a PIN, a token or a key.
//
// What it follows: CTAP 2.2 sections 6.5.1 (PIN composition), 6.5.2.1 (state of
// the pinUvAuthToken), 6.5.4 and 6.5.5 (the protocol interface), 6.5.6 (protocol
// one), 6.5.7 (protocol two); RFC 5869 (HKDF); Unicode Annex 15 (NFC).
//
// Reading order: point.go (key pairs and agreement), shared.go (the shared secret),
// pin.go (a PIN's text), server.go and token.go (the authenticator).
package pinuv
