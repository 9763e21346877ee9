package ble

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
)

// winRadio is Windows.Devices.Radios.Radio.
type winRadio struct {
	kind, state int32
	name        string
}

// Values of RadioKind and RadioState.
const (
	radioBluetooth = 3

	radioUnknown = 0
	radioOn      = 1
)

// bluetoothName is what a radio is called that does not tell its name.
const bluetoothName = "Bluetooth"

// usableRadio gives the name of the first Bluetooth radio that is on. One of which the
// system does not know whether it is may be.
func usableRadio(radios []winRadio) (string, error) {
	found := false
	for _, r := range radios {
		if r.kind != radioBluetooth {
			continue
		}
		found = true
		if r.state == radioOn || r.state == radioUnknown {
			return cmp.Or(r.name, bluetoothName), nil
		}
	}
	if found {
		return "", mfa.Fail(mfa.CodeRadioOff)
	}
	return "", mfa.Fail(mfa.CodeRadioMissing)
}

// winState is BluetoothLEAdvertisementWatcherStatus.
type winState int32

const (
	winStarted winState = 1
	winStopped winState = 3
	winAborted winState = 4
)

// winStop is BluetoothError: why a watcher was stopped.
type winStop int32

const (
	stopRadioNotAvailable     winStop = 1
	stopOther                 winStop = 4
	stopDisabledByPolicy      winStop = 5
	stopNotSupported          winStop = 6
	stopDisabledByUser        winStop = 7
	stopConsentRequired       winStop = 8
	stopTransportNotSupported winStop = 9
)

func (s winStop) failure() error {
	code := mfa.CodeRadioFailed
	switch s {
	case stopRadioNotAvailable:
		code = mfa.CodeRadioOff
	case stopDisabledByPolicy, stopDisabledByUser, stopConsentRequired:
		code = mfa.CodeRadioDenied
	case stopNotSupported, stopTransportNotSupported: // no low energy
		code = mfa.CodeRadioMissing
	}
	return mfa.Fail(code).Because(fmt.Errorf("the watcher was stopped with BluetoothError %d", int32(s)))
}

// winFault is a failed HRESULT of a call.
type winFault uint32

func (f winFault) Error() string { return fmt.Sprintf("WinRT: 0x%08X", uint32(f)) }

const (
	classNotRegistered winFault = 0x80040154 // REGDB_E_CLASSNOTREG: a Windows without Bluetooth, or no Windows
	registryUnread     winFault = 0x80040150 // REGDB_E_READREGDB: the same
	notSupported       winFault = 0x80070032 // ERROR_NOT_SUPPORTED
	elementNotFound    winFault = 0x80070490 // ERROR_NOT_FOUND
	accessDenied       winFault = 0x80070005 // E_ACCESSDENIED
	deviceNotAvailable winFault = 0x800710DF // ERROR_DEVICE_NOT_AVAILABLE
	notReady           winFault = 0x80070015 // ERROR_NOT_READY
)

func isFault(err error, f winFault) bool {
	var got winFault
	return errors.As(err, &got) && got == f
}

// winMeaning turns what a call gave into a failure with something to do about it. What
// is one already, and the end of a context, pass.
func winMeaning(err error) error {
	var failure *mfa.Failure
	var fault winFault
	switch {
	case err == nil, errors.As(err, &failure), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &fault):
		return mfa.Fail(winCode(err)).Because(err)
	}
	return mfa.Fail(mfa.CodeRadioFailed).Because(err)
}

// winCode is the failure code that err has or means; empty where there is none.
func winCode(err error) mfa.Code {
	var failure *mfa.Failure
	if errors.As(err, &failure) {
		return failure.Code
	}
	var fault winFault
	if !errors.As(err, &fault) {
		return ""
	}
	switch fault {
	case classNotRegistered, registryUnread, notSupported, elementNotFound:
		return mfa.CodeRadioMissing
	case deviceNotAvailable, notReady:
		return mfa.CodeRadioOff
	case accessDenied:
		return mfa.CodeRadioDenied
	}
	return mfa.CodeRadioFailed
}
