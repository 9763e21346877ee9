// Package desk is the seat of the one person in front of the window: which
// account is open (the real one or the evaluation sandbox), who is signed in,
// which sign-in is half done, the one ceremony that runs, the one authenticator app
// that is being added, the previews and files that are open, and the idle lock.
//
// It holds state and order, no rules. It passes nothing through that needs no state:
// Seat gives the open House and the session, and whoever calls it (app/bind) asks the
// use cases of the House directly; each of them asks account.May by itself.
//
//	            CreateAccount, SignIn (no second factor)
//	nobody ---------------------------------------------------> visit
//	  | SignIn                                                   ^ |
//	  '-----> pending --code, recovery code, phone, passkey------' |
//	             |                                                 |
//	             '---- CancelSignIn, idle      SignOut, idle, -----' -> nobody
//	                                           removed, another house
//
// What is secret on the desk (an app's seed, seeds and passwords of previews) belongs
// to the visit and is wiped with it. A page can name a file only by the ID that it was
// told; it never names or learns a path.
//
// It knows no window; app/bind turns its values into what the page sees, and its
// events into the page's.
//
// Locks: moving is held while the house, the visit or the ceremony changes hands, also
// during I/O; mu guards the fields and is never held during I/O.
//
// Reading order: state.go (what can be seen), house.go, desk.go (opening and closing),
// visit.go (who sits here), idle.go, mark.go, signin.go, run.go (the running ceremony),
// adding.go, preview.go, files.go, secrets.go (the vault), restore.go, simulated.go,
// clock.go.
package desk
