package authenticator

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// listener writes down what goes to the authenticator behind it.
type listener struct {
	*virtualauth.Authenticator
	requests [][]byte
	ask      bool // GetInfo says nothing, so that it has to be asked
}

func (l *listener) Exchange(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	l.requests = append(l.requests, request)
	return l.Authenticator.Exchange(ctx, request, keepalive)
}

func (l *listener) GetInfo() []byte {
	if l.ask {
		return nil
	}
	return l.Authenticator.GetInfo()
}

type obj = map[string]any

var testChallenge = base64.RawURLEncoding.EncodeToString([]byte("0123456789abcdef"))

// creationJSON gives good creation options, changed by the given members; nil
// takes a member away.
func creationJSON(t testing.TB, change obj) []byte {
	return marshal(t, changed(obj{
		"challenge": testChallenge, "rp": obj{"id": testRPID, "name": "Keyferry"},
		"user":             obj{"id": "AQI", "name": "ada", "displayName": "Ada"},
		"pubKeyCredParams": []obj{{"type": "public-key", "alg": -8}, {"type": "public-key", "alg": -7}},
	}, change))
}

func requestJSON(t testing.TB, change obj) []byte {
	return marshal(t, changed(obj{"challenge": testChallenge, "rpId": testRPID}, change))
}

func changed(base, change obj) obj {
	for k, v := range change {
		if base[k] = v; v == nil {
			delete(base, k)
		}
	}
	return base
}

func sentCreate(t *testing.T, cfg virtualauth.Config, change obj) ctap2.MakeCredentialRequest {
	t.Helper()
	l := &listener{Authenticator: virtualauth.New(cfg)}
	defer l.Close()
	if _, err := (Client{Open: opening(l)}).Create(t.Context(), creationJSON(t, change), testOrigin); err != nil {
		t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
	}
	if len(l.requests) != 1 || l.requests[0][0] != ctap2.CommandMakeCredential {
		t.Fatalf("sent %x", l.requests)
	}
	req, err := ctap2.DecodeMakeCredentialRequest(l.requests[0][1:])
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestCreateSendsWhatPhonesNeed(t *testing.T) {
	phone, key := virtualauth.Android(), virtualauth.Config{Transports: []string{"usb"}}
	selection := func(m obj) obj { return obj{"authenticatorSelection": m} }
	client := newClientData(typeCreate, []byte("0123456789abcdef"), testOrigin)
	want := ctap2.MakeCredentialRequest{
		ClientDataHash: client.hash[:], RP: ctap2.RelyingParty{ID: testRPID, Name: "Keyferry"},
		User:       ctap2.User{ID: []byte{1, 2}, Name: "ada", DisplayName: "Ada", Named: true},
		Parameters: []ctap2.CredentialParameters{{Type: "public-key", Alg: -8}, {Type: "public-key", Alg: -7}},
		Options:    map[string]bool{"uv": true},
	}
	if got := sentCreate(t, phone, nil); !reflect.DeepEqual(got, want) {
		t.Errorf("sent %+v\nwant %+v", got, want)
	}
	for _, c := range []struct {
		name   string
		cfg    virtualauth.Config
		change obj
		want   map[string]bool
	}{
		{"resident key required", phone, selection(obj{"residentKey": "required"}), map[string]bool{"rk": true, "uv": true}},
		{"resident key preferred, phone", phone, selection(obj{"residentKey": "preferred"}), map[string]bool{"rk": true, "uv": true}},
		{"resident key preferred, key without", key, selection(obj{"residentKey": "preferred"}), nil},
		{"resident key discouraged", phone, selection(obj{"residentKey": "discouraged", "requireResidentKey": true}), map[string]bool{"uv": true}},
		{"resident key the old way", phone, selection(obj{"requireResidentKey": true}), map[string]bool{"rk": true, "uv": true}},
		{"resident key of tomorrow", phone, selection(obj{"residentKey": "imperative"}), map[string]bool{"uv": true}},
		{"verification discouraged", phone, selection(obj{"userVerification": "discouraged"}), nil},
		{"verification required", phone, selection(obj{"userVerification": "required"}), map[string]bool{"uv": true}},
		{"verification preferred, key without", key, selection(obj{"userVerification": "preferred"}), nil},
	} {
		if got := sentCreate(t, c.cfg, c.change).Options; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: options %v, want %v", c.name, got, c.want)
		}
	}

	got := sentCreate(t, phone, obj{"rp": obj{"id": testRPID}, "user": obj{"id": "AQI", "name": "ada"}})
	if got.RP.Name != testRPID || got.User.DisplayName != "ada" {
		t.Errorf("names were not filled: %+v %+v", got.RP, got.User)
	}
	got = sentCreate(t, phone, obj{"rp": obj{"id": testRPID, "name": ""}, "user": obj{"id": "AQI", "name": "", "displayName": ""}})
	if got.RP.Name != testRPID || got.User.Name != testRPID || got.User.DisplayName != testRPID {
		t.Errorf("names were not filled: %+v %+v", got.RP, got.User)
	}
	if got := sentCreate(t, phone, obj{"rp": obj{"name": "x"}}); got.RP.ID != testRPID {
		t.Errorf("RP ID %q from the origin", got.RP.ID)
	}
	if got := sentCreate(t, phone, obj{"pubKeyCredParams": []obj{}}); len(got.Parameters) != 2 || got.Parameters[0].Alg != ctap2.ES256 || got.Parameters[1].Alg != ctap2.RS256 {
		t.Errorf("default algorithms %v", got.Parameters)
	}
	got = sentCreate(t, phone, obj{"excludeCredentials": []obj{
		{"type": "public-key", "id": "AAEC", "transports": []string{"hybrid"}}, {"type": "other", "id": "AA"}, {"type": "public-key", "id": "Aw"}}})
	if want := []ctap2.PublicKeyCredentialDescriptor{{Type: "public-key", ID: []byte{0, 1, 2}}, {Type: "public-key", ID: []byte{3}}}; !reflect.DeepEqual(got.ExcludeList, want) {
		t.Errorf("exclude list %+v", got.ExcludeList)
	}
}

func TestOnlyListedExtensionsAreSent(t *testing.T) {
	asked := obj{"extensions": obj{"credProps": true, "minPinLength": true, "credentialProtectionPolicy": "userVerificationRequired",
		"prf": obj{}, "unknown": obj{"x": []int{1}}}}
	if got := sentCreate(t, virtualauth.IPhone(), asked).Extensions; got != nil {
		t.Errorf("sent %x to a phone that lists none of them", got)
	}
	key := virtualauth.Config{Transports: []string{"usb"}, Info: func(i *ctap2.Info) { i.Extensions = []string{"credProtect", "minPinLength"} }}
	if got := sentCreate(t, key, asked).Extensions; string(got) != "\xa2\x6bcredProtect\x03\x6cminPinLength\xf5" {
		t.Errorf("sent %x", got)
	}
	enforced := obj{"extensions": obj{"credentialProtectionPolicy": "userVerificationRequired", "enforceCredentialProtectionPolicy": true}}
	a := virtualauth.New(virtualauth.IPhone())
	defer a.Close()
	if _, err := (Client{Open: opening(a)}).Create(t.Context(), creationJSON(t, enforced), testOrigin); !mfa.IsCode(err, mfa.CodeUnsupportedOption) {
		t.Errorf("a protection that cannot be enforced: %v", err)
	}
}

func TestCredPropsIsTheClients(t *testing.T) {
	for _, c := range []struct {
		name   string
		cfg    virtualauth.Config
		rk     string
		asked  bool
		result string
	}{
		{"not asked", virtualauth.Android(), "required", false, `{}`},
		{"phone, required", virtualauth.Android(), "required", true, `{"credProps":{"rk":true}}`},
		{"phone, discouraged: it may be one all the same", virtualauth.Android(), "discouraged", true, `{"credProps":{}}`},
		{"key, discouraged", virtualauth.Config{Discoverable: true, Transports: []string{"usb"}}, "discouraged", true, `{"credProps":{"rk":false}}`},
	} {
		a := virtualauth.New(c.cfg)
		response, err := Client{Open: opening(a)}.Create(t.Context(), creationJSON(t, obj{"extensions": obj{"credProps": c.asked},
			"authenticatorSelection": obj{"residentKey": c.rk}}), testOrigin)
		a.Close()
		var r struct{ ClientExtensionResults json.RawMessage }
		if err != nil || json.Unmarshal(response, &r) != nil || string(r.ClientExtensionResults) != c.result {
			t.Errorf("%s: %s (%v), want %s", c.name, r.ClientExtensionResults, err, c.result)
		}
	}
}

func TestGetSendsTheWholeList(t *testing.T) {
	l := &listener{Authenticator: virtualauth.New(virtualauth.Android()), ask: true}
	defer l.Close()
	if _, err := (Client{Open: opening(l)}).Create(t.Context(), creationJSON(t, nil), testOrigin); err != nil {
		t.Fatal(err)
	}
	id := l.Credentials()[0].ID
	allow := []obj{{"type": "other", "id": "AA"}}
	for i := range 100 {
		allow = append(allow, obj{"type": "public-key", "id": base64.RawURLEncoding.EncodeToString([]byte{byte(i), 1})})
	}
	allow = append(allow, obj{"type": "public-key", "id": base64.RawURLEncoding.EncodeToString(id), "transports": []string{"hybrid", "new"}})
	l.requests = nil
	if _, err := (Client{Open: opening(l)}).Get(t.Context(), requestJSON(t, obj{"allowCredentials": allow, "userVerification": "required"}), testOrigin); err != nil {
		t.Fatal(err)
	}
	if len(l.requests) != 2 || l.requests[0][0] != ctap2.CommandGetInfo || l.requests[1][0] != ctap2.CommandGetAssertion {
		t.Fatalf("sent %x", l.requests)
	}
	req, err := ctap2.DecodeGetAssertionRequest(l.requests[1][1:])
	if err != nil {
		t.Fatal(err)
	}
	if len(req.AllowList) != 101 || req.AllowList[100].Transports != nil || !reflect.DeepEqual(req.Options, map[string]bool{"uv": true}) || req.PinUvAuthParam != nil {
		t.Errorf("sent %+v", req)
	}
}

func TestClientDataIsSerialisedInOrder(t *testing.T) {
	c := newClientData(typeGet, []byte{0xfb, 0xff, 0}, testOrigin)
	want := `{"type":"webauthn.get","challenge":"-_8A","origin":"https://keyferry.internal","crossOrigin":false}`
	if string(c.json) != want || c.hash != sha256.Sum256([]byte(want)) {
		t.Errorf("got %s", c.json)
	}
}
