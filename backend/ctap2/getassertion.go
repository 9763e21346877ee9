package ctap2

import (
	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// GetAssertionRequest is authenticatorGetAssertion (CTAP 2.2 section 6.2).
// Members without a value are not written.
type GetAssertionRequest struct {
	RPID              string                          // 01
	ClientDataHash    []byte                          // 02: 32 bytes
	AllowList         []PublicKeyCredentialDescriptor // 03: none = discoverable credentials
	Extensions        ctapcbor.RawMessage             // 04: a canonical map
	Options           map[string]bool                 // 05: up, uv
	PinUvAuthParam    []byte                          // 06: not nil when present; may be empty
	PinUvAuthProtocol uint64                          // 07
}

// EncodeGetAssertionRequest writes the parameters, without the command byte.
func EncodeGetAssertionRequest(r GetAssertionRequest) ([]byte, error) {
	m := message{1: r.RPID, 2: r.ClientDataHash}
	m.put(3, messages(r.AllowList), len(r.AllowList) > 0)
	m.put(4, r.Extensions, len(r.Extensions) > 0)
	m.put(5, r.Options, len(r.Options) > 0)
	m.put(6, r.PinUvAuthParam, r.PinUvAuthParam != nil)
	m.put(7, r.PinUvAuthProtocol, r.PinUvAuthProtocol != 0)
	return ctapcbor.Marshal(m)
}

// DecodeGetAssertionRequest reads the parameters, without the command byte, as
// an authenticator does: canonical CBOR only. StatusOf gives the status of an
// error.
func DecodeGetAssertionRequest(data []byte) (GetAssertionRequest, error) {
	f, err := openMap(data, "getAssertion", true)
	if err != nil {
		return GetAssertionRequest{}, err
	}
	f.need(1, 2)
	r := GetAssertionRequest{
		RPID:              f.text(1),
		ClientDataHash:    f.bytes(2, clientDataHashSize, clientDataHashSize),
		AllowList:         each(f, 3, readDescriptor),
		Extensions:        f.raw(4),
		Options:           f.flags(5),
		PinUvAuthParam:    f.bytes(6, 0, 64),
		PinUvAuthProtocol: f.uint(7),
	}
	if f.err() == nil && r.AllowList != nil && len(r.AllowList) == 0 {
		f.fail(StatusInvalidParameter, 3) // "MUST NOT send an empty list"; taking it for "any" would widen the request
	}
	return r, f.err()
}

// GetAssertionResponse is the answer to authenticatorGetAssertion and
// authenticatorGetNextAssertion.
type GetAssertionResponse struct {
	Credential               *PublicKeyCredentialDescriptor // 01: nil only when the allow list had one entry: then that one
	AuthData                 []byte                         // 02: see ParseAuthenticatorData
	Signature                []byte                         // 03
	User                     *User                          // 04: discoverable credentials
	NumberOfCredentials      uint64                         // 05: 0 when absent
	UserSelected             bool                           // 06: the person chose on the authenticator
	LargeBlobKey             []byte                         // 07
	UnsignedExtensionOutputs ctapcbor.RawMessage            // 08: a canonical map
}

// EncodeGetAssertionResponse writes the data behind the status byte.
func EncodeGetAssertionResponse(r GetAssertionResponse) ([]byte, error) {
	m := message{2: r.AuthData, 3: r.Signature}
	if r.Credential != nil {
		m[1] = r.Credential.message()
	}
	if r.User != nil {
		m[4] = r.User.message()
	}
	m.put(5, r.NumberOfCredentials, r.NumberOfCredentials != 0)
	m.put(6, true, r.UserSelected)
	m.put(7, r.LargeBlobKey, r.LargeBlobKey != nil)
	m.put(8, r.UnsignedExtensionOutputs, len(r.UnsignedExtensionOutputs) > 0)
	return ctapcbor.Marshal(m)
}

// DecodeGetAssertionResponse reads the data behind the status byte. Unknown
// members are passed over; nested maps come out canonical.
func DecodeGetAssertionResponse(data []byte) (GetAssertionResponse, error) {
	f, err := openMap(data, "getAssertion response", false)
	if err != nil {
		return GetAssertionResponse{}, err
	}
	f.need(2, 3)
	r := GetAssertionResponse{
		AuthData:                 f.bytes(2, minAuthData, maxAuthData),
		Signature:                f.bytes(3, 1, maxSignature),
		NumberOfCredentials:      f.uint(5),
		LargeBlobKey:             f.bytes(7, 0, 64),
		UnsignedExtensionOutputs: f.raw(8),
	}
	r.UserSelected, _ = value[bool](f, 6)
	if in, ok := f.inside(1); ok {
		d := readDescriptor(in)
		r.Credential = &d
	}
	if in, ok := f.inside(4); ok {
		u := readUser(in)
		r.User = &u
	}
	return r, f.err()
}
