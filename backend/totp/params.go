package totp

import (
	"fmt"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Algorithm is the hash under the HMAC, by its name in otpauth addresses. Other
// names can stand here after reading an address or a file; Check refuses them.
type Algorithm string

// The hashes of RFC 6238 section 1.2.
const (
	SHA1   Algorithm = "SHA1"
	SHA256 Algorithm = "SHA256"
	SHA512 Algorithm = "SHA512"
)

// Type says what moves a token on: the clock or a counter.
type Type string

const (
	TOTP Type = "totp"
	HOTP Type = "hotp"
)

// Params is how a token makes its codes.
type Params struct {
	Algorithm Algorithm
	Digits    int           // 6 or 8
	Period    time.Duration // 30 s or 60 s; whole seconds
}

// Default is what every authenticator app understands.
var Default = Params{Algorithm: SHA1, Digits: 6, Period: 30 * time.Second}

// Check holds the parameters against what is supported: SHA-1, SHA-256 or
// SHA-512, 6 or 8 digits, 30 or 60 seconds. It fails with token-unsupported
// (params: what).
func (p Params) Check() error {
	what := ""
	switch {
	case p.Algorithm != SHA1 && p.Algorithm != SHA256 && p.Algorithm != SHA512:
		what = string(p.Algorithm)
	case p.Digits != 6 && p.Digits != 8:
		what = fmt.Sprintf("%d digits", p.Digits)
	case p.Period != 30*time.Second && p.Period != 60*time.Second:
		what = p.Period.String()
	default:
		return nil
	}
	return mfa.Fail(mfa.CodeTokenUnsupported, "what", what)
}

// Step is the number of the time step that holds t, T0 being 1970 (RFC 6238
// section 4.2). Times before 1970 give negative steps, for which there are no codes.
func (p Params) Step(t time.Time) int64 {
	seconds, period := t.Unix(), p.seconds()
	step := seconds / period
	if seconds%period < 0 {
		step--
	}
	return step
}

// Start is when a step begins.
func (p Params) Start(step int64) time.Time { return time.Unix(step*p.seconds(), 0).UTC() }

// seconds is the period, and 1 where there is none, so that nothing divides by 0.
func (p Params) seconds() int64 { return max(1, int64(p.Period/time.Second)) }

// steps is how many whole steps fit into d.
func (p Params) steps(d time.Duration) int { return int(int64(d/time.Second) / p.seconds()) }
