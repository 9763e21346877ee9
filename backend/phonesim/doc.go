// Package phonesim is a simulated phone: it reads a FIDO:/ code from a picture
// or a text, adverts over the radio it was given, opens a tunnel, shakes hands
// and answers CTAP requests with a software authenticator, after asking the
// person. It speaks the protocol of a real phone byte for byte and is only ever
// given a loopback radio and a loopback relay: the evaluation sandbox, the tests
// and keyferryctl use it.
//
// It never answers a request before message 1 of the handshake opened with the
// PSK, so it cannot be used by somebody who did not hear its advert, and it
// never uses a credential without user verification unless a behaviour says so.
//
// What it follows: CTAP 2.2 section 11.5 (hybrid transports), phone side. What
// it does differently on purpose is the list in behaviour.go.
//
// Reading order: behaviour.go (what can be selected), state.go (what it shows),
// phone.go (open, configure, close), scan.go (a transaction by code), serve.go
// (one without), device.go (model and behaviour made into a phone), question.go
// (asking the person), keep.go (what it remembers).
package phonesim
