// Package ceremony is the use cases that prove possession: adding a device, signing in,
// resynchronising. It puts together the account (may this person, and how often?), the
// relying party (challenge and verdict on passkeys), totp (verdict on codes), the client
// platform (the authenticator's answer), the vault (seeds and links, sealed at rest) and
// the store (what changes, with its audit event, in one transaction).
//
// # What must hold
//
//   - No session before its event: what a sign-in uses up (a code, a counter, a recovery
//     code) is written with the event of the sign-in, durably, and only then is there a
//     session. One code makes one session, whatever else runs.
//   - No code is accepted twice. Both codes of a pair count as used, so what enabled a
//     device, or resynchronised it, never signs in (RFC 6238 section 5.2).
//   - One code is tried at a time, behind account.GuessGate. Wrong codes, wrong pairs and
//     wrong recovery codes of a principal share one count and its growing delay, whichever
//     device they were for (RFC 4226 section 7.3). What cannot be a code, and codes that
//     were right and are used up, are no guesses. A locked vault counts nothing.
//   - A single wrong code is only wrong; two consecutive ones are explained, see totp. Whose
//     clock is wrong is told from what other devices said in the last 24 hours, which is
//     kept in memory only (clocks.go).
//   - A device is never enabled but out of sync: what a pair was off is stored with it.
//   - Enabling a device does not make a session one of MFA, nor does a recovery code.
//   - A session is held to what must be done first (mfa.Limit): a new password in the place
//     of an initial one, also after MFA; then a device, when enforcement says so. Refreshed
//     lifts it when it is done.
//
// A phone ceremony is one blocking call with a context, a report of its stages and, when
// adding, one question to the person. Any step can end it; then nothing was added and
// nobody is signed in. The package never talks to a transport itself: a Phones opens the
// way. Links are sealed before they are stored and opened when a phone is rung; without
// an open vault none is made, and nobody is told.
//
// Seeds leave as a NewApp once, and never again.
//
// Reading order: service.go, signin.go (first factor, limits), phone_enrol.go,
// phone_signin.go, passkey_signin.go, links.go, sealedlink.go; codes.go, code_signin.go,
// resync.go, clocks.go, app.go, token.go, enable.go; recovery_signin.go.
package ceremony
