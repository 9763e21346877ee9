package machine

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal that changes nothing of what goes through it.
type terminal struct {
	*os.File        // our end
	number   string // of the other end, under /dev/pts
}

func openTerminal() (*terminal, error) {
	end, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	t := &terminal{File: end}
	if err := t.prepare(); err != nil {
		end.Close()
		return nil, err
	}
	return t, nil
}

func (t *terminal) prepare() error {
	control, err := t.SyscallConn()
	if err != nil {
		return err
	}
	number := 0
	failed := control.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err := errors.Join(failed, err); err != nil {
		return err
	}
	t.number = strconv.Itoa(number)
	other, err := os.OpenFile("/dev/pts/"+t.number, os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer other.Close() // our end reads EIO from then on, while nobody has the other open
	raw := unix.Termios{Cflag: unix.CS8 | unix.CREAD}
	raw.Cc[unix.VMIN] = 1
	return unix.IoctlSetTermios(int(other.Fd()), unix.TCSETS, &raw)
}
