//go:build linux || darwin

package main

import (
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// silence switches the echo off, whatever was typed ahead kept, and gives what
// puts the terminal back as it was. It comes before the question, so that an
// answer sent at once is not shown.
func silence(f *os.File) (restore func(), err error) {
	fd := int(f.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	mode, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	mode.Lflag &^= unix.ECHO | unix.ECHONL
	mode.Lflag |= unix.ICANON | unix.ISIG
	mode.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, setTermios, mode); err != nil {
		return nil, err
	}
	return func() { _ = term.Restore(fd, before) }, nil
}
