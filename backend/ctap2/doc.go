// Package ctap2 is the command layer of CTAP 2.0 to 2.3, the client's part of it and
// the messages of both parts: making and using credentials, PINs and tokens, the
// choice of a key by touch, reset, credential management, extensions, status bytes,
// authenticator data and COSE keys. It exists once, for every transport: a transport
// is a Channel.
//
// It never opens a device, never decides whether an answer is trusted, never asks a
// person anything and never decides whether verification is needed. Requests are
// always written canonically and are read strictly, as an authenticator must; answers
// are read loosely, because some authenticators sort maps wrongly, but always within
// bounds. PINs belong to the caller; what is made of them here is wiped before a
// function returns, and tokens wait for Wipe. No error, and nothing that is printed,
// holds one.
//
// What it follows: CTAP 2.2 sections 6.1 (authenticatorMakeCredential), 6.2
// (authenticatorGetAssertion), 6.3 (authenticatorGetNextAssertion), 6.4
// (authenticatorGetInfo), 6.5 (authenticatorClientPIN), 6.6 (authenticatorReset), 6.8
// (authenticatorCredentialManagement), 6.9 (authenticatorSelection), 8 (message
// encoding, status codes), 12 (extensions), with the getInfo members of CTAP 2.3;
// WebAuthn Level 3 sections 6.1 (authenticator data) and 10.1.4 (prf); RFC 9053 and
// RFC 8230 (keys).
//
// Reading order: channel.go (the seam and the commands), status.go, item.go (how a map
// is read), entity.go (what the messages are made of), makecredential.go,
// getassertion.go, info.go and infocodec.go, authdata.go, publickey.go; then
// clientpin.go (messages), retries.go, token.go, setpin.go; selection.go (touch,
// reset); management.go (messages), stored.go; extensions.go, hmacsecret.go; fit.go
// (lists and messages that are too long). PIN/UV auth protocols are in pinuv.
package ctap2
