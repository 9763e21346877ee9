package readiness

import (
	"os"

	"golang.org/x/sys/unix"
)

func (f *Facts) find(getenv func(string) string) {
	program, _ := os.Executable()
	var name unix.Utsname
	_ = unix.Uname(&name)
	linux{root: os.DirFS("/"), getenv: getenv, program: program, kernel: unix.ByteSliceToString(name.Release[:])}.find(f)
	f.ClockKept = clockKept()
}

// clockKept asks the kernel, to which every time service reports (adjtimex(2)).
func clockKept() Answer {
	var t unix.Timex // no modes: nothing is set
	state, err := unix.Adjtimex(&t)
	switch {
	case err != nil: // not allowed within some containers
		return NobodyTold
	case state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0:
		return No
	}
	return Yes
}
