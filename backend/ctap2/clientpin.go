package ctap2

import (
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// The subcommands of authenticatorClientPIN (CTAP 2.2 section 6.5.5).
const (
	PINGetRetries           uint64 = 0x01
	PINGetKeyAgreement      uint64 = 0x02
	PINSet                  uint64 = 0x03
	PINChange               uint64 = 0x04
	PINGetToken             uint64 = 0x05 // CTAP 2.0: no permissions
	PINGetTokenUsingUV      uint64 = 0x06
	PINGetUVRetries         uint64 = 0x07
	PINGetTokenWithPINPerms uint64 = 0x09
)

// Permission is a bit of what a token may be used for.
type Permission = pinuv.Permission

// The permissions (CTAP 2.2 section 6.5.5.7).
const (
	PermissionMakeCredential       = pinuv.PermissionMakeCredential
	PermissionGetAssertion         = pinuv.PermissionGetAssertion
	PermissionCredentialManagement = pinuv.PermissionCredentialManagement
	PermissionBioEnrollment        = pinuv.PermissionBioEnrollment
	PermissionLargeBlobWrite       = pinuv.PermissionLargeBlobWrite
	PermissionConfig               = pinuv.PermissionConfig
	PermissionReadOnlyManagement   = pinuv.PermissionReadOnlyManagement
)

// ClientPINRequest is authenticatorClientPIN (CTAP 2.2 section 6.5.5). Members
// without a value are not written; which of them a subcommand needs is for the
// authenticator to say.
type ClientPINRequest struct {
	Protocol       uint64       // 01
	Subcommand     uint64       // 02
	KeyAgreement   *pinuv.Point // 03: the platform's
	PinUvAuthParam []byte       // 04
	NewPINEnc      []byte       // 05
	PINHashEnc     []byte       // 06
	Permissions    Permission   // 09: never written as 0, and refused as 0
	RPID           string       // 0A
}

// EncodeClientPINRequest writes the parameters, without the command byte.
func EncodeClientPINRequest(r ClientPINRequest) ([]byte, error) {
	m := message{2: r.Subcommand}
	m.put(1, r.Protocol, r.Protocol != 0)
	if r.KeyAgreement != nil {
		m[3] = agreementKey(*r.KeyAgreement)
	}
	m.put(4, r.PinUvAuthParam, r.PinUvAuthParam != nil)
	m.put(5, r.NewPINEnc, r.NewPINEnc != nil)
	m.put(6, r.PINHashEnc, r.PINHashEnc != nil)
	m.put(9, uint64(r.Permissions), r.Permissions != 0)
	m.put(10, r.RPID, r.RPID != "")
	return ctapcbor.Marshal(m)
}

// DecodeClientPINRequest reads the parameters, without the command byte, as an
// authenticator does: canonical CBOR only. StatusOf gives the status of an error.
func DecodeClientPINRequest(data []byte) (ClientPINRequest, error) {
	f, err := openMap(data, "clientPIN", true)
	if err != nil {
		return ClientPINRequest{}, err
	}
	f.need(2)
	r := ClientPINRequest{
		Protocol:       f.uint(1),
		Subcommand:     f.uint(2),
		KeyAgreement:   f.agreement(3),
		PinUvAuthParam: f.bytes(4, 0, 64),
		NewPINEnc:      f.bytes(5, 0, 128),
		PINHashEnc:     f.bytes(6, 0, 64),
		RPID:           f.text(10),
	}
	if permissions, given := value[uint64](f, 9); given {
		if permissions == 0 || permissions > 0xff {
			f.fail(StatusInvalidParameter, 9)
		}
		r.Permissions = Permission(permissions)
	}
	return r, f.err()
}

// ClientPINResponse is the answer to authenticatorClientPIN. Setting and changing
// a PIN answer with the status alone.
type ClientPINResponse struct {
	KeyAgreement *pinuv.Point // 01: the authenticator's
	Token        []byte       // 02: encrypted with the shared secret
	PINRetries   *uint64      // 03
	PowerCycle   *bool        // 04: it must be unplugged before the next try
	UVRetries    *uint64      // 05
}

// EncodeClientPINResponse writes the data behind the status byte; nothing when
// there is no member.
func EncodeClientPINResponse(r ClientPINResponse) ([]byte, error) {
	m := message{}
	if r.KeyAgreement != nil {
		m[1] = agreementKey(*r.KeyAgreement)
	}
	m.put(2, r.Token, r.Token != nil)
	m.put(3, r.PINRetries, r.PINRetries != nil)
	m.put(4, r.PowerCycle, r.PowerCycle != nil)
	m.put(5, r.UVRetries, r.UVRetries != nil)
	if len(m) == 0 {
		return nil, nil
	}
	return ctapcbor.Marshal(m)
}

// DecodeClientPINResponse reads the data behind the status byte, which may be
// nothing. Unknown members are passed over.
func DecodeClientPINResponse(data []byte) (ClientPINResponse, error) {
	if len(data) == 0 {
		return ClientPINResponse{}, nil
	}
	f, err := openMap(data, "clientPIN response", false)
	if err != nil {
		return ClientPINResponse{}, err
	}
	r := ClientPINResponse{
		KeyAgreement: f.agreement(1),
		Token:        f.bytes(2, 16, 64),
		PINRetries:   optional[uint64](f, 3),
		PowerCycle:   optional[bool](f, 4),
		UVRetries:    optional[uint64](f, 5),
	}
	return r, f.err()
}

// algECDH is the algorithm that a key agreement key names. It is not what is done
// with the key (CTAP 2.2 section 6.5.6), but what the standard demands.
const algECDH int64 = -25

// agreementKey writes a key agreement key as a COSE_Key.
func agreementKey(p pinuv.Point) message {
	return message{coseKty: ktyEC2, coseAlg: algECDH, coseCrv: crvP256, coseX: p.X[:], coseY: p.Y[:]}
}

// agreement reads a key agreement key. Whether it is a point of the curve shows
// when it is used. The algorithm is not looked at: it is the same whatever a peer
// writes there.
func (f fields) agreement(key any) *pinuv.Point {
	in, ok := f.inside(key)
	if !ok {
		return nil
	}
	in.need(coseKty, coseCrv, coseX, coseY)
	x, y := in.bytes(coseX, coordinate, coordinate), in.bytes(coseY, coordinate, coordinate)
	if in.integer(coseKty) != ktyEC2 || in.integer(coseCrv) != crvP256 {
		in.fail(StatusInvalidParameter, coseCrv)
	}
	if x == nil || y == nil {
		return nil
	}
	return &pinuv.Point{X: [coordinate]byte(x), Y: [coordinate]byte(y)}
}
