package hello

import "github.com/keyferry/keyferry/backend/mfa"

// Path is the way by which a credential came in.
type Path string

const (
	PathHybrid   Path = "hybrid"   // our own hybrid client spoke to a phone
	PathUSB      Path = "usb"      // our own CTAP client spoke to a security key
	PathNFC      Path = "nfc"      // the same, through a reader
	PathPlatform Path = "platform" // the operating system's own dialog made it
	PathFile     Path = "file"     // a text from elsewhere; nobody here saw it being made
)

// System names with a meaning here, as runtime.GOOS spells them.
const systemWindows = "windows"

// Evidence is what is known of a credential after its ceremony.
type Evidence struct {
	AAGUID     mfa.AAGUID
	Formats    []string // of the attestation statement, and of each inside a compound one
	Transports []string // as the client reports them; believed on PathPlatform only
	Path       Path     // empty is PathFile
	System     string   // runtime.GOOS of the computer whose dialog made it; empty: not known. PathPlatform only
	Proven     bool     // its attestation leads to a root of a model that is not Windows Hello
}

// Proofs: what a verdict rests on, for mfa.Hello.Proof.
const (
	ProofAAGUID     = "aaguid"     // yes: it is one of Windows Hello's
	ProofTPM        = "format-tpm" // yes: a TPM attested it
	ProofTransports = "transports" // yes: internal alone; no: another one
	ProofHybrid     = "hybrid"     // no: it is on a phone
	ProofUSB        = "usb"        // no: it is on a security key
	ProofNFC        = "nfc"        // no: it is on a security key or card
	ProofAttested   = "attested"   // no: another model is proven
	ProofSystem     = "system"     // no: that computer has no Windows Hello

	NoProofFile     = "file"     // unproven: a file can say what it likes
	NoProofPlatform = "platform" // unproven: the system's dialog did not say what it used
)

// aaguids are Windows Hello's: in hardware, in hardware guarded by virtualisation,
// in software.
var aaguids = [...]mfa.AAGUID{
	{0x08, 0x98, 0x70, 0x58, 0xca, 0xdc, 0x4b, 0x81, 0xb6, 0xe1, 0x30, 0xde, 0x50, 0xdc, 0xbe, 0x96},
	{0x9d, 0xdd, 0x18, 0x17, 0xaf, 0x5a, 0x46, 0x72, 0xa2, 0xb9, 0x3e, 0x3d, 0xd9, 0x50, 0x00, 0xa9},
	{0x60, 0x28, 0xb0, 0x17, 0xb1, 0xd4, 0x4c, 0x02, 0xb4, 0xb3, 0xaf, 0xcd, 0xaf, 0xc9, 0x6b, 0xb2},
}

// IsModel reports that an AAGUID is one of Windows Hello's. A zero one is not.
func IsModel(a mfa.AAGUID) bool {
	for _, known := range aaguids {
		if a == known {
			return true
		}
	}
	return false
}
