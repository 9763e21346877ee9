package ctap2

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

func goodCreate() map[any]any {
	return map[any]any{
		1: make([]byte, 32),
		2: map[string]any{"id": "example.org", "name": "Example"},
		3: map[string]any{"id": []byte{1}, "name": "n", "displayName": "d"},
		4: []any{map[string]any{"alg": -7, "type": "public-key"}},
	}
}

func goodGet() map[any]any { return map[any]any{1: "example.org", 2: make([]byte, 32)} }

func goodPIN() map[any]any {
	return map[any]any{1: 2, 2: 9, 3: map[any]any{1: 2, 3: -25, -1: 1, -2: make([]byte, 32), -3: make([]byte, 32)}, 6: make([]byte, 32), 9: 3, 10: "example.org"}
}

func goodManagement() map[any]any {
	return map[any]any{1: 4, 2: map[any]any{1: make([]byte, 32)}, 3: 2, 4: make([]byte, 32)}
}

func goodExtensions() map[any]any {
	return map[any]any{"credProtect": 2, "minPinLength": true, "largeBlobKey": true}
}

func TestRequestsAreReadStrictly(t *testing.T) {
	with := func(base func() map[any]any, key, v any) []byte {
		m := base()
		if m[key] = v; v == nil {
			delete(m, key)
		}
		return ctapcbor.MustMarshal(m)
	}
	swapped := bytes.Replace(ctapcbor.MustMarshal(goodCreate()),
		[]byte("\xa2\x63alg\x26\x64type\x6apublic-key"), []byte("\xa2\x64type\x6apublic-key\x63alg\x26"), 1)
	create := func(b []byte) error { _, err := DecodeMakeCredentialRequest(b); return err }
	get := func(b []byte) error { _, err := DecodeGetAssertionRequest(b); return err }
	pinned := func(b []byte) error { _, err := DecodeClientPINRequest(b); return err }
	manages := func(b []byte) error { _, err := DecodeCredentialManagementRequest(b); return err }
	extends := func(b []byte) error { _, err := DecodeExtensionInputs(b); return err }
	for _, c := range []struct {
		name   string
		decode func([]byte) error
		in     []byte
		want   Status
	}{
		{"create", create, with(goodCreate, 99, "unknown"), StatusOK},
		{"create: nothing", create, nil, StatusInvalidCBOR},
		{"create: an array", create, []byte{0x80}, StatusCBORUnexpectedType},
		{"create: type before alg", create, swapped, StatusInvalidCBOR},
		{"create: trailing byte", create, append(with(goodCreate, 99, 1), 0), StatusInvalidCBOR},
		{"create: no hash", create, with(goodCreate, 1, nil), StatusMissingParameter},
		{"create: short hash", create, with(goodCreate, 1, make([]byte, 31)), StatusInvalidLength},
		{"create: hash as array", create, with(goodCreate, 1, make([]int, 32)), StatusCBORUnexpectedType},
		{"create: hash as text", create, with(goodCreate, 1, "text"), StatusCBORUnexpectedType},
		{"create: no rp", create, with(goodCreate, 2, nil), StatusMissingParameter},
		{"create: rp.ID for rp.id", create, with(goodCreate, 2, map[string]any{"ID": "example.org"}), StatusMissingParameter},
		{"create: rp.id not text", create, with(goodCreate, 2, map[string]any{"id": 1}), StatusCBORUnexpectedType},
		{"create: no user", create, with(goodCreate, 3, nil), StatusMissingParameter},
		{"create: no user.id", create, with(goodCreate, 3, map[string]any{"name": "n"}), StatusMissingParameter},
		{"create: empty user.id", create, with(goodCreate, 3, map[string]any{"id": []byte{}}), StatusInvalidLength},
		{"create: user.id of 65 bytes", create, with(goodCreate, 3, map[string]any{"id": make([]byte, 65)}), StatusInvalidLength},
		{"create: no parameters", create, with(goodCreate, 4, nil), StatusMissingParameter},
		{"create: parameters without alg", create, with(goodCreate, 4, []any{map[string]any{"type": "public-key"}}), StatusMissingParameter},
		{"create: parameters of numbers", create, with(goodCreate, 4, []any{1}), StatusCBORUnexpectedType},
		{"create: 257 parameters", create, with(goodCreate, 4, make([]map[any]any, 257)), StatusLimitExceeded},
		{"create: empty exclude list, as old clients send", create, with(goodCreate, 5, []any{}), StatusOK},
		{"create: excluded without type", create, with(goodCreate, 5, []any{map[string]any{"id": []byte{1}}}), StatusMissingParameter},
		{"create: extensions no map", create, with(goodCreate, 6, true), StatusCBORUnexpectedType},
		{"create: option not boolean", create, with(goodCreate, 7, map[string]any{"rk": 1}), StatusCBORUnexpectedType},
		{"get", get, with(goodGet, 99, "unknown"), StatusOK},
		{"get: no rp", get, with(goodGet, 1, nil), StatusMissingParameter},
		{"get: no hash", get, with(goodGet, 2, nil), StatusMissingParameter},
		{"get: empty allow list", get, with(goodGet, 3, []any{}), StatusInvalidParameter},
		{"get: allowed is empty ID", get, with(goodGet, 3, []any{map[string]any{"id": []byte{}, "type": "public-key"}}), StatusInvalidLength},
		{"get: allowed is long ID", get, with(goodGet, 3, []any{map[string]any{"id": make([]byte, 1024), "type": "public-key"}}), StatusInvalidLength},
		{"PIN", pinned, with(goodPIN, 99, "unknown"), StatusOK},
		{"PIN: no subcommand", pinned, with(goodPIN, 2, nil), StatusMissingParameter},
		{"PIN: no protocol, which a subcommand may not need", pinned, with(goodPIN, 1, nil), StatusOK},
		{"PIN: key without y", pinned, with(goodPIN, 3, map[any]any{1: 2, -1: 1, -2: make([]byte, 32)}), StatusMissingParameter},
		{"PIN: key of another curve", pinned, with(goodPIN, 3, map[any]any{1: 2, -1: 2, -2: make([]byte, 32), -3: make([]byte, 32)}), StatusInvalidParameter},
		{"PIN: short coordinate", pinned, with(goodPIN, 3, map[any]any{1: 2, -1: 1, -2: make([]byte, 31), -3: make([]byte, 32)}), StatusInvalidLength},
		{"PIN: permissions 0", pinned, with(goodPIN, 9, 0), StatusInvalidParameter},
		{"PIN: permissions 256", pinned, with(goodPIN, 9, 256), StatusInvalidParameter},
		{"PIN: endless new PIN", pinned, with(goodPIN, 5, make([]byte, 129)), StatusInvalidLength},
		{"PIN: unsorted", pinned, []byte{0xa2, 2, 1, 1, 1}, StatusInvalidCBOR},
		{"management", manages, with(goodManagement, 99, "unknown"), StatusOK},
		{"management: no subcommand", manages, with(goodManagement, 1, nil), StatusMissingParameter},
		{"management: subcommand 256", manages, with(goodManagement, 1, 256), StatusInvalidSubcommand},
		{"management: parameters no map", manages, with(goodManagement, 2, []byte{1}), StatusCBORUnexpectedType},
		{"management: short hash", manages, with(goodManagement, 2, map[any]any{1: make([]byte, 31)}), StatusInvalidLength},
		{"management: credential without type", manages, with(goodManagement, 2, map[any]any{2: map[string]any{"id": []byte{1}}}), StatusMissingParameter},
		{"extensions", extends, with(goodExtensions, "other", []byte{1}), StatusOK},
		{"extensions: none", extends, nil, StatusOK},
		{"extensions: credProtect 0", extends, with(goodExtensions, "credProtect", 0), StatusInvalidOption},
		{"extensions: credProtect 4", extends, with(goodExtensions, "credProtect", 4), StatusInvalidOption},
		{"extensions: credProtect as text", extends, with(goodExtensions, "credProtect", "1"), StatusCBORUnexpectedType},
		{"extensions: largeBlobKey false", extends, with(goodExtensions, "largeBlobKey", false), StatusInvalidOption},
		{"extensions: hmac-secret as a number", extends, with(goodExtensions, "hmac-secret", 1), StatusCBORUnexpectedType},
		{"extensions: hmac-secret without salts", extends, with(goodExtensions, "hmac-secret", map[any]any{1: 1}), StatusMissingParameter},
		{"extensions: salts at creation without hmac-secret", extends, with(goodExtensions, "hmac-secret-mc", map[any]any{}), StatusMissingParameter},
		{"get: null", get, with(goodGet, 3, ctapcbor.RawMessage{0xf6}), StatusCBORUnexpectedType},
	} {
		if got := StatusOf(c.decode(c.in)); got != c.want {
			t.Errorf("%s: status %v, want %v", c.name, got, c.want)
		}
	}
}

func TestResponsesAreReadLoosely(t *testing.T) {
	// Unsorted, with a key in two bytes and an unknown member.
	in, _ := hex.DecodeString("a4" + "0341aa" + "1863f5" + "025825" + hex.EncodeToString(make([]byte, 37)) +
		"01" + "a26474797065" + "6a7075626c69632d6b6579" + "626964" + "4101")
	r, err := DecodeGetAssertionResponse(in)
	if err != nil {
		t.Fatal(err)
	}
	if r.Credential == nil || !bytes.Equal(r.Credential.ID, []byte{1}) || !bytes.Equal(r.Signature, []byte{0xaa}) {
		t.Errorf("read as %+v", r)
	}
	for name, m := range map[string]map[any]any{
		"no authenticator data":    {3: []byte{1}},
		"no signature":             {2: make([]byte, 37)},
		"empty signature":          {2: make([]byte, 37), 3: []byte{}},
		"short authenticator data": {2: make([]byte, 36), 3: []byte{1}},
		"huge authenticator data":  {2: make([]byte, maxAuthData+1), 3: []byte{1}},
		"long user handle":         {2: make([]byte, 37), 3: []byte{1}, 4: map[string]any{"id": make([]byte, 65)}},
		"user without ID":          {2: make([]byte, 37), 3: []byte{1}, 4: map[string]any{"name": "n"}},
		"credential no map":        {1: true, 2: make([]byte, 37), 3: []byte{1}},
	} {
		if _, err := DecodeGetAssertionResponse(ctapcbor.MustMarshal(m)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	for name, m := range map[string]map[any]any{
		"no format":        {2: make([]byte, 37), 3: map[any]any{}},
		"empty format":     {1: "", 2: make([]byte, 37), 3: map[any]any{}},
		"statement no map": {1: "none", 2: make([]byte, 37), 3: 0},
	} {
		if _, err := DecodeMakeCredentialResponse(ctapcbor.MustMarshal(m)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestInfoDefaultsAndOddities(t *testing.T) {
	i, err := ParseInfo(ctapcbor.MustMarshal(map[any]any{1: []string{"FIDO_2_0"}, 3: make([]byte, 16),
		4: map[string]any{"rk": true, "uv": false, "odd": "text"}, 200: "unknown", "text": 1}))
	if err != nil {
		t.Fatal(err)
	}
	if !i.IsOn("rk") || i.IsOn("uv") || i.IsOn("odd") || !i.IsOn("up") || i.IsOn("plat") || i.MessageLimit() != 1024 || !i.HasVersion("FIDO_2_0") || i.HasExtension("prf") {
		t.Errorf("read as %+v", i)
	}
	for name, m := range map[string]map[any]any{
		"no versions":        {3: make([]byte, 16)},
		"no AAGUID":          {1: []string{}},
		"short AAGUID":       {1: []string{}, 3: make([]byte, 15)},
		"versions of bytes":  {1: []any{[]byte{1}}, 3: make([]byte, 16)},
		"options no map":     {1: []string{}, 3: make([]byte, 16), 4: 1},
		"message size false": {1: []string{}, 3: make([]byte, 16), 5: false},
	} {
		if _, err := ParseInfo(ctapcbor.MustMarshal(m)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

type scripted struct {
	got      []byte
	response []byte
	err      error
}

func (s *scripted) Exchange(_ context.Context, request []byte, _ func(byte)) ([]byte, error) {
	s.got = request
	return s.response, s.err
}

func TestCommands(t *testing.T) {
	hangup := mfa.Fail(mfa.CodePhoneHungUp)
	for _, c := range []struct {
		name     string
		response []byte
		err      error
		want     mfa.Code
	}{
		{"no byte", nil, nil, mfa.CodeAuthenticatorProtocol},
		{"status only where data belongs", []byte{0}, nil, mfa.CodeAuthenticatorProtocol},
		{"refused", []byte{0x27}, nil, mfa.CodeDeclined},
		{"refused with data", []byte{0x2e, 0xa0}, nil, mfa.CodeNoCredential},
		{"the channel's own", nil, hangup, mfa.CodePhoneHungUp},
		{"too long", make([]byte, ctapcbor.MaxSize+1), nil, mfa.CodeAuthenticatorProtocol},
	} {
		ch := &scripted{response: c.response, err: c.err}
		_, err := MakeCredential(t.Context(), ch, MakeCredentialRequest{}, nil)
		if !mfa.IsCode(err, c.want) || ch.got[0] != CommandMakeCredential {
			t.Errorf("create, %s: %v after % x", c.name, err, ch.got[:1])
		}
		_, err = GetAssertion(t.Context(), ch, GetAssertionRequest{}, nil)
		if !mfa.IsCode(err, c.want) || ch.got[0] != CommandGetAssertion {
			t.Errorf("get, %s: %v after % x", c.name, err, ch.got[:1])
		}
		_, err = GetInfo(t.Context(), ch)
		if !mfa.IsCode(err, c.want) || !bytes.Equal(ch.got, []byte{CommandGetInfo}) {
			t.Errorf("info, %s: %v after % x", c.name, err, ch.got)
		}
		_, err = GetNextAssertion(t.Context(), ch)
		if !mfa.IsCode(err, c.want) || !bytes.Equal(ch.got, []byte{CommandGetNextAssertion}) {
			t.Errorf("next, %s: %v after % x", c.name, err, ch.got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ch := &scripted{}
	if _, err := GetInfo(ctx, ch); !errors.Is(err, context.Canceled) || ch.got != nil {
		t.Errorf("after cancel: %v, sent % x", err, ch.got)
	}
}

func TestStatusFailures(t *testing.T) {
	want := map[Status]mfa.Code{
		0x05: mfa.CodeAuthenticatorTimeout, 0x06: mfa.CodeKeyBusy, 0x0a: mfa.CodeKeyBusy, 0x17: mfa.CodeAuthenticatorFull, 0x18: mfa.CodeAuthenticatorFull,
		0x19: mfa.CodeAlreadyRegistered, 0x22: mfa.CodeNoCredential, 0x26: mfa.CodeUnsupportedAlgorithm,
		0x27: mfa.CodeDeclined, 0x28: mfa.CodeAuthenticatorFull, 0x2b: mfa.CodeUnsupportedOption, 0x2c: mfa.CodeUnsupportedOption,
		0x2d: mfa.CodeDeclined, 0x2e: mfa.CodeNoCredential, 0x2f: mfa.CodeAuthenticatorTimeout, 0x31: mfa.CodePINWrong, 0x32: mfa.CodePINBlocked,
		0x33: mfa.CodeUVFailed, 0x34: mfa.CodePINLocked, 0x35: mfa.CodePINNotSet, 0x36: mfa.CodePINNeeded, 0x37: mfa.CodePINRefused,
		0x3a: mfa.CodeAuthenticatorTimeout, 0x3c: mfa.CodeUVBlocked, 0x3f: mfa.CodeUVFailed, 0x40: mfa.CodeUVFailed,
	}
	for b := 1; b < 256; b++ {
		s := Status(b)
		code, special := want[s]
		if !special {
			code = mfa.CodeAuthenticatorStatus
		}
		f := s.Failure()
		if f.Code != code || StatusOf(f) != s || (f.Params["status"] != "") == special {
			t.Errorf("%v: %v %v", s, f, f.Params)
		}
		if f.Next() == mfa.ActionNone || f.Next() == "" {
			t.Errorf("%v leaves the person without anything to do", s)
		}
	}
	if StatusOK.Failure() != nil || StatusOf(nil) != StatusOK || StatusOf(errors.New("foreign")) != StatusOther {
		t.Error("success is a failure")
	}
	for s, name := range map[Status]string{0: "ok (0x00)", 0x2e: "no credentials (0x2e)", 0xf3: "vendor specific (0xf3)", 0xe1: "extension specific (0xe1)", 0x77: "unassigned (0x77)"} {
		if s.String() != name {
			t.Errorf("%q, want %q", s, name)
		}
	}
}

func TestRequestsComeBack(t *testing.T) {
	create := MakeCredentialRequest{ClientDataHash: bytes.Repeat([]byte{1}, 32), RP: RelyingParty{"example.org", "Example"},
		User: User{ID: []byte{9}, Name: "n", DisplayName: "d", Named: true}, Parameters: []CredentialParameters{{PublicKeyType, RS256}, {PublicKeyType, ES256}},
		ExcludeList: []PublicKeyCredentialDescriptor{{PublicKeyType, []byte{1, 2}, nil}}, Extensions: []byte{0xa0}, Options: map[string]bool{"rk": true, "uv": false},
		PinUvAuthParam: []byte{}, PinUvAuthProtocol: 2, EnterpriseAttestation: 1, AttestationFormats: []string{"packed", "none"}}
	b, err := EncodeMakeCredentialRequest(create)
	if err != nil || ctapcbor.Canonical(b) != nil {
		t.Fatal(err, ctapcbor.Canonical(b))
	}
	if got, err := DecodeMakeCredentialRequest(b); err != nil || !reflect.DeepEqual(got, create) {
		t.Errorf("%v\n%+v\n%+v", err, got, create)
	}
	get := GetAssertionRequest{RPID: "example.org", ClientDataHash: bytes.Repeat([]byte{1}, 32),
		AllowList: []PublicKeyCredentialDescriptor{{PublicKeyType, []byte{1}, []string{"usb"}}, {PublicKeyType, []byte{2}, nil}}, Options: map[string]bool{"uv": true}}
	if b, err = EncodeGetAssertionRequest(get); err != nil || ctapcbor.Canonical(b) != nil {
		t.Fatal(err, ctapcbor.Canonical(b))
	}
	if got, err := DecodeGetAssertionRequest(b); err != nil || !reflect.DeepEqual(got, get) {
		t.Errorf("%v\n%+v\n%+v", err, got, get)
	}
	answer := GetAssertionResponse{Credential: &get.AllowList[0], AuthData: make([]byte, 37), Signature: []byte{1}, User: &User{ID: []byte{1}, Named: true},
		NumberOfCredentials: 3, UserSelected: true, LargeBlobKey: []byte{1}, UnsignedExtensionOutputs: []byte{0xa0}}
	if b, err = EncodeGetAssertionResponse(answer); err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeGetAssertionResponse(b); err != nil || !reflect.DeepEqual(got, answer) {
		t.Errorf("%v\n%+v\n%+v", err, got, answer)
	}
}

// A compound statement is a list of statements.
func TestCompoundStatementIsKept(t *testing.T) {
	list := []any{map[string]any{"fmt": "none", "attStmt": map[string]any{}}}
	answer := ctapcbor.MustMarshal(map[int]any{1: "compound", 2: make([]byte, 37), 3: list})
	r, err := DecodeMakeCredentialResponse(answer)
	if err != nil || !bytes.Equal(r.Statement, ctapcbor.MustMarshal(list)) {
		t.Errorf("statement %x, %v", r.Statement, err)
	}
}
