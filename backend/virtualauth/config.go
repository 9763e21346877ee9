package virtualauth

import (
	"context"
	"crypto/rand"
	"io"
	"slices"
	"strings"
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

	// What security keys have and phones have not. All of it is left out unless said.

	ClientPIN       bool          // offers clientPin; no PIN is set at first
	PINProtocols    []uint64      // in order of preference; default 2, 1
	MinPINLength    int           // code points; default 4
	MinPINLengthFor []string      // extension minPinLength: the RP IDs that may hear it
	ForcePINChange  bool          // the first PIN has to be changed before it gives tokens
	BuiltInUV       bool          // offers uv as a fingerprint reader with somebody enrolled does: when asked, and with tries
	UVRetries       int           // wrong tries of BuiltInUV until it is blocked; default 3
	AlwaysUV        bool          // nothing without user verification, U2F included
	UVOptional      bool          // makeCredUvNotRqd: a PIN is for discoverable credentials only
	CredMgmt        bool          // credential management; with FIDO_2_0 as the prototype 0x41 alone
	Selection       bool          // authenticatorSelection
	Reset           bool          // authenticatorReset, with a touch
	ResetWithin     time.Duration // after power-up; default 10 s
	CredProtect     bool          // extension credProtect
	HMACSecret      bool          // extension hmac-secret; only with ClientPIN or BuiltInUV, whose key agreement it needs
	HMACSecretMC    bool          // extension hmac-secret-mc, with HMACSecret: secrets already at creation
	LargeBlobKey    bool          // extension largeBlobKey; there is no command for the blobs
	U2F             bool          // CTAP1: see APDU

	// Present says whether the person has touched for a U2F request. It is asked at
	// every try and must not wait, since U2F answers "not yet" and is asked again.
	// nil says yes.
	Present func(Prompt) bool
	// Winked is called when the authenticator has to show itself. May be nil.
	Winked func()

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

const (
	defaultMinPIN      = 4
	defaultUVRetries   = 3
	defaultResetWithin = 10 * time.Second // CTAP 2.2 section 6.6
)

// modern reports CTAP 2.1 or later: tokens with permissions.
func (c Config) modern() bool {
	return slices.ContainsFunc(c.Versions, func(v string) bool { return strings.HasPrefix(v, "FIDO_2_") && v != "FIDO_2_0" && v != "FIDO_2_1_PRE" })
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
	if c.PINProtocols == nil {
		c.PINProtocols = []uint64{2, 1}
	}
	if c.MinPINLength == 0 {
		c.MinPINLength = defaultMinPIN
	}
	if c.UVRetries == 0 {
		c.UVRetries = defaultUVRetries
	}
	if c.ResetWithin == 0 {
		c.ResetWithin = defaultResetWithin
	}
	if c.Present == nil {
		c.Present = func(Prompt) bool { return true }
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
