package ctap2

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// listed makes n descriptors with IDs of the given size; the number stands first.
func listed(n, size int) []PublicKeyCredentialDescriptor {
	out := make([]PublicKeyCredentialDescriptor, n)
	for i := range out {
		out[i] = PublicKeyCredentialDescriptor{Type: PublicKeyType, ID: binary.BigEndian.AppendUint32(nil, uint32(i+1))}
		out[i].ID = append(out[i].ID, make([]byte, size-4)...)
	}
	return out
}

// knower is a key that knows one credential, and checks what it is sent.
type knower struct {
	t     *testing.T
	info  Info
	knows int // 0: none
	said  []byte
	asked int
}

func (k *knower) Exchange(_ context.Context, request []byte, _ func(byte)) ([]byte, error) {
	k.asked++
	r, err := DecodeGetAssertionRequest(request[1:])
	switch {
	case err != nil || request[0] != CommandGetAssertion:
		k.t.Fatal(request[0], err)
	case uint64(len(request)) > k.info.MessageLimit():
		k.t.Errorf("%d bytes in one message", len(request))
	case k.info.MaxCredentialCountInList != nil && uint64(len(r.AllowList)) > *k.info.MaxCredentialCountInList:
		k.t.Errorf("%d credentials in one message", len(r.AllowList))
	}
	if up, said := r.Options[OptionUserPresence]; up || !said {
		k.t.Errorf("options %v", r.Options)
	}
	if k.said != nil {
		return k.said, nil
	}
	for _, d := range r.AllowList {
		if binary.BigEndian.Uint32(d.ID) == uint32(k.knows) {
			answer := GetAssertionResponse{AuthData: make([]byte, minAuthData), Signature: []byte{1}}
			if len(r.AllowList) > 1 {
				answer.Credential = &d
			}
			data, err := EncodeGetAssertionResponse(answer)
			return append([]byte{0}, data...), err
		}
	}
	return []byte{byte(StatusNoCredentials)}, nil
}

func keyInfo(most, longest, size uint64) Info {
	i := Info{Versions: []string{"FIDO_2_0"}}
	for p, v := range map[**uint64]uint64{&i.MaxCredentialCountInList: most, &i.MaxCredentialIDLength: longest, &i.MaxMsgSize: size} {
		if v > 0 {
			*p = &v
		}
	}
	return i
}

func TestListsAreFitted(t *testing.T) {
	for _, c := range []struct {
		name  string
		info  Info
		list  []PublicKeyCredentialDescriptor
		knows int
		asked int // questions without a touch
		left  int // entries that go out
		first int // the first of them
	}{
		{"short enough", keyInfo(8, 128, 1200), listed(8, 64), 0, 0, 8, 1},
		{"one too many, the first is known", keyInfo(8, 128, 2400), listed(9, 64), 1, 1, 1, 1},
		{"one too many, the last is known", keyInfo(8, 128, 2400), listed(9, 64), 9, 2, 1, 9},
		{"none is known", keyInfo(8, 128, 2400), listed(20, 64), 0, 3, 0, 0},
		{"long IDs are dropped", keyInfo(8, 64, 1200), append(listed(3, 65), listed(2, 64)...), 0, 0, 2, 1},
		{"all are too long", keyInfo(8, 64, 1200), listed(3, 65), 1, 0, 0, 0},
		{"message too short for all", keyInfo(100, 1023, 1024), listed(20, 200), 20, 5, 1, 20},
		{"one alone is longer than a message", keyInfo(8, 0, 1024), append(listed(1, 1023), listed(2, 64)[1:]...), 0, 0, 1, 2},
		{"no maximum: one at a time", keyInfo(0, 0, 0), listed(5, 64), 3, 3, 1, 3},
		{"no maximum, one", keyInfo(0, 0, 0), listed(1, 64), 0, 0, 1, 1},
		{"a maximum of none is no maximum", func() Info { i := keyInfo(1, 0, 0); *i.MaxCredentialCountInList = 0; return i }(), listed(1, 64), 0, 0, 1, 1},
	} {
		k := &knower{t: t, info: c.info, knows: c.knows}
		hash := bytes.Repeat([]byte{1}, 32)
		get, err := FitGetAssertion(t.Context(), k, c.info, GetAssertionRequest{RPID: "example.org", ClientDataHash: hash, AllowList: c.list})
		if c.left == 0 {
			if !mfa.IsCode(err, mfa.CodeNoCredential) {
				t.Errorf("%s: %v", c.name, err)
			}
		} else if err != nil || len(get.AllowList) != c.left || binary.BigEndian.Uint32(get.AllowList[0].ID) != uint32(c.first) {
			t.Errorf("%s: %d entries, %v", c.name, len(get.AllowList), err)
		}
		if k.asked != c.asked {
			t.Errorf("%s: asked %d times, want %d", c.name, k.asked, c.asked)
		}
		req := MakeCredentialRequest{ClientDataHash: hash, RP: RelyingParty{ID: "example.org"}, User: User{ID: []byte{1}},
			Parameters: []CredentialParameters{{PublicKeyType, ES256}}, ExcludeList: c.list}
		create, err := FitMakeCredential(t.Context(), k, c.info, req)
		if err != nil || len(create.ExcludeList) != c.left {
			t.Errorf("%s: %d entries to exclude, %v", c.name, len(create.ExcludeList), err)
		}
		if b, err := EncodeMakeCredentialRequest(create); err != nil || uint64(len(b)+1) > c.info.MessageLimit() {
			t.Errorf("%s: %d bytes, %v", c.name, len(b)+1, err)
		}
	}
	if get, err := FitGetAssertion(t.Context(), nil, Info{}, GetAssertionRequest{RPID: "a"}); err != nil || get.AllowList != nil {
		t.Errorf("any credential became %+v, %v", get, err)
	}
}

// A token is good for no more than its request needs.
func TestCreatePermissions(t *testing.T) {
	some := func(n int) (list []PublicKeyCredentialDescriptor) {
		for i := range n {
			list = append(list, PublicKeyCredentialDescriptor{Type: PublicKeyType, ID: []byte{byte(i)}})
		}
		return list
	}
	eight, long := uint64(8), uint64(4)
	for _, c := range []struct {
		name string
		info Info
		list []PublicKeyCredentialDescriptor
		asks bool
	}{
		{"no list", Info{}, nil, false},
		{"one entry", Info{}, some(1), false},
		{"two, and nobody knows how many fit", Info{}, some(2), true},
		{"as many as fit", Info{MaxCredentialCountInList: &eight}, some(8), false},
		{"one more", Info{MaxCredentialCountInList: &eight}, some(9), true},
		{"one more, which cannot be its own", Info{MaxCredentialCountInList: &eight, MaxCredentialIDLength: &long},
			append(some(8), PublicKeyCredentialDescriptor{Type: PublicKeyType, ID: make([]byte, 5)}), false},
	} {
		req := MakeCredentialRequest{ClientDataHash: make([]byte, 32), RP: RelyingParty{ID: "example.org"}, User: User{ID: []byte{1}},
			Parameters: []CredentialParameters{{PublicKeyType, ES256}}, ExcludeList: c.list}
		want := PermissionMakeCredential
		if c.asks {
			want |= PermissionGetAssertion
		}
		if got := CreatePermissions(c.info, req); got != want {
			t.Errorf("%s: %b", c.name, got)
		}
	}
	// The list that just fits a token of the longest kind needs no question.
	full := Info{MaxCredentialCountInList: new(uint64)}
	*full.MaxCredentialCountInList = 250
	for n := 1; n < 200; n++ {
		req := MakeCredentialRequest{ClientDataHash: make([]byte, 32), RP: RelyingParty{ID: "example.org"}, User: User{ID: []byte{1}},
			Parameters: []CredentialParameters{{PublicKeyType, ES256}}, ExcludeList: some(n)}
		asks := CreatePermissions(full, req) != PermissionMakeCredential
		req.PinUvAuthParam, req.PinUvAuthProtocol = make([]byte, longestParam), 2
		asked := false
		k := respond(func([]byte) []byte { asked = true; return []byte{byte(StatusNoCredentials)} })
		if _, err := FitMakeCredential(t.Context(), k, full, req); err != nil || asked != asks {
			t.Fatalf("%d entries: a token for it %t, asked %t, %v", n, asks, asked, err)
		}
	}
}

func TestPreflightAnswersThatAreOdd(t *testing.T) {
	other, err := EncodeGetAssertionResponse(GetAssertionResponse{Credential: &PublicKeyCredentialDescriptor{Type: PublicKeyType, ID: []byte("other")}, AuthData: make([]byte, minAuthData), Signature: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	nameless, err := EncodeGetAssertionResponse(GetAssertionResponse{AuthData: make([]byte, minAuthData), Signature: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		said []byte
		want mfa.Code
	}{
		{"not one of them", append([]byte{0}, other...), mfa.CodeAuthenticatorProtocol},
		{"without saying which", append([]byte{0}, nameless...), mfa.CodeAuthenticatorProtocol},
		{"invalid credential", []byte{0x22}, ""},
		{"it wants to be unlocked", []byte{0x36}, mfa.CodePINNeeded},
		{"nonsense", []byte{0, 0xff}, mfa.CodeAuthenticatorProtocol},
	} {
		info := keyInfo(2, 0, 0)
		k := &knower{t: t, info: info, said: c.said}
		known, err := Preflight(t.Context(), k, info, GetAssertionRequest{RPID: "a", ClientDataHash: make([]byte, 32), AllowList: listed(4, 16)})
		if known != nil || c.want == "" && err != nil || c.want != "" && !mfa.IsCode(err, c.want) {
			t.Errorf("%s: %+v, %v", c.name, known, err)
		}
	}
}

func TestMessagesAreBounded(t *testing.T) {
	info := keyInfo(0, 0, 100)
	sent := 0
	ch := Bounded(respond(func([]byte) []byte { sent++; return []byte{0} }), info)
	if _, err := ch.Exchange(t.Context(), make([]byte, 100), nil); err != nil || sent != 1 {
		t.Error(err)
	}
	if _, err := ch.Exchange(t.Context(), make([]byte, 101), nil); !isStatus(err, StatusRequestTooLarge) || sent != 1 {
		t.Errorf("%v after %d messages", err, sent)
	}
	if _, err := TokenByPIN(t.Context(), ch, func() Info { i := modern(); n := uint64(3); i.MaxMsgSize = &n; return i }(), pin("1234"), 1, "a", stream()); !isStatus(err, StatusRequestTooLarge) {
		t.Errorf("client PIN: %v", err)
	}
}

func TestAllAssertions(t *testing.T) {
	say := func(n uint64) []byte {
		b, err := EncodeGetAssertionResponse(GetAssertionResponse{AuthData: make([]byte, minAuthData), Signature: []byte{1}, NumberOfCredentials: n})
		if err != nil {
			t.Fatal(err)
		}
		return append([]byte{0}, b...)
	}
	for _, c := range []struct {
		name        string
		first, next []byte
		want        int
		code        mfa.Code
	}{
		{"one", say(0), nil, 1, ""},
		{"one, and it says so", say(1), nil, 1, ""},
		{"three", say(3), say(0), 3, ""},
		{"too late", say(3), []byte{0x30}, 0, mfa.CodeAuthenticatorStatus},
		{"none", []byte{0x2e}, nil, 0, mfa.CodeNoCredential},
		{"endless", say(1 << 60), say(0), 0, mfa.CodeAuthenticatorProtocol},
	} {
		ch := respond(func(request []byte) []byte {
			if request[0] == CommandGetNextAssertion {
				return c.next
			}
			return c.first
		})
		all, err := GetAssertions(t.Context(), ch, GetAssertionRequest{RPID: "a", ClientDataHash: make([]byte, 32)}, nil)
		if len(all) != c.want || c.code == "" && err != nil || c.code != "" && !mfa.IsCode(err, c.code) {
			t.Errorf("%s: %d, %v", c.name, len(all), err)
		}
	}
}

// BenchmarkGetAssertionClient is what the client adds to a sign-in with a key, besides
// the key's own work: everything from the request to the checked parts of the answer.
func BenchmarkGetAssertionClient(b *testing.B) {
	hash := bytes.Repeat([]byte{1}, 32)
	list := listed(8, 64)
	user := &User{ID: []byte("user handle of sixty-four bytes at most"), Name: "alice", DisplayName: "Alice", Named: true}
	extensions := ctapcbor.MustMarshal(map[string]any{ExtensionCredProtect: 2})
	data, err := EncodeGetAssertionResponse(GetAssertionResponse{Credential: &list[3], Signature: make([]byte, 72), User: user,
		AuthData: AuthenticatorData{Flags: FlagUP | FlagUV, SignCount: 7, Extensions: extensions}.Encode()})
	if err != nil {
		b.Fatal(err)
	}
	canned := append([]byte{0}, data...)
	info := keyInfo(8, 128, 1200)
	ch := Bounded(respond(func([]byte) []byte { return canned }), info)
	token := &Token{protocol: 2, key: make([]byte, 32)}
	for b.Loop() {
		req := GetAssertionRequest{RPID: "example.org", ClientDataHash: hash, AllowList: list,
			PinUvAuthParam: token.Authenticate(hash), PinUvAuthProtocol: token.Protocol()}
		req, err := FitGetAssertion(b.Context(), ch, info, req)
		if err != nil {
			b.Fatal(err)
		}
		answer, err := GetAssertion(b.Context(), ch, req, nil)
		if err != nil {
			b.Fatal(err)
		}
		d, err := ParseAuthenticatorData(answer.AuthData)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := DecodeExtensionOutputs(d.Extensions); err != nil {
			b.Fatal(err)
		}
	}
}
