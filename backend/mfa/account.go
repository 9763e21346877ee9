package mfa

import "time"

// The relying-party IDs that need no domain of one's own. `.internal` is
// reserved for private use, so nobody else can own them.
const (
	DefaultRPID = "keyferry.internal"
	SandboxRPID = "sandbox.keyferry.internal"
)

// Account is the one account of a database.
type Account struct {
	ID        string // 12 decimal digits
	Alias     string
	RPID      string    // what every passkey is bound to
	FrozenAt  time.Time // first enrolment; from then on RPID never changes. Zero before.
	Sandbox   bool      // evaluation sandbox: simulated phones may enrol
	CreatedAt time.Time
	Version   int64
}

// Origin is what clientDataJSON names.
func (a Account) Origin() string { return OriginOf(a.RPID) }
