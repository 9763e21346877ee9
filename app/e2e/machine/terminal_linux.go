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
	other    *os.File
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
	if t.other, err = os.OpenFile("/dev/pts/"+t.number, os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0); err != nil {
		return err
	}
	raw := unix.Termios{Cflag: unix.CS8 | unix.CREAD}
	raw.Cc[unix.VMIN] = 1
	return unix.IoctlSetTermios(int(t.other.Fd()), unix.TCSETS, &raw)
}

// letGo closes our hold on the other end: from then on our end reads EIO while nobody has
// the node open.
func (t *terminal) letGo() { t.other.Close() }

// node puts the other end where a program finds it.
func (t *terminal) node(m *Machine) func(path string) error {
	return func(path string) error { return os.Symlink(m.path("real", "pts", t.number), path) }
}
