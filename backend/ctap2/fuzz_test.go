package ctap2

import (
	"bytes"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// fuzzMessage holds that whatever is accepted can be written, and comes back the
// same when it is read again.
func fuzzMessage[T any](f *testing.F, strict bool, decode func([]byte) (T, error), encode func(T) ([]byte, error)) {
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := decode(data)
		if err != nil {
			return
		}
		if strict && ctapcbor.Canonical(data) != nil {
			t.Fatalf("accepted %x, which is not canonical", data)
		}
		once, err := encode(v)
		if err != nil {
			t.Fatalf("accepted %x, cannot write it: %v", data, err)
		}
		if ctapcbor.Canonical(once) != nil {
			t.Fatalf("writes %x, which is not canonical", once)
		}
		w, err := decode(once)
		if err != nil {
			t.Fatalf("cannot read %x again: %v", once, err)
		}
		if twice, _ := encode(w); !bytes.Equal(once, twice) {
			t.Fatalf("%x became %x", once, twice)
		}
	})
}

func seed(f *testing.F, b []byte, err error) {
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
}

func FuzzMakeCredentialRequest(f *testing.F) {
	f.Add(ctapcbor.MustMarshal(goodCreate()))
	f.Add([]byte{0xa0})
	fuzzMessage(f, true, DecodeMakeCredentialRequest, EncodeMakeCredentialRequest)
}

func FuzzGetAssertionRequest(f *testing.F) {
	f.Add(ctapcbor.MustMarshal(goodGet()))
	f.Add([]byte{0xa0})
	fuzzMessage(f, true, DecodeGetAssertionRequest, EncodeGetAssertionRequest)
}

func FuzzMakeCredentialResponse(f *testing.F) {
	b, err := EncodeMakeCredentialResponse(MakeCredentialResponse{Format: "packed", AuthData: make([]byte, 37),
		Statement: ctapcbor.MustMarshal(map[string]any{"alg": -7, "sig": []byte{1}, "x5c": [][]byte{{1}}})})
	seed(f, b, err)
	f.Add([]byte{0xa0})
	fuzzMessage(f, false, DecodeMakeCredentialResponse, EncodeMakeCredentialResponse)
}

func FuzzGetAssertionResponse(f *testing.F) {
	b, err := EncodeGetAssertionResponse(GetAssertionResponse{Credential: &PublicKeyCredentialDescriptor{PublicKeyType, []byte{1}, nil},
		AuthData: make([]byte, 37), Signature: []byte{1}, User: &User{ID: []byte{1}, Named: true}, UserSelected: true})
	seed(f, b, err)
	f.Add([]byte{0xa0})
	fuzzMessage(f, false, DecodeGetAssertionResponse, EncodeGetAssertionResponse)
}

func FuzzInfo(f *testing.F) {
	size := uint64(1200)
	b, err := EncodeInfo(Info{Versions: []string{"FIDO_2_1"}, Options: map[string]bool{"uv": true}, MaxMsgSize: &size, AAGUID: mfa.AAGUID{1},
		Algorithms: []CredentialParameters{{PublicKeyType, ES256}}, Certifications: map[string]uint64{"FIDO": 2}})
	seed(f, b, err)
	f.Add([]byte{0xa0})
	fuzzMessage(f, false, ParseInfo, EncodeInfo)
}

func FuzzAuthenticatorData(f *testing.F) {
	d := AuthenticatorData{Flags: FlagUP, Attested: &AttestedCredential{CredentialID: []byte{1}, PublicKey: sampleKey(f)}, Extensions: []byte{0xa0}}
	f.Add(d.Encode())
	d.Attested, d.Extensions = nil, nil
	f.Add(d.Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ParseAuthenticatorData(data)
		if err == nil && !bytes.Equal(d.Encode(), data) {
			t.Fatalf("%x came back as %x", data, d.Encode())
		}
	})
}

func FuzzPublicKey(f *testing.F) {
	f.Add([]byte(sampleKey(f)))
	f.Add(ctapcbor.MustMarshal(map[any]any{1: 1, 3: -8, -1: 6, -2: make([]byte, 32)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, _, err := ParsePublicKey(data)
		if err != nil {
			return
		}
		if _, err := EncodePublicKey(key); err != nil {
			t.Fatalf("accepted %x, cannot write it: %v", data, err)
		}
	})
}

func FuzzClientPINRequest(f *testing.F) {
	b, err := EncodeClientPINRequest(ClientPINRequest{Protocol: 2, Subcommand: PINGetTokenWithPINPerms, KeyAgreement: &pinuv.Point{}, PinUvAuthParam: []byte{1},
		NewPINEnc: []byte{2}, PINHashEnc: []byte{3}, Permissions: PermissionConfig, RPID: "example.org"})
	seed(f, b, err)
	f.Add([]byte{0xa0})
	fuzzMessage(f, true, DecodeClientPINRequest, EncodeClientPINRequest)
}

func FuzzClientPINResponse(f *testing.F) {
	n, on := uint64(8), true
	b, err := EncodeClientPINResponse(ClientPINResponse{KeyAgreement: &pinuv.Point{}, Token: make([]byte, 48), PINRetries: &n, PowerCycle: &on, UVRetries: &n})
	seed(f, b, err)
	fuzzAnswer(f, DecodeClientPINResponse, EncodeClientPINResponse)
}

func FuzzCredentialManagementRequest(f *testing.F) {
	b, err := EncodeCredentialManagementRequest(CredentialManagementRequest{Subcommand: ManagementUpdateUser, Credential: &PublicKeyCredentialDescriptor{PublicKeyType, []byte{1}, nil},
		User: &User{ID: []byte{1}}, RPIDHash: make([]byte, 32), PinUvAuthProtocol: 1, PinUvAuthParam: []byte{1}})
	seed(f, b, err)
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := DecodeCredentialManagementRequest(data)
		if err != nil {
			return
		}
		if !bytes.Contains(data, r.AuthMessage()[1:]) {
			t.Fatalf("%x is signed over %x, which is not in it", data, r.AuthMessage())
		}
		if b, err := EncodeCredentialManagementRequest(r); err != nil || ctapcbor.Canonical(b) != nil {
			t.Fatalf("%x became %x, %v", data, b, err)
		}
	})
}

func FuzzCredentialManagementResponse(f *testing.F) {
	n := uint64(8)
	b, err := EncodeCredentialManagementResponse(CredentialManagementResponse{Stored: &n, Room: &n, RP: &RelyingParty{ID: "a"}, RPIDHash: make([]byte, 32), TotalRPs: &n,
		User: &User{ID: []byte{1}}, Credential: &PublicKeyCredentialDescriptor{PublicKeyType, []byte{1}, nil}, PublicKey: sampleKey(f), TotalCredentials: &n, Protect: 2, LargeBlobKey: make([]byte, 32)})
	seed(f, b, err)
	fuzzAnswer(f, DecodeCredentialManagementResponse, EncodeCredentialManagementResponse)
}

func FuzzExtensionInputs(f *testing.F) {
	b, err := EncodeExtensionInputs(ExtensionInputs{CredProtect: 3, HMACSecret: true, LargeBlobKey: true, MinPINLength: true,
		Salts: &HMACSecretInput{SaltEnc: make([]byte, 48), SaltAuth: make([]byte, 32), Protocol: 2}})
	seed(f, b, err)
	b, err = EncodeExtensionInputs(ExtensionInputs{Salts: &HMACSecretInput{SaltEnc: make([]byte, 64), SaltAuth: make([]byte, 16), Protocol: 1}})
	seed(f, b, err)
	fuzzAnswer(f, func(b []byte) (ExtensionInputs, error) { return DecodeExtensionInputs(b) },
		func(in ExtensionInputs) ([]byte, error) { return EncodeExtensionInputs(in) })
}

func FuzzExtensionOutputs(f *testing.F) {
	n, on := uint64(8), true
	b, err := EncodeExtensionOutputs(ExtensionOutputs{CredProtect: 1, HMACSecret: &on, Salted: make([]byte, 48), MinPINLength: &n})
	seed(f, b, err)
	b, err = EncodeExtensionOutputs(ExtensionOutputs{Salted: make([]byte, 80)})
	seed(f, b, err)
	fuzzAnswer(f, func(b []byte) (ExtensionOutputs, error) { return DecodeExtensionOutputs(b) },
		func(out ExtensionOutputs) ([]byte, error) { return EncodeExtensionOutputs(out) })
}

// fuzzAnswer is fuzzMessage for what may also be nothing at all.
func fuzzAnswer[T any](f *testing.F, decode func([]byte) (T, error), encode func(T) ([]byte, error)) {
	f.Add([]byte{})
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := decode(data)
		if err != nil {
			return
		}
		once, err := encode(v)
		if err != nil || len(once) > 0 && ctapcbor.Canonical(once) != nil {
			t.Fatalf("%x became %x, %v", data, once, err)
		}
		w, err := decode(once)
		if err != nil {
			t.Fatalf("cannot read %x again: %v", once, err)
		}
		if twice, _ := encode(w); !bytes.Equal(once, twice) {
			t.Fatalf("%x became %x", once, twice)
		}
	})
}
