package ctap2

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// tape plays a transcript: a Channel that gives the recorded responses and takes
// nothing but the recorded requests. testdata/transcripts.py says what is in one.
type tape struct {
	t     *testing.T
	facts map[string]string
	turns [][2][]byte
	rand  *bytes.Reader
}

func play(t *testing.T, name string) *tape {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".transcript"))
	if err != nil {
		t.Fatal(err)
	}
	p := &tape{t: t, facts: map[string]string{}}
	for n, line := range strings.Split(string(data), "\n") {
		mark, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || mark == "#":
		case mark == ">":
			p.turns = append(p.turns, [2][]byte{unhex(t, rest)})
		case mark == "<" && len(p.turns) > 0 && p.turns[len(p.turns)-1][1] == nil:
			p.turns[len(p.turns)-1][1] = unhex(t, rest)
		case strings.HasSuffix(mark, ":"):
			p.facts[strings.TrimSuffix(mark, ":")] = rest
		default:
			t.Fatalf("%s, line %d: %q", name, n+1, line)
		}
	}
	p.rand = bytes.NewReader(unhex(t, p.facts["rand"]))
	t.Cleanup(func() {
		if !t.Failed() && (len(p.turns) > 0 || p.rand.Len() > 0) {
			t.Errorf("%d exchanges and %d bytes of randomness were not asked for", len(p.turns), p.rand.Len())
		}
	})
	return p
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (p *tape) Exchange(_ context.Context, request []byte, _ func(byte)) ([]byte, error) {
	if len(p.turns) == 0 {
		p.t.Fatalf("nothing more was recorded, got\n%x", request)
	}
	turn := p.turns[0]
	if p.turns = p.turns[1:]; !bytes.Equal(request, turn[0]) {
		p.t.Fatalf("sent\n%x, recorded is\n%x", request, turn[0])
	}
	return turn[1], nil
}

func (p *tape) secret(name string) *mfa.Secret { return mfa.NewSecret([]byte(p.facts[name])) }
func (p *tape) bytes(name string) []byte       { return unhex(p.t, p.facts[name]) }

// modern and old are what authenticators of two times say of themselves.
func modern() Info {
	return Info{Versions: []string{"FIDO_2_0", "FIDO_2_1"}, PinUvAuthProtocols: []uint64{2, 1},
		Options: map[string]bool{OptionClientPIN: true, OptionPinUvAuthToken: true, OptionManagement: true}}
}

func old() Info {
	return Info{Versions: []string{"FIDO_2_0"}, Options: map[string]bool{OptionClientPIN: true, OptionManagementPreview: true}}
}

func (p *tape) uses(t *testing.T, token *Token, err error, protocol uint64) {
	t.Helper()
	if err != nil {
		t.Fatal(err, mfa.AsFailure(err).Explain())
	}
	if got := token.Authenticate(p.bytes("hash")); !bytes.Equal(got, p.bytes("param")) || token.Protocol() != protocol {
		t.Errorf("parameter %x in protocol %d, recorded is %s", got, token.Protocol(), p.facts["param"])
	}
}

func TestTokenByPINAsRecorded(t *testing.T) {
	both := PermissionMakeCredential | PermissionGetAssertion
	t.Run("protocol 1", func(t *testing.T) {
		p := play(t, "token-pin1")
		token, err := TokenByPIN(t.Context(), p, old(), p.secret("pin"), both, "example.org", p.rand)
		p.uses(t, token, err, pinuv.One)
	})
	t.Run("protocol 2", func(t *testing.T) {
		p := play(t, "token-pin2")
		token, err := TokenByPIN(t.Context(), p, modern(), p.secret("pin"), both, "example.org", p.rand)
		p.uses(t, token, err, pinuv.Two)
	})
}

func TestWrongPINAsRecorded(t *testing.T) {
	for protocol, name := range map[uint64]string{pinuv.One: "wrong-pin1", pinuv.Two: "wrong-pin2"} {
		p := play(t, name)
		info := modern()
		info.PinUvAuthProtocols = []uint64{99, protocol}
		get := func(pin *mfa.Secret) (*Token, error) {
			return TokenByPIN(t.Context(), p, info, pin, PermissionGetAssertion, "example.org", p.rand)
		}
		_, err := get(p.secret("wrong"))
		f := mfa.AsFailure(err)
		if f == nil || f.Code != mfa.CodePINWrong || f.Params["left"] != "7" || !errors.Is(err, StatusPINInvalid) {
			t.Fatalf("%s: %v", name, err)
		}
		token, err := get(p.secret("pin"))
		p.uses(t, token, err, protocol)
	}
}

func TestLockedAsRecorded(t *testing.T) {
	p := play(t, "locked")
	for _, want := range []mfa.Code{mfa.CodePINLocked, mfa.CodePINBlocked, mfa.CodePINBlocked, mfa.CodePINLocked} {
		_, err := TokenByPIN(t.Context(), p, modern(), p.secret("wrong"), PermissionGetAssertion, "example.org", p.rand)
		if !mfa.IsCode(err, want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestSetAndChangeAsRecorded(t *testing.T) {
	for name, info := range map[string]Info{"set-pin1": old(), "set-pin2": modern()} {
		p := play(t, name)
		info.Options[OptionClientPIN] = false
		if err := SetPIN(t.Context(), p, info, p.secret("pin"), p.rand); err != nil {
			t.Fatal(name, err)
		}
		if err := ChangePIN(t.Context(), p, info, p.secret("pin"), p.secret("fresh"), p.rand); err != nil {
			t.Fatal(name, err)
		}
	}
}

func TestManagementAsRecorded(t *testing.T) {
	for name, info := range map[string]Info{"management": modern(), "management-preview": old()} {
		p, ctx := play(t, name), t.Context()
		token, err := TokenByPIN(ctx, p, info, p.secret("pin"), PermissionCredentialManagement, "", p.rand)
		if err != nil {
			t.Fatal(name, err)
		}
		if stored, room, err := Stock(ctx, p, info, token); stored != 3 || room != 22 || err != nil {
			t.Errorf("%s: %d stored, room for %d, %v", name, stored, room, err)
		}
		rps, err := StoredRelyingParties(ctx, p, info, token)
		if err != nil || len(rps) != 2 || rps[0].ID != "example.org" || rps[0].Name != "Example" || rps[1].ID != "other.example" {
			t.Fatalf("%s: %+v, %v", name, rps, err)
		}
		of, err := StoredCredentials(ctx, p, info, token, rps[0].Hash)
		if err != nil || len(of) != 2 {
			t.Fatalf("%s: %+v, %v", name, of, err)
		}
		if !bytes.Equal(of[0].ID, p.bytes("one")) || of[0].User.Name != "alice" || of[0].Protect != 1 || of[0].LargeBlobKey != nil ||
			!bytes.Equal(of[1].ID, p.bytes("two")) || string(of[1].User.ID) != "bob" || of[1].Protect != 3 || len(of[1].LargeBlobKey) != 32 {
			t.Errorf("%s: %+v", name, of)
		}
		if _, alg, err := ParsePublicKey(of[1].PublicKey); alg != ES256 || err != nil {
			t.Errorf("%s: key of algorithm %d, %v", name, alg, err)
		}
		if err := DeleteStored(ctx, p, info, token, of[1].ID); err != nil {
			t.Error(name, err)
		}
		if none, err := StoredCredentials(ctx, p, info, token, rps[1].Hash); len(none) != 0 || err != nil {
			t.Errorf("%s: %+v, %v", name, none, err)
		}
		token.Wipe()
	}
}

// The authenticator reads what the recorded platform sent, and comes to the same.
func TestRecordedRequestsAreRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.transcript"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		p := &tape{}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "> "); ok {
				p.turns = append(p.turns, [2][]byte{unhex(t, rest)})
			}
		}
		for _, turn := range p.turns {
			command, params := turn[0][0], turn[0][1:]
			run := both(DecodeClientPINRequest, EncodeClientPINRequest)
			if command != CommandClientPIN {
				run = both(DecodeCredentialManagementRequest, EncodeCredentialManagementRequest)
				r, err := DecodeCredentialManagementRequest(params)
				if err != nil {
					t.Fatal(file, err)
				}
				message := r.AuthMessage()
				r.params = nil // made anew of what was understood, it is the same
				if !reflect.DeepEqual(message, r.AuthMessage()) || len(message) > 1 && ctapcbor.Canonical(message[1:]) != nil {
					t.Errorf("%s: signed is %x", file, message)
				}
			}
			if out, err := run(params); err != nil || !bytes.Equal(out, params) {
				t.Errorf("%s: %x came back as %x, %v", file, params, out, err)
			}
		}
	}
}
