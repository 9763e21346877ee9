package hid

import (
	"errors"
	"fmt"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// ioReturn is IOReturn, what macOS answers about devices (IOKit/IOReturn.h). The two
// highest bits and the ten behind them say which part speaks, the rest what it says.
type ioReturn uint32

const (
	ioSuccess         ioReturn = 0
	ioNoDevice        ioReturn = 0xE00002C0
	ioNotPrivileged   ioReturn = 0xE00002C1
	ioExclusiveAccess ioReturn = 0xE00002C5
	ioUnsupported     ioReturn = 0xE00002C7
	ioNotOpen         ioReturn = 0xE00002CD
	ioBusy            ioReturn = 0xE00002D5
	ioTimeout         ioReturn = 0xE00002D6
	ioOffline         ioReturn = 0xE00002D7
	ioNotAttached     ioReturn = 0xE00002D9
	ioNotPermitted    ioReturn = 0xE00002E2
	ioAborted         ioReturn = 0xE00002EB
	ioNotResponding   ioReturn = 0xE00002ED
	ioNotFound        ioReturn = 0xE00002F0
	ioPortGone        ioReturn = 0x10000003 // MACH_SEND_INVALID_DEST: nobody is at the other end any more
)

func (r ioReturn) Error() string { return fmt.Sprintf("IOKit: 0x%08X", uint32(r)) }

// ioMeanings are those that mean something else than key-failed. Two keep a program from
// a key: a sandbox without the entitlement com.apple.security.device.usb, and a policy.
// No privacy setting does: Input Monitoring guards keyboards and pointers only.
var ioMeanings = map[ioReturn]mfa.Code{
	ioNoDevice:        mfa.CodeKeyLost,
	ioNotOpen:         mfa.CodeKeyLost,
	ioOffline:         mfa.CodeKeyLost,
	ioNotAttached:     mfa.CodeKeyLost,
	ioAborted:         mfa.CodeKeyLost,
	ioNotFound:        mfa.CodeKeyLost,
	ioPortGone:        mfa.CodeKeyLost,
	ioNotPrivileged:   mfa.CodeKeyPermission,
	ioNotPermitted:    mfa.CodeKeyPermission,
	ioExclusiveAccess: mfa.CodeKeyBusy,
	ioBusy:            mfa.CodeKeyBusy,
	ioTimeout:         mfa.CodeKeySilent,
	ioNotResponding:   mfa.CodeKeySilent,
	ioUnsupported:     mfa.CodeKeyFailed,
}

// failure gives what an error of IOKit means for the person who holds the key.
func (d ioDevice) failure(err error) error {
	var known *mfa.Failure
	var r ioReturn
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case !errors.As(err, &r):
		return mfa.Fail(mfa.CodeKeyFailed).Because(err)
	}
	switch code := ioMeanings[r]; code {
	case "":
		return mfa.Fail(mfa.CodeKeyFailed).Because(err)
	case mfa.CodeKeyPermission:
		return mfa.Fail(code, "node", d.place(), "why", "macos").Because(err) // a vendor here would offer a rule of Linux
	default:
		return mfa.Fail(code).Because(err)
	}
}

// place is where the device is plugged in, as System Information shows it: the location
// ID, in which each digit but the first two is a port on the way.
func (d ioDevice) place() string { return fmt.Sprintf("usb 0x%08x", d.location) }

// slot names the device as long as it stays: the registry gives every device that comes
// a number that it has never given before.
func (d ioDevice) slot() string { return fmt.Sprintf("%s ioreg %x", d.place(), d.id) }

// called is the device's name with its maker's before it, once.
func (d ioDevice) called() string {
	maker, name := printable(d.maker), printable(d.name)
	if strings.HasPrefix(strings.ToLower(name), strings.ToLower(maker)) {
		return name
	}
	return printable(maker + " " + name)
}
