// Package atspi drives a window from outside through the accessibility bus, as
// a person with a screen reader does: it finds things by role and name, presses
// them, puts the focus on them and reads them. What it cannot find, such a
// person cannot find either.
//
// It speaks AT-SPI 2 over plain D-Bus (interfaces org.a11y.atspi.Accessible,
// Action, Component, Text, Value) and needs no C library.
//
// Reading order: bus.go (connecting), node.go (one accessible), find.go (a tree
// and waiting for it to change).
package atspi
