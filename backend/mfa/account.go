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
	Settings  Settings
	CreatedAt time.Time
	Version   int64
}

// Origin is what clientDataJSON names.
func (a Account) Origin() string { return OriginOf(a.RPID) }

// Settings are the rules of the account that its administrators choose.
type Settings struct {
	RootGraceDays  int  // 0 to MaxGraceDays: how long root may go without a device
	RequireForUser bool // users must have a device, too
	UserGraceDays  int  // 0 to MaxGraceDays
	Passwordless   bool // a discoverable passkey signs in without a name and password
	// RuleOutHello refuses a device as soon as it cannot be ruled out that it is Windows
	// Hello on this computer. What is proven to be is refused without it.
	RuleOutHello bool
	// NewUsersAnyDevice gives EnableAnyDevice to new users. Where a certification policy
	// decides over devices it must be off: what one policy allows, no other one takes back
	// but by a Deny.
	NewUsersAnyDevice bool

	IdleMinutes int // 0: never; after so long without a touch the session ends
	Passwords   PasswordRules
}

// PasswordRules is the account's password policy.
type PasswordRules struct {
	MinLength                   int // MinPassword to MaxPassword characters
	Upper, Lower, Digit, Symbol bool
}

// Limits and defaults of Settings. The 35 days are those that AWS was seen to give.
const (
	DefaultGraceDays = 35
	MaxGraceDays     = 365
	DefaultIdle      = 15
	MaxIdle          = 24 * 60
)

// DefaultSettings are those of a new account.
func DefaultSettings() Settings {
	return Settings{RootGraceDays: DefaultGraceDays, UserGraceDays: DefaultGraceDays, NewUsersAnyDevice: true, IdleMinutes: DefaultIdle,
		Passwords: PasswordRules{MinLength: MinPassword}}
}

// Check holds settings against their limits. invalid-input (field).
func (s Settings) Check() error {
	for _, f := range []struct {
		name          string
		value, lo, hi int
	}{
		{"root-grace", s.RootGraceDays, 0, MaxGraceDays}, {"user-grace", s.UserGraceDays, 0, MaxGraceDays},
		{"idle", s.IdleMinutes, 0, MaxIdle}, {"min-length", s.Passwords.MinLength, MinPassword, MaxPassword},
	} {
		if f.value < f.lo || f.value > f.hi {
			return Fail(CodeInvalidInput, "field", f.name)
		}
	}
	return nil
}
