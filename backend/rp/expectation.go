package rp

import (
	"bytes"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// User verification requirements (WebAuthn 5.8.6).
const (
	verificationRequired    = "required"
	verificationPreferred   = "preferred"
	verificationDiscouraged = "discouraged"
)

// Expectation is what one ceremony is held against. FinishRegistration and
// FinishAuthentication fill it from the challenge book; the vector runner and
// tests fill it by hand.
type Expectation struct {
	RPID      string // hashed and compared with rpIdHash
	Origin    string // compared with clientDataJSON's byte for byte
	Challenge []byte // at least one byte

	// UserVerification is "required", "preferred" or "discouraged"; only the first
	// refuses an answer. Empty is "required".
	UserVerification string

	// AllowCrossOrigin accepts crossOrigin true, and a topOrigin with it.
	AllowCrossOrigin bool

	// AppID, when not empty, was offered by the appid extension (WebAuthn 10.1.1):
	// an assertion that reports having used it is scoped to AppID, not RPID.
	AppID string

	// Algorithms are the COSE algorithms that were offered at registration; nil
	// takes all that this build verifies, RS1 included.
	Algorithms []int64

	// AllowCredentials are the credential IDs that were offered at sign-in; nil
	// takes the credential that VerifyAssertion is given.
	AllowCredentials [][]byte

	// UserHandle is compared with an assertion's user handle if both are there.
	UserHandle []byte

	// At is the moment at which attestation certificates must be valid; zero is now.
	At time.Time
}

// Assertion is what a verified sign-in says.
type Assertion struct {
	DeviceID     string // set by FinishAuthentication only
	CredentialID []byte
	SignCount    uint32 // to be stored
	BackupState  bool   // to be stored
	UserVerified bool
}

func (e Expectation) needsVerification() bool {
	return e.UserVerification != verificationPreferred && e.UserVerification != verificationDiscouraged
}

func (e Expectation) at() time.Time {
	if e.At.IsZero() {
		return time.Now()
	}
	return e.At
}

func (e Expectation) offers(algorithm int64) bool {
	return e.Algorithms == nil || slices.Contains(e.Algorithms, algorithm)
}

func (e Expectation) allows(credentialID []byte) bool {
	return e.AllowCredentials == nil ||
		slices.ContainsFunc(e.AllowCredentials, func(id []byte) bool { return bytes.Equal(id, credentialID) })
}

// checkFlags holds user presence, user verification and the backup flags against
// the standard (WebAuthn 7.1 steps 15 to 18, 7.2 steps 17 to 19). user-presence-missing,
// user-verification-missing, backup-flags.
func (e Expectation) checkFlags(f flags) error {
	switch {
	case !f.has(flagUserPresent):
		return refuse(mfa.CodeUserPresenceMissing, "flag UP is not set")
	case e.needsVerification() && !f.has(flagUserVerified):
		return refuse(mfa.CodeUserVerifyMissing, "flag UV is not set, but required")
	case f.has(flagBackupState) && !f.has(flagBackupEligible):
		return refuse(mfa.CodeBackupFlags, "flag BS is set without BE")
	}
	return nil
}
