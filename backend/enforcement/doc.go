// Package enforcement decides who must have a device, and until when they may go
// without one. It is pure: settings, a principal, their ways in and a time go in, a
// verdict comes out. The sign-in and the rehearsal ask the same function, so what is
// rehearsed is what happens.
//
// Reading order: judge.go (one principal at one time), rehearse.go (everybody).
package enforcement
