package virtualauth

import (
	"context"
	"crypto/rand"
	"io"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Attestation is what stands behind a new credential.
type Attestation int

const (
	None   Attestation = iota // fmt none, as phones give
	Self                      // packed, signed by the credential's own key
	Packed                    // packed, signed by a key with a certificate under Root
)

// CounterMode is how the signature counter goes.
type CounterMode int

const (
	Zero   CounterMode = iota // always 0, as synced passkeys do
	Rising                    // per credential: 1 at registration, one more for each signature
)

// Faults make the authenticator misbehave, for tests of those who must notice.
type Faults struct {
	WrongSignature    bool // a bit of each signature is flipped
	NoUV              bool // the UV flag is left out, whatever was asked
	NoUP              bool // the UP flag is left out
	RegressCounter    bool // the counter goes one back instead of on
	WrongRPIDHash     bool // authenticator data for another relying party
	OmitCredential    bool // an assertion does not name its credential
	UnknownCredential bool // an assertion names a credential that nobody has
	TrailingByte      bool // one byte too many behind the authenticator data
}

// Config is what an Authenticator is made of. The zero value works: it makes
// non-discoverable credentials without user verification and says yes to all.
type Config struct {
	AAGUID             mfa.AAGUID // in new credentials, and in getInfo unless Info changes it
	Algorithms         []int64    // default ES256, EdDSA, RS256
	Attestation        Attestation
	Issuer             *Issuer // of the Packed certificate; nil: one of its own, which nobody knows
	Firmware           uint32  // in the Packed certificate; 0: not said
	Discoverable       bool    // offers rk
	AlwaysDiscoverable bool    // makes discoverable credentials unasked, as phones do
	UserVerification   bool    // offers uv
	BackupEligible     bool
	BackupState        bool // only with BackupEligible
	Counter            CounterMode
	Transports         []string // in getInfo
	Versions           []string // default FIDO_2_0, FIDO_2_1
	// ChoosesAccount asks which of several accounts to use and answers with that
	// one and userSelected; otherwise all are given by getNextAssertion.
	ChoosesAccount bool
	// EmptyNames puts empty names beside the user handle in assertions, as phones do.
	EmptyNames     bool
	MaxCredentials int // default 64; then status 0x28

	// Info has the last word on the getInfo answer. May be nil.
	Info func(*ctap2.Info)

	// Consent asks the person. nil says yes, with user verification if that is
	// offered. It must return soon after ctx ended; its error ends the exchange,
	// except a ctap2.Status, which becomes the answer.
	Consent func(ctx context.Context, p Prompt) (Decision, error)

	Rand   io.Reader        // default crypto/rand; RSA keys always come from there
	Clock  func() time.Time // default time.Now
	Faults Faults
}

func (c Config) withDefaults() Config {
	if c.Algorithms == nil {
		c.Algorithms = []int64{ctap2.ES256, ctap2.EdDSA, ctap2.RS256}
	}
	if c.Versions == nil {
		c.Versions = []string{"FIDO_2_0", "FIDO_2_1"}
	}
	if c.MaxCredentials == 0 {
		c.MaxCredentials = 64
	}
	if c.Consent == nil {
		c.Consent = func(context.Context, Prompt) (Decision, error) { return Decision{Approve: true, Verified: true}, nil }
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c
}
