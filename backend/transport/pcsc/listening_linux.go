package pcsc

import (
	"cmp"
	"net"
	"os"
	"time"
)

// listening reports that pcscd takes connections. Its library says "no service" both
// where it does not run and where it hangs up on a client that polkit refused.
func listening() bool {
	name := cmp.Or(os.Getenv("PCSCLITE_CSOCK_NAME"), "/run/pcscd/pcscd.comm")
	conn, err := net.DialTimeout("unix", name, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
