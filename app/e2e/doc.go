// Package e2e tests the real production window from outside, as a person uses
// it: what is on the screen is found by role and name, pressed and typed into,
// and what came of it is read from the database after the app has ended.
//
// Each test has a desktop of its own (a virtual display and a session bus), so
// they run side by side. The tests carry the build tag e2e, because they need
// the built programs in build/bin and Debian's xvfb, dbus, at-spi2-core, xdotool
// and imagemagick: `make test` prepares all of that.
//
// Reading order: atspi (the accessibility bus), desktop (display and bus),
// window (a person's verbs), walk (what a person does with Keyferry), tour (the
// walk of `make run` without a display), then the tests.
package e2e
