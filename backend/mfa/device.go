package mfa

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// DeviceKind is a kind of MFA device.
type DeviceKind string

// KindPasskey is a FIDO credential: on a phone, a security key or a computer.
const KindPasskey DeviceKind = "passkey"

// Device is one MFA device of one principal. Removing a passkey deletes it.
type Device struct {
	ID          string
	PrincipalID string
	Kind        DeviceKind
	Name        string // unique over the whole account, without case
	Serial      string // ARN
	EnabledAt   time.Time
	LastUsedAt  time.Time // zero: never
	SuspectAt   time.Time // zero, or when its counter went backwards: it never signs in again
	Version     int64
	Passkey     *Credential // KindPasskey only
}

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
}

// IsSynced reports that copies of the passkey exist beyond one device.
func (c Credential) IsSynced() bool { return c.BackupEligible && c.BackupState }

// OnPhone reports that the credential is reached by hybrid.
func (c Credential) OnPhone() bool { return slices.Contains(c.Transports, "hybrid") }

// LinkedPhone is a phone that gave linking data: it can be rung without a QR
// code (CTAP 2.2 section 11.5, state-assisted transactions). Contact and Secret
// are as good as a bearer token for making that phone ring.
type LinkedPhone struct {
	ID           string
	PrincipalID  string
	Name         string // as the phone calls itself; untrusted, bounded
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
