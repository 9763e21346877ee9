package ctap2

import (
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Status is the first byte of every response (CTAP 2.2 section 8.2). As an error
// it is the cause inside the Failure.
type Status byte

// The statuses that have a name.
const (
	StatusOK                   Status = 0x00
	StatusInvalidCommand       Status = 0x01
	StatusInvalidParameter     Status = 0x02
	StatusInvalidLength        Status = 0x03
	StatusInvalidSequence      Status = 0x04
	StatusTimeout              Status = 0x05
	StatusChannelBusy          Status = 0x06
	StatusLockRequired         Status = 0x0A
	StatusInvalidChannel       Status = 0x0B
	StatusCBORUnexpectedType   Status = 0x11
	StatusInvalidCBOR          Status = 0x12
	StatusMissingParameter     Status = 0x14
	StatusLimitExceeded        Status = 0x15
	StatusFPDatabaseFull       Status = 0x17
	StatusLargeBlobStorageFull Status = 0x18
	StatusCredentialExcluded   Status = 0x19
	StatusProcessing           Status = 0x21
	StatusInvalidCredential    Status = 0x22
	StatusUserActionPending    Status = 0x23
	StatusOperationPending     Status = 0x24
	StatusNoOperations         Status = 0x25
	StatusUnsupportedAlgorithm Status = 0x26
	StatusOperationDenied      Status = 0x27
	StatusKeyStoreFull         Status = 0x28
	StatusUnsupportedOption    Status = 0x2B
	StatusInvalidOption        Status = 0x2C
	StatusKeepaliveCancel      Status = 0x2D
	StatusNoCredentials        Status = 0x2E
	StatusUserActionTimeout    Status = 0x2F
	StatusNotAllowed           Status = 0x30
	StatusPINInvalid           Status = 0x31
	StatusPINBlocked           Status = 0x32
	StatusPINAuthInvalid       Status = 0x33
	StatusPINAuthBlocked       Status = 0x34
	StatusPINNotSet            Status = 0x35
	StatusPUATRequired         Status = 0x36
	StatusPINPolicyViolation   Status = 0x37
	StatusRequestTooLarge      Status = 0x39
	StatusActionTimeout        Status = 0x3A
	StatusUPRequired           Status = 0x3B
	StatusUVBlocked            Status = 0x3C
	StatusIntegrityFailure     Status = 0x3D
	StatusInvalidSubcommand    Status = 0x3E
	StatusUVInvalid            Status = 0x3F
	StatusUnauthorizedPerm     Status = 0x40
	StatusOther                Status = 0x7F
	StatusExtensionFirst       Status = 0xE0
	StatusExtensionLast        Status = 0xEF
	StatusVendorFirst          Status = 0xF0
	StatusVendorLast           Status = 0xFF
)

var statusNames = map[Status]string{
	StatusOK: "ok", StatusInvalidCommand: "invalid command", StatusInvalidParameter: "invalid parameter",
	StatusInvalidLength: "invalid length", StatusInvalidSequence: "invalid sequence", StatusTimeout: "timeout",
	StatusChannelBusy: "channel busy", StatusLockRequired: "lock required", StatusInvalidChannel: "invalid channel",
	StatusCBORUnexpectedType: "CBOR of an unexpected type", StatusInvalidCBOR: "invalid CBOR",
	StatusMissingParameter: "missing parameter", StatusLimitExceeded: "limit exceeded",
	StatusFPDatabaseFull: "fingerprint database full", StatusLargeBlobStorageFull: "large blob storage full",
	StatusCredentialExcluded: "credential excluded", StatusProcessing: "processing",
	StatusInvalidCredential: "invalid credential", StatusUserActionPending: "user action pending",
	StatusOperationPending: "operation pending", StatusNoOperations: "no operations",
	StatusUnsupportedAlgorithm: "unsupported algorithm", StatusOperationDenied: "operation denied",
	StatusKeyStoreFull: "key store full", StatusUnsupportedOption: "unsupported option",
	StatusInvalidOption: "invalid option", StatusKeepaliveCancel: "cancelled", StatusNoCredentials: "no credentials",
	StatusUserActionTimeout: "user action timeout", StatusNotAllowed: "not allowed", StatusPINInvalid: "PIN invalid",
	StatusPINBlocked: "PIN blocked", StatusPINAuthInvalid: "PIN/UV auth invalid", StatusPINAuthBlocked: "PIN auth blocked",
	StatusPINNotSet: "PIN not set", StatusPUATRequired: "PIN/UV auth token required",
	StatusPINPolicyViolation: "PIN policy violation", StatusRequestTooLarge: "request too large",
	StatusActionTimeout: "action timeout", StatusUPRequired: "user presence required", StatusUVBlocked: "UV blocked",
	StatusIntegrityFailure: "integrity failure", StatusInvalidSubcommand: "invalid subcommand",
	StatusUVInvalid: "UV invalid", StatusUnauthorizedPerm: "unauthorized permission", StatusOther: "other",
}

// String is the standard's name in words, with the byte.
func (s Status) String() string {
	name, named := statusNames[s]
	switch {
	case named:
	case s >= StatusVendorFirst:
		name = "vendor specific"
	case s >= StatusExtensionFirst:
		name = "extension specific"
	default:
		name = "unassigned"
	}
	return fmt.Sprintf("%s (0x%02x)", name, byte(s))
}

// Error makes a Status the cause of a Failure.
func (s Status) Error() string { return "ctap2: status " + s.String() }

// Failure is what a status means for a person, with the status as its cause;
// nil for StatusOK. What has no meaning of its own is authenticator-status with
// the byte as params "status", "0x7f".
//
// 0x2D means that the platform cancelled. When nobody here did, the person
// stopped it on the authenticator, so it is the same "no" as 0x27.
//
// Some statuses mean more in one command than in all: 0x31 comes without the tries
// that are left (TokenByPIN and ChangePIN ask for them), and 0x30 of a reset is
// key-reset-late (Reset).
func (s Status) Failure() *mfa.Failure {
	var code mfa.Code
	switch s {
	case StatusOK:
		return nil
	case StatusOperationDenied, StatusKeepaliveCancel:
		code = mfa.CodeDeclined
	case StatusCredentialExcluded:
		code = mfa.CodeAlreadyRegistered
	case StatusNoCredentials, StatusInvalidCredential:
		code = mfa.CodeNoCredential
	case StatusTimeout, StatusUserActionTimeout, StatusActionTimeout:
		code = mfa.CodeAuthenticatorTimeout
	case StatusUnsupportedAlgorithm:
		code = mfa.CodeUnsupportedAlgorithm
	case StatusUnsupportedOption, StatusInvalidOption:
		code = mfa.CodeUnsupportedOption
	case StatusKeyStoreFull, StatusLargeBlobStorageFull, StatusFPDatabaseFull:
		code = mfa.CodeAuthenticatorFull
	case StatusPINInvalid:
		code = mfa.CodePINWrong
	case StatusPINAuthBlocked:
		code = mfa.CodePINLocked
	case StatusPINBlocked:
		code = mfa.CodePINBlocked
	case StatusPINNotSet:
		code = mfa.CodePINNotSet
	case StatusPUATRequired:
		code = mfa.CodePINNeeded
	case StatusPINPolicyViolation:
		code = mfa.CodePINRefused
	case StatusUVBlocked:
		code = mfa.CodeUVBlocked
	case StatusUVInvalid, StatusPINAuthInvalid, StatusUnauthorizedPerm:
		code = mfa.CodeUVFailed
	case StatusChannelBusy, StatusLockRequired:
		code = mfa.CodeKeyBusy
	default:
		return mfa.Fail(mfa.CodeAuthenticatorStatus, "status", fmt.Sprintf("0x%02x", byte(s))).Because(s)
	}
	return mfa.Fail(code).Because(s)
}
