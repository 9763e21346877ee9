// Package desk is the seat of the one person in front of the window: which
// account is open (the real one or the evaluation sandbox), who is signed in,
// which sign-in is half done, and the one ceremony that runs.
//
// It holds state and order, no rules: those are in account and ceremony. It
// knows no window; app/bind turns its values into what the page sees, and its
// events into the page's.
//
// Reading order: state.go (what can be seen), desk.go (opening and closing),
// signin.go, devices.go, run.go (the running ceremony), simulated.go.
package desk
