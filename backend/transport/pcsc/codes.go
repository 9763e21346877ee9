package pcsc

import (
	"fmt"
	"runtime"

	"github.com/keyferry/keyferry/backend/mfa"
)

// code is what a function of PC/SC returns (PC/SC part 5; winscard.h).
type code uint32

const (
	codeOK                code = 0
	codeCancelled         code = 0x80100002
	codeInvalidHandle     code = 0x80100003
	codeUnknownReader     code = 0x80100009
	codeTimeout           code = 0x8010000A
	codeSharing           code = 0x8010000B
	codeNoCard            code = 0x8010000C
	codeUnknownCard       code = 0x8010000D
	codeProtocol          code = 0x8010000F
	codeNotReady          code = 0x80100010
	codeComm              code = 0x80100013
	codeNotTransacted     code = 0x80100016
	codeReaderUnavailable code = 0x80100017
	codeNoService         code = 0x8010001D
	codeServiceStopped    code = 0x8010001E
	codeNoAccess          code = 0x80100027
	codeNoReaders         code = 0x8010002E
	codeUnresponsive      code = 0x80100066
	codeUnpowered         code = 0x80100067
	codeReset             code = 0x80100068
	codeRemoved           code = 0x80100069
	codeSecurity          code = 0x8010006A
)

// Error names the code for logs.
func (c code) Error() string { return fmt.Sprintf("pcsc: %08X", uint32(c)) }

// failure says what a code means for the person.
func (c code) failure() error {
	switch c {
	case codeOK:
		return nil
	case codeNoService, codeServiceStopped, codeComm:
		return noService(c)
	case codeSecurity, codeNoAccess:
		return mfa.Fail(mfa.CodeReaderDenied).Because(c)
	case codeSharing:
		return mfa.Fail(mfa.CodeKeyBusy).Because(c)
	case codeReaderUnavailable, codeUnknownReader, codeNoReaders: // it was pulled out, and the key on it is well
		return mfa.Fail(mfa.CodeReaderMissing).Because(c)
	case codeRemoved, codeReset, codeNoCard, codeUnknownCard, codeUnpowered, codeUnresponsive, codeNotTransacted, codeNotReady, codeInvalidHandle:
		return mfa.Fail(mfa.CodeKeyLost).Because(c)
	case codeProtocol:
		return mfa.Fail(mfa.CodeKeyProtocol, "what", "T").Because(c)
	}
	return mfa.Fail(mfa.CodeKeyFailed).Because(c)
}

// entrance is failure for the first call of all, at which pcscd may turn a client away.
func (c code) entrance(svc service) error {
	if (c == codeNoService || c == codeComm) && svc.listens() {
		return mfa.Fail(mfa.CodeReaderDenied).Because(c)
	}
	return c.failure()
}

func noService(cause error) error {
	return mfa.Fail(mfa.CodeReaderNoService, "system", runtime.GOOS).Because(cause)
}
