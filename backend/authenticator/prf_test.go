package authenticator

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// prfKey is a key that can compute secrets.
func prfKey() virtualauth.Config {
	c := keyConfig()
	c.HMACSecret, c.UVOptional = true, true
	return c
}

// inputs are prf's values: one or two.
func inputs(values ...string) obj {
	in := obj{}
	for i, v := range values {
		in[[]string{"first", "second"}[i]] = base64.RawURLEncoding.EncodeToString([]byte(v))
	}
	return in
}

type prfAnswer struct {
	ID      string
	Results struct {
		PRF *struct {
			Enabled *bool
			Results *struct{ First, Second string }
		}
		LargeBlob *struct{ Supported, Written *bool }
	} `json:"clientExtensionResults"`
}

func (a prfAnswer) secrets(t *testing.T) (first, second string) {
	t.Helper()
	if a.Results.PRF == nil || a.Results.PRF.Results == nil {
		t.Fatalf("no results: %+v", a.Results)
	}
	r := a.Results.PRF.Results
	for _, s := range []string{r.First, r.Second} {
		if b, err := base64.RawURLEncoding.DecodeString(s); err != nil || s != "" && (len(b) != 32 || bytes.Equal(b, make([]byte, 32))) {
			t.Errorf("result %q", s)
		}
	}
	return r.First, r.Second
}

// making and signing run a ceremony with extensions at a key whose PIN is 2580.
func making(t *testing.T, a Authenticator, options obj, extensions obj) (prfAnswer, error) {
	t.Helper()
	all := obj{"extensions": extensions, "authenticatorSelection": obj{"residentKey": "required", "userVerification": "discouraged"}}
	for k, v := range options {
		all[k] = v
	}
	return answered((&owner{answers: []string{"2580"}}).client(a).Create(t.Context(), creationJSON(t, all), testOrigin))
}

func signing(t *testing.T, a Authenticator, options obj, extensions obj) (prfAnswer, error) {
	t.Helper()
	all := obj{"extensions": extensions, "userVerification": "discouraged"}
	for k, v := range options {
		all[k] = v
	}
	return answered((&owner{answers: []string{"2580"}}).client(a).Get(t.Context(), requestJSON(t, all), testOrigin))
}

func answered(response []byte, err error) (a prfAnswer, _ error) {
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(response, &a)
}

func must(t *testing.T) func(prfAnswer, error) prfAnswer {
	return func(a prfAnswer, err error) prfAnswer {
		t.Helper()
		if err != nil {
			t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
		}
		return a
	}
}

func allowing(ids ...string) obj {
	list := []any{}
	for _, id := range ids {
		list = append(list, obj{"type": "public-key", "id": id})
	}
	return obj{"allowCredentials": list}
}

func TestSecretsOfACredential(t *testing.T) {
	a := virtualauth.New(prfKey())
	t.Cleanup(func() { a.Close() })
	giveKeyAPIN(t, a, "2580")
	made := must(t)(making(t, a, nil, obj{"prf": obj{"eval": inputs("one")}}))
	if p := made.Results.PRF; p == nil || p.Enabled == nil || !*p.Enabled || p.Results != nil {
		t.Fatalf("%+v", made.Results)
	}
	one, none := must(t)(signing(t, a, nil, obj{"prf": obj{"eval": inputs("one")}})).secrets(t)
	again, two := must(t)(signing(t, a, allowing(made.ID), obj{"prf": obj{"eval": inputs("one", "two")}})).secrets(t)
	verified, _ := must(t)(signing(t, a, obj{"userVerification": "required"}, obj{"prf": obj{"eval": inputs("one")}})).secrets(t)
	if one != again || none != "" || two == "" || two == one || verified != one {
		t.Errorf("%q %q, %q %q, verified %q", one, none, again, two, verified)
	}
	if got := must(t)(signing(t, a, nil, nil)).Results.PRF; got != nil {
		t.Errorf("nobody asked: %+v", got)
	}
	if got := must(t)(signing(t, a, nil, obj{"prf": obj{}})).Results.PRF; got == nil || got.Results != nil || got.Enabled != nil {
		t.Errorf("nothing to compute: %+v", got)
	}
}

// What a key says at once is what it says at every sign-in.
func TestSecretsAtCreation(t *testing.T) {
	config := prfKey()
	config.HMACSecretMC = true
	a := virtualauth.New(config)
	t.Cleanup(func() { a.Close() })
	giveKeyAPIN(t, a, "2580")
	first, second := must(t)(making(t, a, nil, obj{"prf": obj{"eval": inputs("one", "two")}})).secrets(t)
	one, two := must(t)(signing(t, a, nil, obj{"prf": obj{"eval": inputs("one", "two")}})).secrets(t)
	if first != one || second != two {
		t.Errorf("%q, %q at creation, %q, %q afterwards", first, second, one, two)
	}
	if p := must(t)(making(t, a, nil, obj{"prf": obj{}})).Results.PRF; p == nil || !*p.Enabled || p.Results != nil {
		t.Errorf("nothing to compute: %+v", p)
	}
}

// Each credential has its own inputs, and all others share some.
func TestInputsByCredential(t *testing.T) {
	a := virtualauth.New(prfKey())
	t.Cleanup(func() { a.Close() })
	giveKeyAPIN(t, a, "2580")
	mine := must(t)(making(t, a, nil, obj{"prf": obj{}})).ID
	foreign := base64.RawURLEncoding.EncodeToString([]byte("of another key"))
	want, _ := must(t)(signing(t, a, allowing(mine), obj{"prf": obj{"eval": inputs("mine")}})).secrets(t)
	shared, _ := must(t)(signing(t, a, allowing(mine), obj{"prf": obj{"eval": inputs("shared")}})).secrets(t)
	by := obj{mine: inputs("mine"), foreign: inputs("foreign")}
	for name, allow := range map[string]obj{"the first": allowing(mine, foreign), "the second": allowing(foreign, mine)} {
		if got, _ := must(t)(signing(t, a, allow, obj{"prf": obj{"eval": inputs("shared"), "evalByCredential": by}})).secrets(t); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	rest := obj{"prf": obj{"eval": inputs("shared"), "evalByCredential": obj{foreign: inputs("foreign")}}}
	if got, _ := must(t)(signing(t, a, allowing(mine, foreign), rest)).secrets(t); got != shared {
		t.Errorf("none of its own: %q, want %q", got, shared)
	}
	if got := must(t)(signing(t, a, allowing(mine, foreign), obj{"prf": obj{"evalByCredential": obj{foreign: inputs("foreign")}}})); got.Results.PRF.Results != nil {
		t.Errorf("no inputs: %+v", got.Results.PRF)
	}
	other := base64.RawURLEncoding.EncodeToString([]byte("of a third key"))
	_, err := signing(t, a, allowing(other, foreign), obj{"prf": obj{"evalByCredential": obj{foreign: inputs("foreign")}}})
	wantCode(t, "none of them", err, mfa.CodeNoCredential)
}

// The secrets are those of whoever was chosen.
func TestSecretsOfTheAccountThatIsChosen(t *testing.T) {
	a := keyOf(t, prfKey(), "anna", "bob")
	extensions := obj{"prf": obj{"eval": inputs("one")}}
	var chosen []string
	for i := range 2 {
		client := (&owner{answers: []string{"2580"}}).client(a)
		client.Choose = func(context.Context, mfa.AccountsAsk) (int, error) { return i, nil }
		got, _ := must(t)(answered(client.Get(t.Context(), requestJSON(t, obj{"extensions": extensions}), testOrigin))).secrets(t)
		chosen = append(chosen, got)
	}
	newest, _ := must(t)(signing(t, a, nil, extensions)).secrets(t)
	if chosen[0] == chosen[1] || chosen[0] != newest {
		t.Errorf("%q, the newest %q", chosen, newest)
	}
}

func TestNoSecrets(t *testing.T) {
	plain, noPIN := keyConfig(), prfKey()
	plain.UVOptional = true
	lists := virtualauth.Config{Discoverable: true, UserVerification: true, Transports: []string{"internal", "hybrid"},
		Info: func(i *ctap2.Info) { i.Extensions = []string{"hmac-secret"} }} // it would have to be asked by clientPIN
	for name, c := range map[string]struct {
		config  virtualauth.Config
		pin     bool
		enabled bool
	}{
		"a key that cannot":         {plain, true, false},
		"a key without a PIN":       {noPIN, false, true}, // it could: the secrets wait for a PIN
		"a phone that says it can":  {lists, false, false},
		"a phone with another such": {virtualauth.Android(), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := virtualauth.New(c.config)
			t.Cleanup(func() { a.Close() })
			if c.pin {
				giveKeyAPIN(t, a, "2580")
			}
			if p := must(t)(making(t, a, nil, obj{"prf": obj{"eval": inputs("one")}})).Results.PRF; p == nil || *p.Enabled != c.enabled || p.Results != nil {
				t.Errorf("created: %+v", p)
			}
			if p := must(t)(signing(t, a, nil, obj{"prf": obj{"eval": inputs("one")}})).Results.PRF; p == nil || p.Results != nil {
				t.Errorf("signed in: %+v", p)
			}
		})
	}
}

func TestExtensionInputsThatDoNotFit(t *testing.T) {
	id := base64.RawURLEncoding.EncodeToString([]byte("credential"))
	other := base64.RawURLEncoding.EncodeToString([]byte("another"))
	long := inputs(string(make([]byte, maxPRFInput+1)))
	for name, c := range map[string]struct {
		create     bool
		options    obj
		extensions obj
		code       mfa.Code
	}{
		"by credential, at a creation":  {true, nil, obj{"prf": obj{"evalByCredential": obj{}}}, mfa.CodeUnsupportedOption},
		"by credential, without a list": {false, nil, obj{"prf": obj{"evalByCredential": obj{id: inputs("a")}}}, mfa.CodeUnsupportedOption},
		"by one that is not listed":     {false, allowing(other), obj{"prf": obj{"evalByCredential": obj{id: inputs("a")}}}, mfa.CodeInvalidInput},
		"by none":                       {false, allowing(id), obj{"prf": obj{"evalByCredential": obj{"": inputs("a")}}}, mfa.CodeInvalidInput},
		"by no ID":                      {false, allowing(id), obj{"prf": obj{"evalByCredential": obj{"=": inputs("a")}}}, mfa.CodeInvalidInput},
		"without a first":               {false, nil, obj{"prf": obj{"eval": obj{"second": "AAAA"}}}, mfa.CodeInvalidInput},
		"no bytes":                      {true, nil, obj{"prf": obj{"eval": obj{"first": 1}}}, mfa.CodeInvalidInput},
		"too many bytes":                {true, nil, obj{"prf": obj{"eval": long}}, mfa.CodeInvalidInput},
		"no object":                     {true, nil, obj{"prf": true}, mfa.CodeInvalidInput},
		"a blob read at a creation":     {true, nil, obj{"largeBlob": obj{"read": true}}, mfa.CodeUnsupportedOption},
		"a blob written at a creation":  {true, nil, obj{"largeBlob": obj{"write": "AAAA"}}, mfa.CodeUnsupportedOption},
		"blobs supported at a sign-in":  {false, nil, obj{"largeBlob": obj{"support": "required"}}, mfa.CodeUnsupportedOption},
		"a blob read and written":       {false, allowing(id), obj{"largeBlob": obj{"read": true, "write": "AAAA"}}, mfa.CodeUnsupportedOption},
		"a blob written to several":     {false, allowing(id, other), obj{"largeBlob": obj{"write": "AAAA"}}, mfa.CodeUnsupportedOption},
		"a blob written to any":         {false, nil, obj{"largeBlob": obj{"write": "AAAA"}}, mfa.CodeUnsupportedOption},
	} {
		t.Run(name, func(t *testing.T) {
			all := obj{"extensions": c.extensions}
			for k, v := range c.options {
				all[k] = v
			}
			var err error
			if c.create {
				_, err = Client{Open: never(t)}.Create(t.Context(), creationJSON(t, all), testOrigin)
			} else {
				_, err = Client{Open: never(t)}.Get(t.Context(), requestJSON(t, all), testOrigin)
			}
			wantCode(t, name, err, c.code)
		})
	}
}

func TestLargeBlobs(t *testing.T) {
	can, cannot := keyConfig(), keyConfig()
	can.LargeBlobKey, can.UVOptional, cannot.UVOptional = true, true, true
	notKept := obj{"authenticatorSelection": obj{"residentKey": "discouraged", "userVerification": "discouraged"}}
	for name, c := range map[string]struct {
		config    virtualauth.Config
		options   obj
		support   string
		supported bool
		code      mfa.Code
	}{
		"preferred":               {can, nil, "preferred", true, ""},
		"required":                {can, nil, "required", true, ""},
		"something new":           {can, nil, "later", true, ""},
		"preferred, and cannot":   {cannot, nil, "preferred", false, ""},
		"required, and cannot":    {cannot, nil, "required", false, mfa.CodeUnsupportedOption},
		"preferred, and not kept": {can, notKept, "preferred", false, ""},
		"required, and not kept":  {can, notKept, "required", false, mfa.CodeUnsupportedOption},
	} {
		t.Run(name, func(t *testing.T) {
			a := virtualauth.New(c.config)
			t.Cleanup(func() { a.Close() })
			made, err := making(t, a, c.options, obj{"largeBlob": obj{"support": c.support}})
			wantCode(t, "create", err, c.code)
			if b := made.Results.LargeBlob; c.code == "" && (b == nil || b.Supported == nil || *b.Supported != c.supported) {
				t.Errorf("%+v", made.Results)
			}
			if c.code != "" || c.options != nil {
				return
			}
			if b := must(t)(signing(t, a, nil, obj{"largeBlob": obj{"read": true}})).Results.LargeBlob; b == nil || b.Written != nil {
				t.Errorf("read: %+v", b)
			}
			if b := must(t)(signing(t, a, allowing(made.ID), obj{"largeBlob": obj{"write": "AAAA"}})).Results.LargeBlob; b == nil || b.Written == nil || *b.Written {
				t.Errorf("written: %+v", b)
			}
		})
	}
}

// A secret that nobody asked for, or that is no secret, is none.
func TestSecretsAreNotTakenOnTrust(t *testing.T) {
	if r, err := openPRF(nil, ctap2.AuthenticatorData{Flags: ctap2.FlagUV}, make([]byte, 32)); r != nil || err != nil {
		t.Errorf("not asked for: %v, %v", r, err)
	}
	a := virtualauth.New(prfKey())
	t.Cleanup(func() { a.Close() })
	info, err := ctap2.ParseInfo(a.GetInfo())
	if err != nil {
		t.Fatal(err)
	}
	h, err := ctap2.NewHMACSecret(t.Context(), a, info, Client{}.rand())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Wipe()
	if r, err := openPRF(h, ctap2.AuthenticatorData{Flags: ctap2.FlagUP}, make([]byte, 48)); r != nil || err != nil {
		t.Errorf("not verified: %v, %v", r, err)
	}
	_, err = openPRF(h, ctap2.AuthenticatorData{Flags: ctap2.FlagUV}, make([]byte, 33))
	wantCode(t, "no secret", err, mfa.CodeAuthenticatorProtocol)
	_, err = outputs([]byte{0xa1, 0x6b})
	wantCode(t, "no map", err, mfa.CodeAuthenticatorProtocol)

	r := &prfResults{First: []byte{1, 2}, Second: []byte{3}}
	r.wipe()
	if slices.ContainsFunc(slices.Concat(r.First, r.Second), func(b byte) bool { return b != 0 }) {
		t.Error(fmt.Sprint("not wiped: ", r))
	}
}
