package ctap2

import (
	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// Hashes of SHA-256.
const (
	clientDataHashSize = 32
	rpIDHashSize       = 32
)

// MakeCredentialRequest is authenticatorMakeCredential (CTAP 2.2 section 6.1).
// Members without a value are not written.
type MakeCredentialRequest struct {
	ClientDataHash        []byte // 01: 32 bytes
	RP                    RelyingParty
	User                  User
	Parameters            []CredentialParameters          // 04: in order of preference, at least one
	ExcludeList           []PublicKeyCredentialDescriptor // 05
	Extensions            ctapcbor.RawMessage             // 06: a canonical map
	Options               map[string]bool                 // 07: rk, up, uv
	PinUvAuthParam        []byte                          // 08: not nil when present; may be empty
	PinUvAuthProtocol     uint64                          // 09
	EnterpriseAttestation uint64                          // 0A
	AttestationFormats    []string                        // 0B: in order of preference
}

// EncodeMakeCredentialRequest writes the parameters, without the command byte.
func EncodeMakeCredentialRequest(r MakeCredentialRequest) ([]byte, error) {
	m := message{1: r.ClientDataHash, 2: r.RP.message(), 3: r.User.message(), 4: messages(r.Parameters)}
	m.put(5, messages(r.ExcludeList), len(r.ExcludeList) > 0)
	m.put(6, r.Extensions, len(r.Extensions) > 0)
	m.put(7, r.Options, len(r.Options) > 0)
	m.put(8, r.PinUvAuthParam, r.PinUvAuthParam != nil)
	m.put(9, r.PinUvAuthProtocol, r.PinUvAuthProtocol != 0)
	m.put(10, r.EnterpriseAttestation, r.EnterpriseAttestation != 0)
	m.put(11, r.AttestationFormats, len(r.AttestationFormats) > 0)
	return ctapcbor.Marshal(m)
}

// DecodeMakeCredentialRequest reads the parameters, without the command byte, as
// an authenticator does: canonical CBOR only. StatusOf gives the status of an
// error.
func DecodeMakeCredentialRequest(data []byte) (MakeCredentialRequest, error) {
	f, err := openMap(data, "makeCredential", true)
	if err != nil {
		return MakeCredentialRequest{}, err
	}
	f.need(1, 2, 3, 4)
	r := MakeCredentialRequest{
		ClientDataHash:        f.bytes(1, clientDataHashSize, clientDataHashSize),
		Parameters:            each(f, 4, readParameters),
		ExcludeList:           each(f, 5, readDescriptor),
		Extensions:            f.raw(6),
		Options:               f.flags(7),
		PinUvAuthParam:        f.bytes(8, 0, 64),
		PinUvAuthProtocol:     f.uint(9),
		EnterpriseAttestation: f.uint(10),
		AttestationFormats:    list[string](f, 11),
	}
	if in, ok := f.inside(2); ok {
		r.RP = readRelyingParty(in)
	}
	if in, ok := f.inside(3); ok {
		r.User = readUser(in)
	}
	return r, f.err()
}

// MakeCredentialResponse is the answer to authenticatorMakeCredential.
type MakeCredentialResponse struct {
	Format                   string              // 01
	AuthData                 []byte              // 02: see ParseAuthenticatorData
	Statement                ctapcbor.RawMessage // 03: a canonical map; nil when absent
	EnterpriseAttestation    *bool               // 04
	LargeBlobKey             []byte              // 05
	UnsignedExtensionOutputs ctapcbor.RawMessage // 06: a canonical map
}

// EncodeMakeCredentialResponse writes the data behind the status byte.
func EncodeMakeCredentialResponse(r MakeCredentialResponse) ([]byte, error) {
	m := message{1: r.Format, 2: r.AuthData}
	m.put(3, r.Statement, len(r.Statement) > 0)
	m.put(4, r.EnterpriseAttestation, r.EnterpriseAttestation != nil)
	m.put(5, r.LargeBlobKey, r.LargeBlobKey != nil)
	m.put(6, r.UnsignedExtensionOutputs, len(r.UnsignedExtensionOutputs) > 0)
	return ctapcbor.Marshal(m)
}

// DecodeMakeCredentialResponse reads the data behind the status byte. Unknown
// members are passed over; nested maps come out canonical.
func DecodeMakeCredentialResponse(data []byte) (MakeCredentialResponse, error) {
	f, err := openMap(data, "makeCredential response", false)
	if err != nil {
		return MakeCredentialResponse{}, err
	}
	f.need(1, 2)
	r := MakeCredentialResponse{
		Format:                   f.text(1),
		AuthData:                 f.bytes(2, minAuthData, maxAuthData),
		Statement:                f.statement(3),
		EnterpriseAttestation:    optional[bool](f, 4),
		LargeBlobKey:             f.bytes(5, 0, 64),
		UnsignedExtensionOutputs: f.raw(6),
	}
	if r.Format == "" {
		f.fail(StatusInvalidParameter, 1)
	}
	return r, f.err()
}
