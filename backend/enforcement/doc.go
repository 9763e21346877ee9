// Package enforcement decides who must have a device, and until when they may go
// without one. It is pure: settings, a principal, their ways in and a time go in, a
// verdict comes out. The sign-in and the rehearsal ask the same function, so what is
// rehearsed is what happens.
//
// It never reads a clock, and it stores nothing: who keeps the deadline (once, at the
// first affected sign-in) is account.CheckPassword.
//
//	no device, required      before the deadline     grace    sign in, and skip
//	                         from the deadline on    set-up   sign in to add a device, nothing else
//	no device, not required                          free
//	a device that works                              free
//	none that works, and no printed code             blocked
//	no password, and no passkey that may stand in    blocked
//
// A device whose counter went backwards is no device here: it never signs in again.
//
// AWS gives root 35 days from the first affected sign-in, as was seen from outside;
// that a deadline never moves is this product's own rule.
//
// Reading order: judge.go (one principal at one time), rehearse.go (everybody).
package enforcement
