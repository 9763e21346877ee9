package vectors

import (
	"encoding/json"
	"errors"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
)

// hybridInput has every member that some kind of a hybrid vector has.
type hybridInput struct {
	Hex    hexBytes `json:"hex"`
	Digits *string  `json:"digits"`
	URI    string   `json:"uri"`
	CBOR   hexBytes `json:"cbor"`

	IKM     hexBytes       `json:"ikm"`
	Salt    hexBytes       `json:"salt"`
	Purpose hybrid.Purpose `json:"purpose"`
	Length  int            `json:"length"`

	EIDKey      hexBytes `json:"eid_key"`
	Secret      hexBytes `json:"secret"`
	ServiceData hexBytes `json:"service_data"`
	Plaintext   hexBytes `json:"plaintext"`
	ClientNonce hexBytes `json:"client_nonce"`
	Suffix      hexBytes `json:"suffix"`

	ID        uint16         `json:"id"`
	Op        string         `json:"op"`
	Domain    string         `json:"domain"`
	TunnelID  hexBytes       `json:"tunnel_id"`
	RoutingID hexBytes       `json:"routing_id"`
	ContactID hexBytes       `json:"contact_id"`
	LinkID    hexBytes       `json:"link_id"`
	Request   hybrid.Request `json:"request"`

	Side                   string   `json:"side"`
	PSK                    hexBytes `json:"psk"`
	ClientStaticPrivate    hexBytes `json:"client_static_private"`
	ClientStaticPublic     hexBytes `json:"client_static_public"`
	ClientEphemeralPrivate hexBytes `json:"client_ephemeral_private"`
	PhoneStaticPrivate     hexBytes `json:"phone_static_private"`
	PhoneStaticPublic      hexBytes `json:"phone_static_public"`
	PhoneEphemeralPrivate  hexBytes `json:"phone_ephemeral_private"`
	Message1               hexBytes `json:"message1"`
	Message2               hexBytes `json:"message2"`
	HandshakeHash          hexBytes `json:"handshake_hash"`
	Signature              hexBytes `json:"signature"`

	Key        hexBytes `json:"key"`
	Counter    uint32   `json:"counter"`
	Message    hexBytes `json:"message"`
	Ciphertext hexBytes `json:"ciphertext"`
	Padded     hexBytes `json:"padded"`
}

// hybridKind runs one kind: what it gives, or why it refuses. code is the
// failure that a refusal below the level of failures leads to.
type hybridKind struct {
	code mfa.Code
	run  func(in hybridInput) (outputs, error)
}

// hybridKinds leaves out traffic_old (construction of before 2022) and
// l2cap_split (CTAP 2.3's BLE channel): the product speaks neither.
var hybridKinds = map[string]hybridKind{
	"digits":              {mfa.CodeCodeDamaged, digits},
	"qr_uri":              {mfa.CodeCodeDamaged, qrURI},
	"qr_cbor":             {mfa.CodeCodeDamaged, qrCBOR},
	"derive":              {mfa.CodeInvalidInput, derive},
	"eid_encrypt":         {mfa.CodeInvalidInput, eidEncrypt},
	"eid_decrypt":         {mfa.CodeCodeExpired, eidDecrypt}, // ignored; what the person sees if no other comes
	"advert_suffix":       {mfa.CodeInvalidInput, advertSuffix},
	"domain":              {mfa.CodeTunnelUnknown, domain},
	"url":                 {mfa.CodeInvalidInput, tunnelURL},
	"client_payload":      {mfa.CodeInvalidInput, clientPayload},
	"handshake_kn":        {mfa.CodeHandshakeFailed, handshake},
	"handshake_nk":        {mfa.CodeHandshakeFailed, handshake},
	"handshake_kn_reject": {mfa.CodeHandshakeFailed, handshakeSide},
	"handshake_nk_reject": {mfa.CodeHandshakeFailed, handshakeSide},
	"traffic":             {mfa.CodePhoneProtocol, traffic},
	"traffic_open":        {mfa.CodePhoneProtocol, trafficOpen},
	"unpad":               {mfa.CodePhoneProtocol, unpad},
	"post_handshake":      {mfa.CodePhoneProtocol, postHandshake},
	"frame":               {mfa.CodePhoneProtocol, frame},
	"link_verify":         {mfa.CodePhoneProtocol, linkVerify},
	"update":              {mfa.CodePhoneProtocol, update},
}

func parseHybrid(raw json.RawMessage) (item, error) {
	var v struct {
		ID    string                     `json:"id"`
		Kind  string                     `json:"kind"`
		In    json.RawMessage            `json:"in"`
		Out   map[string]json.RawMessage `json:"out"`
		Error string                     `json:"error"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return item{}, err
	}
	it := item{id: v.ID, kind: v.Kind, expect: expectAccept}
	if v.Error != "" {
		it.expect = expectReject
	}
	kind, ok := hybridKinds[v.Kind]
	if !ok {
		return it, nil
	}
	it.run = func([]byte) verdict {
		var in hybridInput
		err := json.Unmarshal(v.In, &in)
		var got outputs
		if err == nil {
			got, err = kind.run(in)
		}
		if err != nil {
			return refused(withCode(err, kind.code))
		}
		return verdict{wrong: got.differ(v.Out)}
	}
	return it, nil
}

// withCode gives errors from below the level of failures the code that they
// lead to.
func withCode(err error, code mfa.Code) error {
	var f *mfa.Failure
	if errors.As(err, &f) {
		return f
	}
	return mfa.Fail(code).Because(err)
}
