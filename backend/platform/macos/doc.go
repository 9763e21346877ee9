// Package macos is the WebAuthn client of macOS, AuthenticationServices, as an
// authenticator.Native: passkeys of this computer and of iCloud, and the system's own
// sheet for phones and security keys.
//
// Apple lets a program have it only where a domain vouches for the program: it is signed
// with a developer's certificate, has the entitlement com.apple.developer.associated-domains
// with webcredentials:<RP ID>, and the domain serves /.well-known/apple-app-site-association
// with the program's ID, reachable for Apple's servers. Keyferry as published has no such
// domain, so the binding is compiled only with the build tag associated, and then looks at
// its own signature first. In every other build New and Available say platform-missing,
// and why. Keys on USB (transport/hid) and phones (transport/ble) need none of
// this, which is why they come first on macOS.
//
// An associated build adds this computer and signs in with it by this client (assembly,
// associated_darwin.go; desk.House.Road leads there). It is opened for each ceremony, as
// there is no window yet when the program is put together.
//
// Client data are the system's, with the origin https://<RP ID>; only the challenge of ours
// goes into them. Answers are bounded and held against the question here, and then go the
// same way as everybody's.
//
// # No passkeys in the Secure Enclave
//
// There is no code for them, since there is no way that would hold:
//
//   - A key that stays in the Keychain needs the entitlement keychain-access-groups, which
//     is a restricted one: without a provisioning profile in the app the Keychain answers
//     -34018 (errSecMissingEntitlement), or the system ends the program as it starts.
//   - A key that is kept as a wrapped blob in a file of ours needs no entitlement, but
//     CryptoKit, which makes such blobs, is Swift without an interface in C or Objective-C.
//     A shim in Swift would have to be compiled on a Mac, and Keyferry's backend is built
//     without one. Getting at the same blob through SecKey needs an attribute that Apple
//     keeps private.
//   - A key that lives only as long as the program runs is of no use.
//
// So this computer is no authenticator of its own on macOS unless the build is associated.
// Whoever builds on a Mac, with a certificate, can add a shim behind authenticator.Authenticator.
//
// Nobody has run any of this on macOS; it has been compiled and vetted for both kinds of
// processor, and everything but the thin files has tests (docs/HARDWARE-CHECKS.md, section L).
//
// Reading order: client.go (one operation), request.go and answer.go (what goes in and what
// comes out), errors.go, associated.go and ready.go (whether it may), and the thin ones:
// services_darwin.go, delegate_darwin.go, version_darwin.go, unassociated.go. How Go speaks to Objective-C
// stands in package foundation.
package macos
