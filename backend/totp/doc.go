// Package totp makes and checks one-time codes: HOTP (RFC 4226) as the engine,
// TOTP (RFC 6238) as the thing people use. It verifies one code around a
// device's drift, two consecutive codes for enabling and resynchronising, says
// why codes are wrong, follows how a token's clock drifts, makes seeds, and reads
// and writes otpauth addresses. Sub-package seedfile reads the vendors' files.
//
// It is pure: it stores nothing, reads no clock and no randomness of its own, and
// keeps no seed. Seeds come and go as *mfa.Secret and are never put into strings,
// failures or logs. Throttling is the caller's (RFC 4226 section 7.3).
//
// # What must hold
//
//   - A step that was accepted is never accepted again, nor one before it, nor the
//     same digits standing for another step (RFC 6238 section 5.2). The caller
//     stores the State of every Accepted in the transaction that lets somebody in.
//   - The codes of a pair count as used: what enabled a device never signs in.
//   - A single wrong code is only wrong. To tell for which hour it would be right
//     would tell a guesser which code to come back with; two consecutive codes
//     cannot be guessed like that (about 6 in 10^9 for a whole day), so only pairs
//     are explained.
//
// # Windows, in steps around this machine's time plus the stored drift
//
//	signing in                   1   RFC 6238 section 5.2
//	enabling                     2   a slow hand, or a phone a little off
//	resync, authenticator app   20   ten minutes at 30 s
//	resync, hardware token     1 h   120 or 60 steps; crystals drift for years
//	explaining a pair         24 h   a wrong time zone, a wrong day; never accepted
//
// No issuer publishes its windows; these are this product's own.
//
// # Why no library
//
// pquerna/otp (Apache-2.0, v1.5.0 of December 2024) is the well-kept one. It takes
// seeds as base32 strings, answers yes or no without the step that matched, knows
// no last step, no drift and no pairs, and its parser keeps whatever it is given.
// What would be left of it is one HMAC and a modulo. xlzd/gotp has the same form
// and fewer users. For PSKC there is no maintained Go library at all. HMAC is
// written out here over the standard library's hashes, because crypto/hmac costs
// several allocations for each check; a test holds it to crypto/hmac.
//
// Reading order: params.go, code.go, verify.go, pair.go, explain.go (wrong codes),
// skew.go (machine or token?), drift.go (history), seed.go, digest.go (equal seeds),
// uri.go, uriparse.go.
package totp
