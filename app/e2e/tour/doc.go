// Command tour walks the built-in tour in the production window on a display
// of its own: create an account in the evaluation sandbox, add the simulated
// phone by QR code, sign out, sign in with it. It prints each stage, leaves a
// picture of each screen, and ends with 0 only if the database says that the
// sign-in was proved by the phone.
//
// With -every it visits every screen instead: the first steps of a new account,
// a damaged database, and an account in the sandbox with people, devices and
// tokens that keyferryctl has put there, and a real account on a computer with a chip
// and keys of our own (package machine). Both themes run side by side, and
// README.md lists the pictures. A screen that is not reached is a failure.
//
// With -only it walks some parts of that and lists nothing, for somebody who
// changes those parts.
//
//	tour [-every [-only PARTS]] [-width 1120] [-height 740]
//	     [-out build/tour] [-bin build/bin] [-texts frontend/src/i18n/en]
//
// Reading order: main_linux.go, camera_linux.go, then for -every screens_linux.go,
// index_linux.go, harbour_linux.go (the account), and the walk by chapters: chapters_linux.go (a new
// account), own_linux.go (signing in, one's own devices), others_linux.go (people,
// tokens, enforcement, history, backups), models_linux.go (metadata), keys_linux.go
// (security keys, what works here), otherkeys_linux.go
// (other models, wrong PINs), rules_linux.go (policies), hardware_linux.go (this
// computer, several keys).
package main
