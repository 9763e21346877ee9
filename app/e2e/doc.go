// Package e2e tests the real production window from outside, as a person uses
// it: what is on the screen is found by role and name, pressed and typed into,
// and what came of it is read from the database after the app has ended.
//
// Each test has a desktop of its own (a virtual display and a session bus), so
// they run side by side. The tests carry the build tag e2e, because they need
// the built programs in build/bin and Debian's xvfb, dbus, at-spi2-core, xdotool
// and imagemagick: `make test` prepares all of that.
//
// Each test file is named for what it proves. What a test needs that is not its
// matter (an account, users) keyferryctl puts into the data folder before the window
// is opened. Texts are named by their keys, so that better words break no test;
// nothing sleeps, and nothing is waited for that goes away by itself, such as a
// short message, where something that stays says the same. The system's own dialog
// for files is driven like the window, by its field for a path.
//
// Reading order: atspi (the accessibility bus), desktop (display and bus),
// window (a person's verbs), walk (what a person does with Keyferry), tour (the
// walk of `make run` without a display, and of `make screens`), then the tests.
package e2e
