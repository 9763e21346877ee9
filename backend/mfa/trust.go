package mfa

import "time"

// Certificates are the certification levels of an authenticator's model, in the
// spelling of IAM's condition keys. Empty: it has none, or none was proven; the
// two are told apart by Trust.
type Certificates struct {
	FIDO     string `json:"fido,omitempty"`       // iam:FIDO-certification: L1, L1plus, L2, L2plus, L3, L3plus
	FIPS1402 string `json:"fips_140_2,omitempty"` // iam:FIDO-FIPS-140-2-certification: L1 to L4
	FIPS1403 string `json:"fips_140_3,omitempty"` // iam:FIDO-FIPS-140-3-certification: L1 to L4
}

// The levels of the schemes, lowest first. IAM's conditions compare them as text: one
// that asks for L1 does not accept L2.
var (
	FIDOLevels = []string{"L1", "L1plus", "L2", "L2plus", "L3", "L3plus"}
	FIPSLevels = []string{"L1", "L2", "L3", "L4"}
)

// Unproven is why nothing is proven of an authenticator's model.
type Unproven string

const (
	Proven              Unproven = ""
	UnprovenNotJudged   Unproven = "not-judged"       // registered by a version that did not look
	UnprovenMetadata    Unproven = "no-metadata"      // no BLOB was imported
	UnprovenAttestation Unproven = "no-attestation"   // format none
	UnprovenSelf        Unproven = "self-attestation" // only the credential vouches for itself
	UnprovenModel       Unproven = "no-model"         // zero AAGUID, and no attestation certificate either
	UnprovenEntry       Unproven = "no-entry"         // the BLOB does not know the model
	UnprovenRoot        Unproven = "root-unknown"     // the certificates do not lead to a root of the model's entry
	UnprovenNoRoots     Unproven = "no-roots"         // the entry names no root that can be read
)

// StatusReport is one status report of FIDO metadata, as it was when it decided
// (FIDO Metadata Service 3.1 section 3.1.3).
type StatusReport struct {
	Status      string    `json:"status"`             // FIDO_CERTIFIED_L1, FIPS140_CERTIFIED_L2, REVOKED, …
	Effective   time.Time `json:"effective,omitzero"` // a day in UTC; zero: from the beginning
	Certificate string    `json:"number,omitempty"`   // of the certification, as the programme writes it
	FIPS        int       `json:"fips,omitempty"`     // fipsRevision: 2 or 3
	URL         string    `json:"url,omitempty"`      // untrusted text
}

// Trust is what was proven of a passkey's authenticator when it was registered. It
// is frozen: metadata that comes later never changes it.
type Trust struct {
	Unproven     Unproven  `json:"unproven,omitempty"`
	Detail       string    `json:"detail,omitempty"` // more about Unproven; plain ASCII, no secret
	Model        string    `json:"model,omitempty"`  // what metadata calls it
	Entry        string    `json:"entry,omitempty"`  // AAGUID, or hex of the attestation certificate's key identifier
	Format       string    `json:"format,omitempty"` // the statement that proved it
	Firmware     uint32    `json:"firmware,omitempty"`
	Blob         int64     `json:"blob,omitempty"` // number of the BLOB that was asked; 0: there was none
	At           time.Time `json:"at,omitzero"`    // when it was judged
	Certificates `json:"certificates"`
	Reports      []StatusReport `json:"reports,omitempty"` // those that the certificates came from
	Hello        Hello          `json:"hello"`
}

// IsProven reports that the model is known for sure. It may still have no certificates.
func (t Trust) IsProven() bool { return t.Unproven == Proven && !t.At.IsZero() }

// HelloState is whether a credential lives in Windows Hello on this computer.
type HelloState string

const (
	HelloNo       HelloState = "no"
	HelloYes      HelloState = "yes"
	HelloUnproven HelloState = "unproven"
)

// Hello is the Windows Hello guard's verdict on one credential.
type Hello struct {
	State HelloState `json:"state,omitempty"` // empty: it was not judged
	// Proof is what the verdict rests on: aaguid, format-tpm, transports (yes);
	// hybrid, usb, nfc, attested, transports, system (no); file, platform (unproven:
	// why there is none).
	Proof string `json:"proof,omitempty"`
}
