package main

import (
	"os"

	"golang.org/x/sys/windows"
	"golang.org/x/term"
)

// silence switches the echo off and gives what puts the console back as it was.
// It comes before the question, so that an answer sent at once is not shown.
func silence(f *os.File) (restore func(), err error) {
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return nil, err
	}
	h := windows.Handle(f.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(h, &mode); err != nil {
		return nil, err
	}
	mode &^= windows.ENABLE_ECHO_INPUT
	mode |= windows.ENABLE_LINE_INPUT | windows.ENABLE_PROCESSED_INPUT
	if err := windows.SetConsoleMode(h, mode); err != nil {
		return nil, err
	}
	return func() { _ = term.Restore(int(f.Fd()), before) }, nil
}
