package ctap2

import (
	"bytes"
	"context"
	"testing"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// respond is a Channel made of a function; the request stands without a copy.
type respond func(request []byte) []byte

func (r respond) Exchange(_ context.Context, request []byte, _ func(byte)) ([]byte, error) {
	return r(request), nil
}

func TestListingsThatAreOdd(t *testing.T) {
	hash := make([]byte, 32)
	rp := map[any]any{3: map[string]any{"id": "a"}, 4: hash}
	with := func(m map[any]any, key, v any) map[any]any {
		out := map[any]any{key: v}
		for k, v := range m {
			out[k] = v
		}
		return out
	}
	ok := func(m map[any]any) []byte { return append([]byte{0}, ctapcbor.MustMarshal(m)...) }
	for _, c := range []struct {
		name        string
		first, next []byte
		want        int
		code        mfa.Code
	}{
		{"one", ok(with(rp, 5, 1)), nil, 1, ""},
		{"three", ok(with(rp, 5, 3)), ok(rp), 3, ""},
		{"without the name of the relying party", ok(map[any]any{4: hash, 5: 1}), nil, 1, ""},
		{"none, by its status", []byte{0x2e}, nil, 0, ""},
		{"none, by its number", ok(map[any]any{5: 0}), nil, 0, ""},
		{"none, by saying nothing", []byte{0}, nil, 0, ""},
		{"no number", ok(rp), nil, 0, mfa.CodeAuthenticatorProtocol},
		{"no hash", ok(map[any]any{3: map[string]any{"id": "a"}, 5: 1}), nil, 0, mfa.CodeAuthenticatorProtocol},
		{"short hash", ok(map[any]any{4: hash[:31], 5: 1}), nil, 0, mfa.CodeAuthenticatorProtocol},
		{"endless", ok(with(rp, 5, uint64(1)<<40)), ok(rp), 0, mfa.CodeAuthenticatorProtocol},
		{"ends early", ok(with(rp, 5, 2)), []byte{0x30}, 0, mfa.CodeAuthenticatorStatus},
		{"has a gap", ok(with(rp, 5, 2)), []byte{0}, 0, mfa.CodeAuthenticatorProtocol},
		{"the token is too old", []byte{0x33}, nil, 0, mfa.CodeUVFailed},
		{"no CBOR", []byte{0, 0xff}, nil, 0, mfa.CodeAuthenticatorProtocol},
	} {
		ch := respond(func(request []byte) []byte {
			r, err := DecodeCredentialManagementRequest(request[1:])
			if err != nil || request[0] != CommandCredentialManagement {
				t.Fatal(c.name, request, err)
			}
			switch {
			case r.Subcommand == ManagementRPsBegin && len(r.PinUvAuthParam) == 32 && r.PinUvAuthProtocol == 2:
				return c.first
			case r.Subcommand == ManagementRPsNext && r.PinUvAuthParam == nil:
				return c.next
			}
			t.Fatalf("%s: asked %+v", c.name, r)
			return nil
		})
		got, err := StoredRelyingParties(t.Context(), ch, modern(), &Token{protocol: 2, key: make([]byte, 32)})
		if len(got) != c.want || c.code == "" && err != nil || c.code != "" && !mfa.IsCode(err, c.code) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	token := &Token{protocol: 2, key: make([]byte, 32)}
	for name, m := range map[string]map[any]any{"no stock": {1: 2}, "no room": {2: 2}, "huge stock": {1: uint64(1) << 40, 2: 1}} {
		ch := respond(func([]byte) []byte { return ok(m) })
		if _, _, err := Stock(t.Context(), ch, modern(), token); !mfa.IsCode(err, mfa.CodeAuthenticatorProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for status, want := range map[Status]mfa.Code{StatusOK: "", StatusNoCredentials: mfa.CodeNoCredential, StatusPINAuthInvalid: mfa.CodeUVFailed} {
		ch := respond(func([]byte) []byte { return []byte{byte(status)} })
		if err := DeleteStored(t.Context(), ch, modern(), token, []byte{1}); (err != nil) != (want != "") || want != "" && !mfa.IsCode(err, want) {
			t.Errorf("deleting, %v: %v", status, err)
		}
	}
}

func TestSelect(t *testing.T) {
	v20, v21, v23 := []string{"FIDO_2_0"}, []string{"U2F_V2", "FIDO_2_0", "FIDO_2_1"}, []string{"FIDO_2_3"}
	for _, c := range []struct {
		name     string
		versions []string
		answers  map[byte][]byte // by command
		want     mfa.Code
	}{
		{"touched", v21, map[byte][]byte{CommandSelection: {0}}, ""},
		{"touched, of tomorrow", v23, map[byte][]byte{CommandSelection: {0}}, ""},
		{"nobody came", v21, map[byte][]byte{CommandSelection: {0x2f}}, mfa.CodeAuthenticatorTimeout},
		{"declined", v21, map[byte][]byte{CommandSelection: {0x27}}, mfa.CodeDeclined},
		{"it does not know its own command", v21, map[byte][]byte{CommandSelection: {1}, CommandMakeCredential: {0x31}}, ""},
		{"before 2.1, with a PIN", v20, map[byte][]byte{CommandMakeCredential: {0x31}}, ""},
		{"before 2.1, without", v20, map[byte][]byte{CommandMakeCredential: {0x35}}, ""},
		{"before 2.1, an odd one", v20, map[byte][]byte{CommandMakeCredential: {0x33}}, ""},
		{"before 2.1, one that knows no PIN", v20, map[byte][]byte{CommandMakeCredential: {0, 0xa0}}, ""},
		{"before 2.1, nobody came", v20, map[byte][]byte{CommandMakeCredential: {0x3a}}, mfa.CodeAuthenticatorTimeout},
		{"before 2.1, locked", v20, map[byte][]byte{CommandMakeCredential: {0x34}}, mfa.CodePINLocked},
	} {
		ch := respond(func(request []byte) []byte {
			answer, expected := c.answers[request[0]]
			if !expected {
				t.Fatalf("%s: command %02x", c.name, request[0])
			}
			if request[0] == CommandMakeCredential {
				if r, err := DecodeMakeCredentialRequest(request[1:]); err != nil || r.PinUvAuthParam == nil || len(r.PinUvAuthParam) > 0 || r.Options[OptionResidentKey] {
					t.Errorf("%s: %+v, %v", c.name, r, err)
				}
			}
			return answer
		})
		err := Select(t.Context(), ch, Info{Versions: c.versions}, nil)
		if c.want == "" && err != nil || c.want != "" && !mfa.IsCode(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestReset(t *testing.T) {
	for status, want := range map[Status]mfa.Code{StatusOK: "", StatusNotAllowed: mfa.CodeKeyResetLate, StatusOperationDenied: mfa.CodeDeclined,
		StatusUserActionTimeout: mfa.CodeAuthenticatorTimeout, StatusInvalidCommand: mfa.CodeAuthenticatorStatus} {
		ch := respond(func(request []byte) []byte {
			if len(request) != 1 || request[0] != CommandReset {
				t.Errorf("asked %x", request)
			}
			return []byte{byte(status)}
		})
		if err := Reset(t.Context(), ch, nil); (err != nil) != (want != "") || want != "" && !mfa.IsCode(err, want) {
			t.Errorf("%v: %v", status, err)
		}
	}
}

// What is signed is what came, with the members that nobody here knows.
func TestUnknownParametersAreSigned(t *testing.T) {
	params := map[any]any{1: make([]byte, 32), 9: "of tomorrow"}
	r, err := DecodeCredentialManagementRequest(ctapcbor.MustMarshal(map[any]any{1: 4, 2: params, 3: 2, 4: make([]byte, 32)}))
	if want := append([]byte{4}, ctapcbor.MustMarshal(params)...); err != nil || !bytes.Equal(r.AuthMessage(), want) {
		t.Errorf("%x, want %x, %v", r.AuthMessage(), want, err)
	}
}
