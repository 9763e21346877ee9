package mfa

import (
	"encoding/hex"
	"fmt"
	"time"
)

// DeviceKind is a kind of MFA device.
type DeviceKind string

// The kinds. Each has a life cycle of its own:
//
//	passkey  enabled -> removed, which deletes it
//	app      created (unassigned) -> enabled -> deactivated (unassigned) -> deleted, or swept
//	token    imported (in stock) -> enabled -> deactivated (in stock again) -> deleted
const (
	KindPasskey DeviceKind = "passkey" // a FIDO credential: on a phone, a security key or a computer
	KindApp     DeviceKind = "app"     // a virtual TOTP device: an authenticator app
	KindToken   DeviceKind = "token"   // a hardware TOTP token
)

// HasCodes reports that the kind proves itself by one-time codes.
func (k DeviceKind) HasCodes() bool { return k == KindApp || k == KindToken }

// Device is one MFA device, of one principal or of nobody.
type Device struct {
	ID          string
	PrincipalID string // empty: unassigned (app) or in stock (token)
	Kind        DeviceKind
	Name        string // unique over the whole account, without case; empty for a token in stock
	Serial      string // ARN, or the vendor's number of a token; unique without case
	CreatedAt   time.Time
	EnabledAt   time.Time // zero: unassigned
	LastUsedAt  time.Time // zero: never
	SuspectAt   time.Time // zero, or when its counter went backwards: it never signs in again
	Version     int64
	Passkey     *Credential // KindPasskey only
	OneTime     *OneTime    // kinds with codes only
}

// IsAssigned reports that the device belongs to somebody.
func (d Device) IsAssigned() bool { return d.PrincipalID != "" }

// CanSignIn reports that the device may prove a sign-in.
func (d Device) CanSignIn() bool { return d.IsAssigned() && d.SuspectAt.IsZero() }

// OneTime is what a device with codes is made of. The seed is sealed by the vault;
// what is stored cannot make a code.
type OneTime struct {
	Sealed       []byte        // the seed, for purpose SealSeed and this device's ID
	Algorithm    string        // SHA1, SHA256, SHA512
	Digits       int           // 6
	Period       time.Duration // 30 s or 60 s
	Drift        int           // steps by which the device is ahead of this machine
	LastStep     int64         // newest step that was accepted; 0: none
	Manufacturer string        // tokens only; may be empty
	Model        string
}

// CodeUse is an accepted code, as the store keeps it.
type CodeUse struct {
	Drift int
	Step  int64
	At    time.Time
}

// DriftSample is a drift that was seen when a code was accepted.
type DriftSample struct {
	At    time.Time
	Drift int // steps
}

// MaxDriftSamples is how many samples a store keeps for a device, the newest.
const MaxDriftSamples = 64

// MaxVirtual is how many virtual devices an account may hold, assigned and not:
// IAM's default quota of users.
const MaxVirtual = 5000

// AAGUID is the model of an authenticator; all zero when it does not say.
type AAGUID [16]byte

// String is the canonical 8-4-4-4-12 form.
func (a AAGUID) String() string {
	h := hex.EncodeToString(a[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// IsZero reports that the authenticator did not name its model.
func (a AAGUID) IsZero() bool { return a == AAGUID{} }

// Credential is a verified passkey.
type Credential struct {
	ID                []byte // 1 to 1023 bytes
	PublicKey         []byte // COSE_Key, canonical CBOR
	Algorithm         int64  // COSE: -7, -8, -257
	AAGUID            AAGUID
	SignCount         uint32
	Transports        []string
	BackupEligible    bool
	BackupState       bool
	Discoverable      bool
	UserVerified      bool // at registration
	AttestationFormat string
	AttestationObject []byte // as received, to be judged again later
	Trust             Trust  // frozen at registration
}

// StandsAlone reports that the passkey is two factors in one: it verified its owner when it
// was made, so it always does, and it finds the account by itself.
func (c Credential) StandsAlone() bool { return c.UserVerified && c.Discoverable }

// IsSynced reports that copies of the passkey exist beyond one device.
func (c Credential) IsSynced() bool { return c.BackupEligible && c.BackupState }

// LinkedPhone is a phone that gave linking data: it can be rung without a QR
// code (CTAP 2.2 section 11.5, state-assisted transactions). Contact and Secret
// are as good as a bearer token for making that phone ring.
type LinkedPhone struct {
	ID          string
	PrincipalID string
	Name        string // as the phone calls itself; untrusted, bounded
	// Sealed is what rings the phone (ContactID, LinkID and Secret), for purpose
	// SealLink and this link's ID. It is all that a store keeps of them; the three
	// are set in memory only, while a link is made or used.
	Sealed       []byte
	ContactID    []byte
	LinkID       []byte // 8 bytes
	Secret       *Secret
	PublicKey    []byte // 65 bytes, uncompressed P-256
	TunnelServer uint16
	CreatedAt    time.Time
}

// Format shows the phone's name and nothing that would ring it.
func (l LinkedPhone) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "linked phone %q", l.Name) }

// MarshalText is what Format writes, so JSON and logs show no more.
func (l LinkedPhone) MarshalText() ([]byte, error) { return fmt.Append(nil, l), nil }
