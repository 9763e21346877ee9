package ctap2

import (
	"slices"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Info is the answer to authenticatorGetInfo (CTAP 2.2 section 6.4, and what
// CTAP 2.3 added). A nil pointer or list means that the authenticator did not
// say; the methods know the defaults.
type Info struct {
	Versions                         []string               // 01
	Extensions                       []string               // 02
	AAGUID                           mfa.AAGUID             // 03
	Options                          map[string]bool        // 04: true on, false off but possible, absent impossible
	MaxMsgSize                       *uint64                // 05
	PinUvAuthProtocols               []uint64               // 06: in order of preference
	MaxCredentialCountInList         *uint64                // 07
	MaxCredentialIDLength            *uint64                // 08
	Transports                       []string               // 09
	Algorithms                       []CredentialParameters // 0A: in order of preference
	MaxSerializedLargeBlobArray      *uint64                // 0B
	ForcePINChange                   *bool                  // 0C
	MinPINLength                     *uint64                // 0D
	FirmwareVersion                  *uint64                // 0E
	MaxCredBlobLength                *uint64                // 0F
	MaxRPIDsForSetMinPINLength       *uint64                // 10
	PreferredPlatformUvAttempts      *uint64                // 11
	UvModality                       *uint64                // 12: bits of the FIDO registry
	Certifications                   map[string]uint64      // 13
	RemainingDiscoverableCredentials *uint64                // 14
	VendorPrototypeConfigCommands    []uint64               // 15
	AttestationFormats               []string               // 16
	UvCountSinceLastPinEntry         *uint64                // 17
	LongTouchForReset                *bool                  // 18
	EncIdentifier                    []byte                 // 19
	TransportsForReset               []string               // 1A
	PinComplexityPolicy              *bool                  // 1B
	PinComplexityPolicyURL           []byte                 // 1C
	MaxPINLength                     *uint64                // 1D
	EncCredStoreState                []byte                 // 1E: CTAP 2.3
	ConfigCommands                   []uint64               // 1F: CTAP 2.3, authenticatorConfig subcommands
}

// The options that the product looks at (CTAP 2.2 section 6.4, "option IDs").
const (
	OptionPlatform          = "plat"
	OptionResidentKey       = "rk"
	OptionUserPresence      = "up"
	OptionUserVerification  = "uv"
	OptionClientPIN         = "clientPin"
	OptionPinUvAuthToken    = "pinUvAuthToken"
	OptionAlwaysUV          = "alwaysUv"
	OptionMakeCredUvNotRqd  = "makeCredUvNotRqd"
	OptionNoMcGaPermissions = "noMcGaPermissionsWithClientPin"
	OptionManagement        = "credMgmt"
	OptionManagementPreview = "credentialMgmtPreview"
	OptionReadOnlyListing   = "perCredMgmtRO"
	OptionLargeBlobs        = "largeBlobs"
	OptionSetMinPINLength   = "setMinPINLength"
)

// IsOn reports that an option is supported and configured. up is on unless the
// authenticator says otherwise.
func (i Info) IsOn(option string) bool {
	on, said := i.Options[option]
	return on || option == OptionUserPresence && !said
}

// HasExtension reports that the authenticator lists the extension.
func (i Info) HasExtension(name string) bool { return slices.Contains(i.Extensions, name) }

// HasVersion reports that the authenticator lists the protocol version.
func (i Info) HasVersion(version string) bool { return slices.Contains(i.Versions, version) }

// MustChangePIN reports that the PIN is good for nothing but to be changed.
func (i Info) MustChangePIN() bool { return i.ForcePINChange != nil && *i.ForcePINChange }

// MessageLimit is the longest message that the authenticator takes, in bytes.
func (i Info) MessageLimit() uint64 {
	if i.MaxMsgSize == nil {
		return 1024
	}
	return *i.MaxMsgSize
}

// ParseInfo reads the data behind the status byte, which is also what a phone
// gives in its post-handshake message. Unknown members and options that are not
// boolean are passed over.
func ParseInfo(data []byte) (Info, error) {
	f, err := openMap(data, "getInfo", false)
	if err != nil {
		return Info{}, err
	}
	i := readInfo(f)
	return i, f.err()
}

// EncodeInfo writes the data behind the status byte.
func EncodeInfo(i Info) ([]byte, error) { return ctapcbor.Marshal(i.message()) }
