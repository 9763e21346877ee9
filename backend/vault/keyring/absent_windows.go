package keyring

import (
	"errors"
	"syscall"
)

// noSuchLogonSession is ERROR_NO_SUCH_LOGON_SESSION: a service or a network logon
// has no credential set (CredRead, wincred.h).
const noSuchLogonSession = syscall.Errno(1312)

func absent(err error) bool { return errors.Is(err, noSuchLogonSession) }
