// Package hid carries CTAP messages over USB HID (CTAP 2.2 section 11.2), both roles, and finds the keys.
package hid
