package ble

import (
	"errors"
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
)

// cbState is CBManagerState: what the Bluetooth of macOS is up to.
type cbState int

const (
	cbUnknown      cbState = 0 // it will say so soon
	cbResetting    cbState = 1 // the system's service has gone away, and comes back
	cbUnsupported  cbState = 2 // no Bluetooth, or no low energy
	cbUnauthorized cbState = 3
	cbOff          cbState = 4
	cbOn           cbState = 5
)

// failure is nil for what is none, or passes by itself. A state that is not known here is bluetooth-failed.
func (s cbState) failure() error {
	code := mfa.CodeRadioFailed
	switch s {
	case cbUnknown, cbResetting, cbOn:
		return nil
	case cbUnsupported:
		code = mfa.CodeRadioMissing
	case cbUnauthorized:
		code = mfa.CodeRadioDenied
	case cbOff:
		code = mfa.CodeRadioOff
	}
	cause := fmt.Errorf("CoreBluetooth: state %d", int(s))
	if code == mfa.CodeRadioDenied {
		return denied(cause)
	}
	return mfa.Fail(code).Because(cause)
}

// denied names macOS, where it matters who asks: what a terminal has started asks under
// the terminal's name.
func denied(cause error) *mfa.Failure {
	return mfa.Fail(mfa.CodeRadioDenied, "why", "macos").Because(cause)
}

// cbAuthorization is CBManagerAuthorization: what the person has said, once.
type cbAuthorization int

const (
	cbNotDetermined cbAuthorization = 0 // nobody has been asked yet
	cbRestricted    cbAuthorization = 1 // and nobody may be: a policy
	cbDenied        cbAuthorization = 2
	cbAllowed       cbAuthorization = 3
)

var (
	errStateless = errors.New("CoreBluetooth: no state came")
	errMayNotAsk = errors.New("CoreBluetooth: the system would end a program that asks without a usage description")
	errRefused   = errors.New("CoreBluetooth: refused in the privacy settings, or by a policy")
)

// admitted says whether a manager may be made at all. Where nobody has been asked yet,
// making one asks; where that may not be, it ends the program, which is therefore not
// tried.
func admitted(a cbAuthorization, mayAsk bool) error {
	switch {
	case a == cbRestricted || a == cbDenied:
		return denied(errRefused)
	case a == cbNotDetermined && !mayAsk:
		return denied(errMayNotAsk)
	}
	return nil
}

// describedAsk says whether the question of the system would have a text. It looks for
// that in the program that answers for this one. An app that the system itself has started
// answers for itself (its parent is launchd, process 1). One that a terminal has started
// is answered for by the terminal, whose text cannot be read from here: there the person
// has to allow the terminal in the settings first.
func describedAsk(description string, parent int) bool { return description != "" && parent == 1 }
