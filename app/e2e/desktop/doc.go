// Package desktop is a desktop nobody sees: a virtual display, a session bus
// with the accessibility bus on it, a keyboard and a camera for screenshots. It
// is there for tests, for the tour and for measuring, on Linux only.
package desktop
