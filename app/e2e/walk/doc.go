// Package walk is what a person does with Keyferry's window, in the person's
// order: create an account, add a phone, sign out, sign in. The tour and the
// end-to-end tests take the same steps.
package walk
