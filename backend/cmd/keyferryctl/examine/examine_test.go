package examine_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/admission"
	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/examine"
	"github.com/keyferry/keyferry/backend/hello"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

const (
	rpID   = "login.example.org"
	origin = "https://login.example.org"
)

// ceremonies are a registration and an assertion of one software authenticator, with
// what they answer.
type ceremonies struct{ options, registration, request, assertion []byte }

// stays is used for two ceremonies: each closes what it opened.
type stays struct{ *virtualauth.Authenticator }

func (stays) Close() error { return nil }

func perform(t *testing.T, cfg virtualauth.Config) ceremonies {
	t.Helper()
	a := virtualauth.New(cfg)
	t.Cleanup(func() { a.Close() })
	open := func(context.Context, authenticator.Want) (authenticator.Authenticator, error) {
		return stays{a}, nil
	}
	party, err := rp.New(rp.Config{RPID: rpID, Clock: clock})
	must(t, err)
	who := mfa.Principal{ID: "u", Name: "ada", UserHandle: []byte{1}}
	var c ceremonies
	c.options, err = party.BeginRegistration(who, "one", mfa.RoadPhone, nil)
	must(t, err)
	c.registration, err = authenticator.Client{Open: open}.Create(t.Context(), c.options, origin)
	must(t, err)
	credential, err := party.FinishRegistration(who, "one", c.registration)
	must(t, err)
	credential.Transports = nil // it does not say how it is met, so it is met on every road
	c.request, err = party.BeginAuthentication(who, "two", mfa.RoadPhone, []mfa.Device{{PrincipalID: "u", Kind: mfa.KindPasskey, Passkey: &credential}})
	must(t, err)
	c.assertion, err = authenticator.Client{Open: open}.Get(t.Context(), c.request, origin)
	must(t, err)
	return c
}

func clock() time.Time { return mdstest.Now }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err, mfa.AsFailure(err).Explain())
	}
}

// key is a security key of a model whose maker metadata knows.
func key(issuer *virtualauth.Issuer, model int) virtualauth.Config {
	return virtualauth.Config{AAGUID: mdstest.Model(model), Attestation: virtualauth.Packed, Issuer: issuer, Discoverable: true, UserVerification: true,
		Transports: []string{"usb"}, Clock: clock}
}

const wantsFIPS = `{"Version":"2012-10-17","Statement":[
 {"Sid":"Begin","Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*","Condition":{"StringEquals":{"iam:RegisterSecurityKey":"Create"}}},
 {"Sid":"Finish","Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*","Condition":{"StringEquals":{"iam:RegisterSecurityKey":"Activate","iam:FIDO-FIPS-140-2-certification":"L2"}}}]}`

// failing lists what fails, as check:code.
func failing(r examine.Report) string {
	var list []string
	for _, s := range r.Steps {
		if s.State == examine.Fails {
			list = append(list, string(s.Check)+":"+string(s.Failure.Code))
		}
	}
	return strings.Join(list, " ")
}

func state(r examine.Report, c examine.Check) examine.State {
	for _, s := range r.Steps {
		if s.Check == c {
			return s.State
		}
	}
	return ""
}

// Every failure is heard, and those after it too.
func TestRegistrations(t *testing.T) {
	issuer, err := virtualauth.NewIssuer(rand.Reader, mdstest.Now)
	must(t, err)
	made := perform(t, key(issuer, 1))
	fips := perform(t, key(issuer, 2))
	revoked := perform(t, key(issuer, 3))
	phone := perform(t, virtualauth.Android())
	roots := []*x509.Certificate{issuer.Root()}
	metadata := mdstest.New(t).Open(
		mdstest.Entry{AAGUID: mdstest.Model(1), Name: "One", Roots: roots, Reports: []mdstest.Report{mdstest.Status("FIDO_CERTIFIED_L1", "2023-05-01")}},
		mdstest.Entry{AAGUID: mdstest.Model(2), Name: "Two", Roots: roots, Reports: []mdstest.Report{mdstest.FIPS(2, 2, "2024-01-01")}},
		mdstest.Entry{AAGUID: mdstest.Model(3), Name: "Three", Roots: roots, Reports: []mdstest.Report{mdstest.Status("REVOKED", "2025-01-01")}},
	)
	rules, err := admission.NewOffline("uc1", []byte(wantsFIPS), mdstest.Now)
	must(t, err)
	for _, row := range []struct {
		name    string
		of      ceremonies
		bend    func(*examine.Case)
		want    string
		states  map[examine.Check]examine.State
		without bool // options
	}{
		{name: "good", of: made, states: map[examine.Check]examine.State{examine.CheckTrust: examine.Holds, examine.CheckModel: examine.Holds, examine.CheckHello: examine.Holds, examine.CheckSignature: examine.Holds}},
		{name: "a phone", of: phone, bend: func(c *examine.Case) { c.Path = hello.PathHybrid }, states: map[examine.Check]examine.State{examine.CheckTrust: examine.Unproven, examine.CheckHello: examine.Holds}},
		{name: "a phone, nobody knows how", of: phone, states: map[examine.Check]examine.State{examine.CheckHello: examine.Unproven}},
		{name: "Hello must be ruled out", of: phone, bend: func(c *examine.Case) { c.RuleOut = true }, want: "windows-hello:windows-hello-unproven"},
		{name: "all that was expected", of: made, bend: func(c *examine.Case) {
			c.Expect.Origin, c.Expect.RPID, c.Expect.Challenge, c.Expect.Algorithms = "https://evil.example", "evil.example", []byte{1}, []int64{-257}
		}, want: "challenge:challenge-mismatch origin:origin-mismatch rp-id:rp-id-mismatch algorithm:algorithm-not-offered",
			states: map[examine.Check]examine.State{examine.CheckSignature: examine.Holds, examine.CheckTrust: examine.Holds, examine.CheckAttestation: examine.Holds}},
		{name: "nothing is known", of: made, without: true, states: map[examine.Check]examine.State{examine.CheckChallenge: examine.NotJudged, examine.CheckOrigin: examine.NotJudged, examine.CheckRPID: examine.NotJudged, examine.CheckSignature: examine.Holds}},
		{name: "no JSON", of: made, bend: func(c *examine.Case) { c.Response = []byte("{") }, want: "response:response-malformed", states: map[examine.Check]examine.State{examine.CheckOrigin: examine.NotJudged}},
		{name: "client data", of: made, bend: part("clientDataJSON", []byte("{")), want: "client-data:response-malformed", states: map[examine.Check]examine.State{examine.CheckResponse: examine.Holds}},
		{name: "another ceremony", of: made, bend: func(c *examine.Case) { part("clientDataJSON", change(c, `"webauthn.create"`, `"webauthn.get"`))(c) }, want: "type:client-data-type", states: map[examine.Check]examine.State{examine.CheckClientData: examine.Holds, examine.CheckChallenge: examine.NotJudged}},
		{name: "another site's frame", of: made, bend: func(c *examine.Case) {
			part("clientDataJSON", change(c, `"crossOrigin":false`, `"crossOrigin":true`))(c)
		},
			want: "cross-origin:cross-origin signature:attestation-invalid"},
		{name: "attestation object", of: made, bend: part("attestationObject", []byte{0xa0}), want: "attestation-object:response-malformed", states: map[examine.Check]examine.State{examine.CheckOrigin: examine.Holds, examine.CheckRPID: examine.NotJudged}},
		{name: "another ID outside", of: made, bend: func(c *examine.Case) {
			c.Response = []byte(strings.ReplaceAll(string(c.Response), text(c.Response, "rawId"), "AAAA"))
		}, want: "credential-id:response-malformed"},
		{name: "revoked", of: revoked, want: "model:model-refused", states: map[examine.Check]examine.State{examine.CheckSignature: examine.Holds, examine.CheckTrust: examine.NotJudged}},
		{name: "no metadata", of: made, bend: func(c *examine.Case) { c.Metadata = nil }, states: map[examine.Check]examine.State{examine.CheckTrust: examine.Unproven, examine.CheckModel: examine.NotJudged}},
		{name: "not certified enough", of: made, bend: func(c *examine.Case) { c.Policy = rules }, want: "policy-activate:device-not-admitted", states: map[examine.Check]examine.State{examine.CheckCreate: examine.Holds}},
		{name: "certified", of: fips, bend: func(c *examine.Case) { c.Policy = rules }, states: map[examine.Check]examine.State{examine.CheckCreate: examine.Holds, examine.CheckActivate: examine.Holds}},
		{name: "Windows Hello", of: made, bend: func(c *examine.Case) { c.Path, c.System, c.RuleOut = hello.PathPlatform, "windows", true }, states: map[examine.Check]examine.State{examine.CheckHello: examine.Holds}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := examine.Case{Response: row.of.registration, Kind: examine.Registration, Metadata: metadata, At: mdstest.Now}
			c.Expect.UserVerification = "required"
			if !row.without {
				c.Expect, err = examine.Options(row.of.options, examine.Registration)
				must(t, err)
				c.Expect.Origin = origin
			}
			c.Expect.At = mdstest.Now
			if row.bend != nil {
				row.bend(&c)
			}
			r, err := examine.Examine(t.Context(), c)
			must(t, err)
			if got := failing(r); got != row.want || r.Accepted() != (row.want == "") {
				t.Errorf("fails %q, want %q", got, row.want)
			}
			for check, want := range row.states {
				if got := state(r, check); got != want {
					t.Errorf("%s %s, want %s", check, got, want)
				}
			}
			if row.name == "not certified enough" {
				i := slices.IndexFunc(r.Steps, func(s examine.Step) bool { return s.Check == examine.CheckActivate })
				p := r.Steps[i].Failure.Params
				if p["needs"] != "FIPS-140-2 L2" || p["fido"] != "L1" || p["reported"] != "2023-05-01" || p["admitted"] != "1" || p["left"] != "" || r.Steps[i].Decision == nil {
					t.Errorf("%v", p)
				}
			}
		})
	}
}

// part replaces one member of the inner response.
func part(name string, with []byte) func(*examine.Case) {
	return func(c *examine.Case) {
		c.Response = []byte(strings.Replace(string(c.Response), text(inner(c.Response), name), base64.RawURLEncoding.EncodeToString(with), 1))
	}
}

func change(c *examine.Case, old, new string) []byte {
	b, _ := base64.RawURLEncoding.DecodeString(text(inner(c.Response), "clientDataJSON"))
	return []byte(strings.Replace(string(b), old, new, 1))
}

func inner(response []byte) []byte {
	var m map[string]json.RawMessage
	_ = json.Unmarshal(response, &m)
	return m["response"]
}

func text(object []byte, name string) (s string) {
	var m map[string]json.RawMessage
	_ = json.Unmarshal(object, &m)
	_ = json.Unmarshal(m[name], &s)
	return s
}

func TestAssertions(t *testing.T) {
	made := perform(t, key(nil, 1))
	other := perform(t, key(nil, 1))
	stored, _, err := examine.ReadStored(made.registration)
	must(t, err)
	for _, row := range []struct {
		name string
		bend func(*examine.Case)
		want string
	}{
		{name: "good"},
		{name: "a key alone", bend: func(c *examine.Case) { c.Stored = &mfa.Credential{PublicKey: stored.PublicKey} }},
		{name: "another key", bend: func(c *examine.Case) {
			wrong, _, err := examine.ReadStored(other.registration)
			must(t, err)
			c.Stored = &mfa.Credential{PublicKey: wrong.PublicKey}
		}, want: "signature:signature-invalid"},
		{name: "another credential", bend: func(c *examine.Case) { c.Stored.ID = []byte{1} }, want: "credential:credential-unknown"},
		{name: "not asked for", bend: func(c *examine.Case) { c.Expect.AllowCredentials = [][]byte{{1}} }, want: "credential:credential-unknown"},
		{name: "somebody else's", bend: func(c *examine.Case) { c.Expect.UserHandle = []byte{2} }, want: "user-handle:user-handle-mismatch"},
		{name: "the counter", bend: func(c *examine.Case) { c.Stored.SignCount = 1 << 30 }, want: "counter:counter-regressed"},
		{name: "backup", bend: func(c *examine.Case) { c.Stored.BackupEligible = true }, want: "backup:backup-flags"},
		{name: "a key that is none", bend: func(c *examine.Case) { c.Stored.PublicKey = []byte{0xa0} }, want: "key:key-unusable"},
		{name: "much at once", bend: func(c *examine.Case) {
			c.Expect.Origin, c.Expect.RPID, c.Expect.Challenge, c.Stored.SignCount = "https://evil.example", "evil.example", []byte{1}, 1<<30
		}, want: "challenge:challenge-mismatch origin:origin-mismatch rp-id:rp-id-mismatch counter:counter-regressed"},
		{name: "authenticator data", bend: part("authenticatorData", []byte{1}), want: "authenticator-data:response-malformed"},
		{name: "a signature of nothing", bend: part("signature", []byte{1}), want: "signature:signature-invalid"},
		{name: "no JSON", bend: func(c *examine.Case) { c.Response = []byte("[]") }, want: "response:response-malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := examine.Case{Response: made.assertion, Kind: examine.Assertion, At: mdstest.Now}
			c.Expect, err = examine.Options(made.request, examine.Assertion)
			must(t, err)
			c.Expect.Origin = origin
			copied := stored
			c.Stored = &copied
			if row.bend != nil {
				row.bend(&c)
			}
			r, err := examine.Examine(t.Context(), c)
			must(t, err)
			if got := failing(r); got != row.want {
				t.Errorf("fails %q, want %q", got, row.want)
			}
		})
	}
	if _, err := examine.Examine(t.Context(), examine.Case{Kind: examine.Assertion}); !mfa.IsCode(err, mfa.CodeInvalidInput) {
		t.Error(err)
	}
}

// Keys as programs keep them.
func TestKeys(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	for name, public := range map[string]any{"P-384": &p384.PublicKey, "RSA": &rsaKey.PublicKey, "Ed25519": ed} {
		der, err := x509.MarshalPKIXPublicKey(public)
		must(t, err)
		for form, text := range map[string][]byte{"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "base64url": []byte(base64.RawURLEncoding.EncodeToString(der)),
			"base64": []byte(base64.StdEncoding.EncodeToString(der) + "\n")} {
			key, err := examine.ReadKey(text)
			if err != nil || rp.CheckPublicKey(key) != nil {
				t.Errorf("%s, %s: %v, %v", name, form, err, rp.CheckPublicKey(key))
			}
			if again, err := examine.ReadKey(key); err != nil || string(again) != string(key) {
				t.Errorf("%s as COSE_Key: %v", name, err)
			}
		}
	}
	for _, bad := range []string{"", "x", "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"} {
		if _, err := examine.ReadKey([]byte(bad)); !mfa.IsCode(err, mfa.CodeInvalidInput) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Bad input has a code and a place.
func TestBadInput(t *testing.T) {
	for _, c := range []struct {
		name, text string
		code       mfa.Code
		place      string
	}{
		{"nothing", "", mfa.CodeResponseMalformed, "json"}, {"null", "null", mfa.CodeResponseMalformed, "json"}, {"a list", "[]", mfa.CodeResponseMalformed, "json"},
		{"an empty object", "{}", mfa.CodeResponseMalformed, "credential"}, {"half a response", `{"rawId":"AA"}`, mfa.CodeResponseMalformed, "response"},
		{"neither kind", `{"rawId":"AA","response":{}}`, mfa.CodeResponseMalformed, "response"},
		{"origin", `{"credential":{"rawId":"AA","response":{"signature":"AA"}},"origin":7}`, mfa.CodeResponseMalformed, "origin"},
		{"challenge", `{"credential":{"rawId":"AA","response":{"signature":"AA"}},"challenge":"*"}`, mfa.CodeInvalidInput, "challenge"},
		{"too long", strings.Repeat(" ", examine.MaxInput+1), mfa.CodeResponseTooLarge, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := examine.Read([]byte(c.text))
			f := mfa.AsFailure(err)
			if err == nil || f.Code != c.code || f.Params["part"] != c.place && f.Params["field"] != c.place {
				t.Errorf("%v %v", err, f)
			}
		})
	}
	for options, field := range map[string]string{"": "options", "{}": "options.challenge", `{"challenge":"*"}`: "options.challenge", `{"challenge":"AA","rp":7}`: "options.rp",
		`{"challenge":"AA","authenticatorSelection":7}`: "options.authenticatorSelection", `{"publicKey":{"challenge":"AA","pubKeyCredParams":7}}`: "options.pubKeyCredParams"} {
		if _, err := examine.Options([]byte(options), examine.Registration); mfa.AsFailure(err).Params["field"] != field {
			t.Errorf("%s: %v", options, err)
		}
	}
	for options, field := range map[string]string{`{"challenge":"AA","rpId":7}`: "options.rpId", `{"challenge":"AA","userVerification":7}`: "options.userVerification",
		`{"challenge":"AA","allowCredentials":[{"id":"*"}]}`: "options.allowCredentials", `{"challenge":"AA","extensions":7}`: "options.extensions"} {
		if _, err := examine.Options([]byte(options), examine.Assertion); mfa.AsFailure(err).Params["field"] != field {
			t.Errorf("%s: %v", options, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{`{"rawId":"AA","response":{"signature":"AA"}}`, `{"options":{"challenge":"AA"},"credential":{"rawId":"AA","response":{"attestationObject":"oA"}}}`,
		`{"response":{"rawId":"AA","id":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}},"credential":{"id":"AA","public_key":"oA"}}`, `{}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := examine.Read(data)
		if err != nil {
			return
		}
		c := examine.Case{Response: in.Response, Kind: in.Kind, At: mdstest.Now}
		if e, err := examine.Options(in.Options, in.Kind); err == nil {
			c.Expect = e
		}
		if in.Kind == examine.Assertion {
			stored, _, err := examine.ReadStored(in.Stored)
			if err != nil {
				return
			}
			c.Stored = &stored
		}
		r, err := examine.Examine(t.Context(), c)
		if err == nil && r.Accepted() && len(r.Steps) == 0 {
			t.Error("accepted without a check")
		}
	})
}
