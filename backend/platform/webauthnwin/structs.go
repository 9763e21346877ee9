package webauthnwin

import "unsafe"

// The structures of webauthn.dll in their newest versions (API version 9), with the
// layout of 64-bit Windows: Go's natural alignment is that of C there, on amd64 and
// arm64 alike. structs_test.go holds each offset to the table of the reference.
//
// What goes in is built of real pointers, so that it can be pinned. What comes out
// holds addresses as numbers: that memory is not Go's, and need not even be there.

// rpInfo is WEBAUTHN_RP_ENTITY_INFORMATION.
type rpInfo struct {
	Version uint32
	ID      *uint16
	Name    *uint16
	Icon    *uint16
}

// userInfo is WEBAUTHN_USER_ENTITY_INFORMATION.
type userInfo struct {
	Version     uint32
	IDSize      uint32
	ID          *byte // 1 to 64 bytes
	Name        *uint16
	Icon        *uint16
	DisplayName *uint16
}

// clientData is WEBAUTHN_CLIENT_DATA.
type clientData struct {
	Version  uint32
	JSONSize uint32
	JSON     *byte
	HashAlg  *uint16
}

// coseParameter is WEBAUTHN_COSE_CREDENTIAL_PARAMETER, coseParameters a list of them.
type coseParameter struct {
	Version uint32
	Type    *uint16
	Alg     int32
}

type coseParameters struct {
	Count uint32
	First *coseParameter
}

// credential is WEBAUTHN_CREDENTIAL, credentials the list of API version 1.
type credential struct {
	Version uint32
	IDSize  uint32
	ID      *byte
	Type    *uint16
}

type credentials struct {
	Count uint32
	First *credential
}

// credentialEx is WEBAUTHN_CREDENTIAL_EX, credentialList a list of pointers to them.
type credentialEx struct {
	Version    uint32
	IDSize     uint32
	ID         *byte
	Type       *uint16
	Transports uint32
}

type credentialList struct {
	Count uint32
	First **credentialEx
}

// extension is WEBAUTHN_EXTENSION, extensions a list of them.
type extension struct {
	ID   *uint16
	Size uint32
	Data unsafe.Pointer
}

type extensions struct {
	Count uint32
	First *extension
}

// hmacSalt is WEBAUTHN_HMAC_SECRET_SALT, saltValues WEBAUTHN_HMAC_SECRET_SALT_VALUES.
type hmacSalt struct {
	FirstSize  uint32
	First      *byte
	SecondSize uint32
	Second     *byte
}

type credentialSalt struct {
	IDSize uint32
	ID     *byte
	Salt   *hmacSalt
}

type saltValues struct {
	Global        *hmacSalt
	Count         uint32
	PerCredential *credentialSalt
}

// linkedDevice is CTAPCBOR_HYBRID_STORAGE_LINKED_DATA.
type linkedDevice struct {
	Version        uint32
	ContactIDSize  uint32
	ContactID      *byte
	LinkIDSize     uint32
	LinkID         *byte
	LinkSecretSize uint32
	LinkSecret     *byte
	PublicKeySize  uint32
	PublicKey      *byte
	Name           *uint16
	TunnelDomain   uint16
}

// makeOptions is WEBAUTHN_AUTHENTICATOR_MAKE_CREDENTIAL_OPTIONS.
type makeOptions struct {
	Version               uint32
	TimeoutMilliseconds   uint32
	OldExcludeList        credentials
	Extensions            extensions
	Attachment            uint32
	RequireResidentKey    int32
	UserVerification      uint32
	Attestation           uint32
	Flags                 uint32
	CancellationID        *guid           // from version 2
	ExcludeList           *credentialList // 3
	EnterpriseAttestation uint32          // 4
	LargeBlobSupport      uint32
	PreferResidentKey     int32
	PrivateMode           int32         // 5
	EnablePRF             int32         // 6
	LinkedDevice          *linkedDevice // 7
	JSONExtSize           uint32
	JSONExt               *byte
	PRFGlobalEval         *hmacSalt // 8
	HintCount             uint32
	Hints                 **uint16
	ThirdPartyPayment     int32
	RemoteWebOrigin       *uint16 // 9
	OptionsJSONSize       uint32
	OptionsJSON           *byte
	AuthenticatorIDSize   uint32
	AuthenticatorID       *byte
}

// getOptions is WEBAUTHN_AUTHENTICATOR_GET_ASSERTION_OPTIONS.
type getOptions struct {
	Version             uint32
	TimeoutMilliseconds uint32
	OldAllowList        credentials
	Extensions          extensions
	Attachment          uint32
	UserVerification    uint32
	Flags               uint32
	U2FAppID            *uint16 // from version 2
	U2FAppIDUsed        *int32
	CancellationID      *guid           // 3
	AllowList           *credentialList // 4
	LargeBlobOperation  uint32          // 5
	LargeBlobSize       uint32
	LargeBlob           *byte
	HMACSaltValues      *saltValues // 6
	PrivateMode         int32
	LinkedDevice        *linkedDevice // 7
	AutoFill            int32
	JSONExtSize         uint32
	JSONExt             *byte
	HintCount           uint32 // 8
	Hints               **uint16
	RemoteWebOrigin     *uint16 // 9
	OptionsJSONSize     uint32
	OptionsJSON         *byte
	AuthenticatorIDSize uint32
	AuthenticatorID     *byte
}

// guid is GUID.
type guid struct {
	Data1 uint32
	Data2 uint16
	Data3 uint16
	Data4 [8]byte
}

// address is where the library keeps something. It is read through native.read only.
type address uintptr

// attestation is WEBAUTHN_CREDENTIAL_ATTESTATION.
type attestation struct {
	Version                uint32
	Format                 address
	AuthDataSize           uint32
	AuthData               address
	StatementSize          uint32
	Statement              address
	DecodeType             uint32
	Decoded                address
	ObjectSize             uint32
	Object                 address
	CredentialIDSize       uint32
	CredentialID           address
	Extensions             extensionsOut // from version 2
	UsedTransport          uint32        // 3
	EnterpriseAttestation  int32         // 4
	LargeBlobSupported     int32
	ResidentKey            int32
	PRFEnabled             int32  // 5
	UnsignedExtensionsSize uint32 // 6
	UnsignedExtensions     address
	HMACSecret             address // 7
	ThirdPartyPayment      int32
	Transports             uint32 // 8
	ClientDataJSONSize     uint32
	ClientDataJSON         address
	RegistrationJSONSize   uint32
	RegistrationJSON       address
}

// assertion is WEBAUTHN_ASSERTION.
type assertion struct {
	Version                uint32
	AuthDataSize           uint32
	AuthData               address
	SignatureSize          uint32
	Signature              address
	Credential             credentialOut
	UserIDSize             uint32
	UserID                 address
	Extensions             extensionsOut // from version 2
	LargeBlobSize          uint32
	LargeBlob              address
	LargeBlobStatus        uint32
	HMACSecret             address // 3
	UsedTransport          uint32  // 4
	UnsignedExtensionsSize uint32  // 5
	UnsignedExtensions     address
	ClientDataJSONSize     uint32 // 6
	ClientDataJSON         address
	ResponseJSONSize       uint32
	ResponseJSON           address
}

// credentialOut and extensionsOut are credential and extensions as they come out.
type credentialOut struct {
	Version uint32
	IDSize  uint32
	ID      address
	Type    address
}

type extensionsOut struct {
	Count uint32
	First address
}
