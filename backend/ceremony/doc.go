// Package ceremony is the use cases that need an authenticator: adding a device
// and signing in with one. It puts together the account (may this person?), the
// relying party (challenge and verdict), the client platform (the authenticator's
// answer) and the store (device and audit event in one transaction).
//
// A ceremony is one blocking call with a context, a report of its stages and,
// when adding, one question to the person. Any step can end it; then nothing
// was added and nobody is signed in. It never talks to a transport itself: a
// Phones opens the way.
//
// Reading order: service.go, signin.go (first and second factor), phone_enrol.go,
// phone_signin.go, links.go.
package ceremony
