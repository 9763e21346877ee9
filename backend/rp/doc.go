// Package rp is the WebAuthn relying party: it writes the options of a
// registration or a sign-in, keeps the challenges, and judges the answers
// (WebAuthn Level 3, section 7).
//
// Every check of a ceremony stands here in plain sight and answers with its own
// failure code: JSON, client data, authenticator data, credential key,
// signature, counter. Attestation statements of packed with certificates, tpm and
// fido-u2f are verified by github.com/go-webauthn/webauthn, after their shape and
// certificates were checked here, the other formats by this package; whether a
// verified attestation is trusted, and its root known, is somebody else's question.
//
// It never stores a credential, never talks to an authenticator, never reads the
// machine's certificate store, and never hands JSON to a decoder that matches
// names without case.
//
// Reading order: config.go and options.go (what is asked), challenge.go (what is
// open), finish.go (the ends), expectation.go, registration.go, assertion.go
// (the checks in the order of the standard), then what they read: jsonvalue.go,
// response.go, clientdata.go, authdata.go, cosekey.go, edwards.go,
// attestation.go, statement.go, certificates.go, leafkey.go, apple.go,
// android.go, safetynet.go, statements.go. parts.go opens single parsers to the vector runner;
// providers.go names authenticators.
package rp
