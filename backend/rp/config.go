package rp

import (
	"crypto/rand"
	"io"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Defaults of Config. Five minutes is the lower end of what WebAuthn section 15.1
// recommends where the user is verified: a person has to find the phone first.
const (
	DefaultChallengeLife = 5 * time.Minute
	DefaultMaxOpen       = 64
)

// Lateness is how much later than ChallengeLife an answer may come: a client that had the
// authenticator open in time leaves its owner a minute to confirm, and then it is done
// there. To refuse it then would leave a credential behind that is nobody's.
const Lateness = time.Minute + 15*time.Second

// Config says who the relying party is.
type Config struct {
	RPID   string // frozen with the first passkey; a domain name of at least two labels
	Name   string // what the phone may show; RPID when empty
	Origin string // https://host, host being RPID or below it; mfa.OriginOf(RPID) when empty

	ChallengeLife time.Duration    // the timeout of the options; 0 is DefaultChallengeLife. See Lateness
	MaxOpen       int              // ceremonies that may be open at once, the oldest gives way; 0 is DefaultMaxOpen
	Clock         func() time.Time // nil is time.Now
	Rand          io.Reader        // challenges; nil is crypto/rand
}

// RelyingParty runs ceremonies of one RP ID. It is safe for concurrent use.
type RelyingParty struct {
	cfg  Config
	book *challengeBook
}

// New checks cfg. rp-id-invalid; origin-mismatch when the origin is not https on
// the default port, names more than a host, or lies outside the RP ID
// (WebAuthn section 5.1.3 lets only the RP ID's own domain and its subdomains).
func New(cfg Config) (*RelyingParty, error) {
	if err := mfa.CheckRPID(cfg.RPID); err != nil {
		return nil, err
	}
	if cfg.Origin == "" {
		cfg.Origin = mfa.OriginOf(cfg.RPID)
	}
	if !originBelongs(cfg.Origin, cfg.RPID) {
		return nil, mfa.Fail(mfa.CodeOriginMismatch).Because(errorf("origin %q does not belong to RP ID %q", cfg.Origin, cfg.RPID))
	}
	if cfg.Name == "" {
		cfg.Name = cfg.RPID
	}
	if cfg.ChallengeLife <= 0 {
		cfg.ChallengeLife = DefaultChallengeLife
	}
	if cfg.MaxOpen <= 0 {
		cfg.MaxOpen = DefaultMaxOpen
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	return &RelyingParty{cfg: cfg, book: newChallengeBook(cfg)}, nil
}

func originBelongs(origin, rpID string) bool {
	host, isHTTPS := strings.CutPrefix(origin, "https://")
	return isHTTPS && mfa.CheckRPID(host) == nil && (host == rpID || strings.HasSuffix(host, "."+rpID))
}
