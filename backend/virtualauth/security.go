package virtualauth

import "time"

const (
	pinRetries  = 8 // CTAP 2.2 section 6.5.2.2
	pinInARow   = 3 // wrong PINs until the power has to be cycled
	pinHashSize = 16
	maxRetries  = 25 // of built-in user verification, by the standard
)

// security is what an authenticator remembers about its person without power.
// The members are exported for keep.go.
type security struct {
	PINHash     []byte `json:"pinHash,omitempty"` // secret; nil: no PIN is set
	Retries     int    `json:"pinRetries"`
	UVRetries   int    `json:"uvRetries"`
	ForceChange bool   `json:"forcePinChange,omitempty"`
}

func (c Config) freshSecurity() security {
	return security{Retries: pinRetries, UVRetries: c.UVRetries, ForceChange: c.ForcePINChange}
}

func (s security) usable() bool {
	return (s.PINHash == nil || len(s.PINHash) == pinHashSize) &&
		s.Retries >= 0 && s.Retries <= pinRetries && s.UVRetries >= 0 && s.UVRetries <= maxRetries
}

// power is what an authenticator knows only as long as it has power.
type power struct {
	since   time.Time
	misses  int       // wrong PINs in a row
	present time.Time // until when the token's own gesture counts as a touch
}

// Security is what may be seen of an authenticator's protection.
type Security struct {
	PINSet    bool
	Retries   int // wrong PINs that are left, 0 to 8
	UVRetries int // wrong tries of built-in user verification that are left
}

// Security gives the state of the PIN and of built-in user verification.
func (a *Authenticator) Security() Security {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Security{PINSet: a.security.PINHash != nil, Retries: a.security.Retries, UVRetries: a.security.UVRetries}
}

func (a *Authenticator) pinIsSet() bool { return a.Security().PINSet }

// protected reports that the authenticator can tell its person from others
// ("protected by some form of user verification").
func (a *Authenticator) protected() bool { return a.cfg.BuiltInUV || a.pinIsSet() }

// tokenless reports an authenticator that knows nothing of pinUvAuthParam, like a phone.
func (c Config) tokenless() bool { return !c.ClientPIN && !c.BuiltInUV }

// PowerCycle is what pulling the authenticator out and plugging it in again does
// to it: nothing is forgotten, but tokens and enumerations end, a PIN may be
// tried again, and the time in which it may be reset begins.
func (a *Authenticator) PowerCycle() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.powerUp()
}

// powerUp is PowerCycle under the lock.
func (a *Authenticator) powerUp() {
	a.next, a.listing = nil, listing{}
	a.power = power{since: a.cfg.Clock()}
	if a.server != nil {
		a.server.Revoke()
		a.renewKey()
	}
}

// renewKey makes the next key agreement impossible to foresee. Without randomness
// the old key stays: there is no better one. The caller holds the lock.
func (a *Authenticator) renewKey() { _ = a.server.Regenerate() }
