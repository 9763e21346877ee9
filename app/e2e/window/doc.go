// Package window is a program's window in the hands of a person: open it, see
// what it says, press, type, choose, close. It waits for things to appear and
// never sleeps.
package window
