package webauthnwin

import (
	"errors"
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
)

// hresult is HRESULT. The highest bit says that it failed.
type hresult uint32

// What the header of webauthn.dll gives a name to (WebAuthNGetErrorName). Anything else
// is its UnknownError.
const (
	ok                  hresult = 0
	errorNotSupported   hresult = 0x80070032 // Win32 50
	errorCancelled      hresult = 0x800704C7 // Win32 1223
	errorTimeout        hresult = 0x800705B4 // Win32 1460
	nteExists           hresult = 0x8009000F
	nteNotFound         hresult = 0x80090011
	nteTokenStorageFull hresult = 0x80090023
	nteInvalidParameter hresult = 0x80090027
	nteNotSupported     hresult = 0x80090029
	nteDeviceNotFound   hresult = 0x80090035
	nteUserCancelled    hresult = 0x80090036
	noSuchFunction      hresult = 0x8007007F // Win32 127: our own, for an export that is not there
	noAnswer            hresult = 0x80004003 // E_POINTER: our own, for success without a result
)

var meanings = map[hresult]mfa.Code{
	errorNotSupported:   mfa.CodeUnsupportedOption,
	errorCancelled:      mfa.CodeCancelled,
	errorTimeout:        mfa.CodeTimedOut,
	nteExists:           mfa.CodeAlreadyRegistered,
	nteNotFound:         mfa.CodeNoCredential,
	nteTokenStorageFull: mfa.CodeAuthenticatorFull,
	nteInvalidParameter: mfa.CodePlatformFailed,
	nteNotSupported:     mfa.CodeUnsupportedOption,
	nteDeviceNotFound:   mfa.CodeNoCredential,
	nteUserCancelled:    mfa.CodeCancelled,
}

func (hr hresult) failed() bool   { return hr&0x80000000 != 0 }
func (hr hresult) String() string { return fmt.Sprintf("0x%08X", uint32(hr)) }

// unknown is what the library calls UnknownError.
func (hr hresult) unknown() bool {
	_, named := meanings[hr]
	return hr.failed() && !named
}

// callError is the cause behind a failure, for logs.
type callError struct {
	hr   hresult
	name string // of the library, for logs only
}

func (e *callError) Error() string { return fmt.Sprintf("webauthn.dll: %s %s", e.hr, e.name) }

// failure gives what hr means for the person. While one is made, nothing can be
// missing but the device.
func failure(hr hresult, name string, creating bool) error {
	code, named := meanings[hr]
	if !named {
		code = mfa.CodePlatformFailed
	}
	if creating && code == mfa.CodeNoCredential {
		code = mfa.CodeKeyMissing
	}
	f := mfa.Fail(code)
	if code == mfa.CodePlatformFailed {
		f = mfa.Fail(code, "code", hr.String())
	}
	return f.Because(&callError{hr, name})
}

// isUnknown says whether err is the library's UnknownError.
func isUnknown(err error) bool {
	var e *callError
	return errors.As(err, &e) && e.hr.unknown()
}
