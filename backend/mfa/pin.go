package mfa

import "context"

// PINFor is what a PIN is asked for.
type PINFor string

const (
	PINVerify PINFor = "verify" // the present one, to prove who is there
	PINNew    PINFor = "new"    // one to be set, because the device has none
	PINChange PINFor = "change" // a new one, because the device wants another
)

// MaxPINBytes is the longest PIN there can be, in UTF-8 (CTAP 2.2 section 6.5.1).
const MaxPINBytes = 63

// PINAsk is one question for the PIN of a security key or of this computer
// (CTAP 2.2 section 6.5).
type PINAsk struct {
	For   PINFor
	Key   string // the device's name
	Local bool   // it is this computer's, not a key's
	// Min and Max are the length in code points; never more than MaxPINBytes of UTF-8.
	// Max is 63 for every authenticator that does not say less.
	Min, Max int
	// Left is how many tries are left, -1 when that is not known. At 0 the device
	// would be blocked, so nobody is asked.
	Left int
	// Wrong is set when the PIN before was not right.
	Wrong bool
	// Replug: after one more wrong PIN the key must be unplugged before the next try.
	Replug bool
}

// AskPIN asks the person. The answer is UTF-8, and the caller wipes it; nil with
// an error when the person cancelled or ctx ended.
type AskPIN func(ctx context.Context, ask PINAsk) (*Secret, error)
