// Command tour walks the built-in tour in the production window on a display
// of its own: create an account in the evaluation sandbox, add the simulated
// phone by QR code, sign out, sign in with it. It prints each stage, leaves a
// picture of each screen, and ends with 0 only if the database says that the
// sign-in was proved by the phone.
//
//	tour --out build/tour [--bin build/bin] [--texts frontend/src/i18n/en]
package main
