package authenticator

import (
	"context"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

func TestBadAnswersAreRefused(t *testing.T) {
	uv := obj{"authenticatorSelection": obj{"userVerification": "required"}}
	for _, c := range []struct {
		name   string
		faults virtualauth.Faults
		create mfa.Code // "" accepted
		get    mfa.Code // with an allow list of one
		open   mfa.Code // without an allow list
	}{
		{name: "none"},
		{"no user presence", virtualauth.Faults{NoUP: true}, mfa.CodeUserPresenceMissing, mfa.CodeUserPresenceMissing, mfa.CodeUserPresenceMissing},
		{"no user verification", virtualauth.Faults{NoUV: true}, mfa.CodeUserVerifyMissing, mfa.CodeUserVerifyMissing, mfa.CodeUserVerifyMissing},
		{"another relying party", virtualauth.Faults{WrongRPIDHash: true}, mfa.CodeRPIDMismatch, mfa.CodeRPIDMismatch, mfa.CodeRPIDMismatch},
		{"trailing byte", virtualauth.Faults{TrailingByte: true}, mfa.CodeAuthenticatorProtocol, mfa.CodeAuthenticatorProtocol, mfa.CodeAuthenticatorProtocol},
		{"unnamed credential", virtualauth.Faults{OmitCredential: true}, "", "", mfa.CodeAuthenticatorProtocol},
		{"unknown credential", virtualauth.Faults{UnknownCredential: true}, "", mfa.CodeCredentialUnknown, ""},
		{"wrong signature is the relying party's to find", virtualauth.Faults{WrongSignature: true}, "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := virtualauth.New(virtualauth.Android())
			defer a.Close()
			if _, err := (Client{Open: opening(a)}).Create(t.Context(), creationJSON(t, uv), testOrigin); err != nil {
				t.Fatal(err)
			}
			id := base64url(a.Credentials()[0].ID)
			a.SetFaults(c.faults)
			_, err := Client{Open: opening(a)}.Get(t.Context(), requestJSON(t, obj{"userVerification": "required", "allowCredentials": []obj{{"type": "public-key", "id": id}}}), testOrigin)
			wantCode(t, "get", err, c.get)
			_, err = Client{Open: opening(a)}.Get(t.Context(), requestJSON(t, obj{"userVerification": "required"}), testOrigin)
			wantCode(t, "get without a list", err, c.open)
			_, err = Client{Open: opening(a)}.Create(t.Context(), creationJSON(t, uv), testOrigin)
			wantCode(t, "create", err, c.create)
		})
	}
}

func wantCode(t *testing.T, what string, err error, want mfa.Code) {
	t.Helper()
	if want == "" && err != nil || want != "" && !mfa.IsCode(err, want) {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

func TestStatusesBecomeFailures(t *testing.T) {
	with := func(consent func(context.Context, virtualauth.Prompt) (virtualauth.Decision, error)) *virtualauth.Authenticator {
		cfg := virtualauth.Android()
		cfg.Consent = consent
		a := virtualauth.New(cfg)
		t.Cleanup(func() { a.Close() })
		return a
	}
	yes := with(nil)
	declines := with(func(context.Context, virtualauth.Prompt) (virtualauth.Decision, error) {
		return virtualauth.Decision{}, nil
	})
	unverified := with(func(context.Context, virtualauth.Prompt) (virtualauth.Decision, error) {
		return virtualauth.Decision{Approve: true}, nil
	})
	full := with(func(context.Context, virtualauth.Prompt) (virtualauth.Decision, error) {
		return virtualauth.Decision{}, ctap2.StatusKeyStoreFull
	})
	if _, err := (Client{Open: opening(yes)}).Create(t.Context(), creationJSON(t, nil), testOrigin); err != nil {
		t.Fatal(err)
	}
	known := obj{"type": "public-key", "id": base64url(yes.Credentials()[0].ID)}
	for _, c := range []struct {
		name   string
		a      Authenticator
		change obj
		want   mfa.Code
	}{
		{"declined", declines, nil, mfa.CodeDeclined},
		{"not verified", unverified, obj{"authenticatorSelection": obj{"userVerification": "required"}}, mfa.CodeUVFailed},
		{"full", full, nil, mfa.CodeAuthenticatorFull},
		{"already there", yes, obj{"excludeCredentials": []obj{known}}, mfa.CodeAlreadyRegistered},
		{"no algorithm in common", yes, obj{"pubKeyCredParams": []obj{{"type": "public-key", "alg": -36}}}, mfa.CodeUnsupportedAlgorithm},
		{"no algorithm that is known", yes, obj{"pubKeyCredParams": []obj{{"type": "other", "alg": -7}}}, mfa.CodeUnsupportedAlgorithm},
		{"this machine only", yes, obj{"authenticatorSelection": obj{"authenticatorAttachment": "platform"}}, mfa.CodeUnsupportedOption},
	} {
		_, err := Client{Open: opening(c.a)}.Create(t.Context(), creationJSON(t, c.change), testOrigin)
		wantCode(t, c.name, err, c.want)
	}
	_, err := Client{Open: opening(declines)}.Get(t.Context(), requestJSON(t, nil), testOrigin)
	wantCode(t, "nothing to sign with", err, mfa.CodeNoCredential)
	_, err = Client{Open: opening(yes)}.Get(t.Context(), requestJSON(t, obj{"allowCredentials": []obj{{"type": "other", "id": "AA"}}}), testOrigin)
	wantCode(t, "a list without a usable entry must not become any", err, mfa.CodeNoCredential)
}

// fixed answers everything with the same bytes.
type fixed struct{ info, response []byte }

func (f fixed) Exchange(context.Context, []byte, func(byte)) ([]byte, error) { return f.response, nil }
func (f fixed) GetInfo() []byte                                              { return f.info }
func (f fixed) Transports() []string                                         { return []string{"hybrid"} }
func (f fixed) Close() error                                                 { return nil }

func TestMadeUpAnswersAreRefused(t *testing.T) {
	a := virtualauth.New(virtualauth.Config{Attestation: virtualauth.Packed})
	defer a.Close()
	good, err := ctap2.MakeCredential(t.Context(), a, ctap2.MakeCredentialRequest{ClientDataHash: make([]byte, 32),
		RP: ctap2.RelyingParty{ID: testRPID}, User: ctap2.User{ID: []byte{1}}, Parameters: []ctap2.CredentialParameters{{Type: "public-key", Alg: -7}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := ctap2.ParseAuthenticatorData(good.AuthData)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(change func(*ctap2.MakeCredentialResponse, *ctap2.AuthenticatorData)) []byte {
		r, d := good, d
		at := *d.Attested
		d.Attested = &at
		change(&r, &d)
		r.AuthData = d.Encode()
		b, err := ctap2.EncodeMakeCredentialResponse(r)
		if err != nil {
			t.Fatal(err)
		}
		return append([]byte{0}, b...)
	}
	type change = func(*ctap2.MakeCredentialResponse, *ctap2.AuthenticatorData)
	for _, c := range []struct {
		name   string
		change change
		want   mfa.Code
	}{
		{"as it was", func(*ctap2.MakeCredentialResponse, *ctap2.AuthenticatorData) {}, ""},
		{"no credential", func(_ *ctap2.MakeCredentialResponse, d *ctap2.AuthenticatorData) { d.Attested = nil }, mfa.CodeAuthenticatorProtocol},
		{"no statement", func(r *ctap2.MakeCredentialResponse, _ *ctap2.AuthenticatorData) { r.Statement = nil }, mfa.CodeAuthenticatorProtocol},
		{"no statement with none", func(r *ctap2.MakeCredentialResponse, _ *ctap2.AuthenticatorData) { r.Statement, r.Format = nil, "none" }, ""},
		{"algorithm that was not offered", func(_ *ctap2.MakeCredentialResponse, d *ctap2.AuthenticatorData) {
			d.Attested.PublicKey = ctapcbor.MustMarshal(map[int]any{1: 3, 3: -257, -1: make([]byte, 256), -2: []byte{1, 0, 1}})
		}, mfa.CodeAlgorithmNotOffered},
		{"key without an algorithm", func(_ *ctap2.MakeCredentialResponse, d *ctap2.AuthenticatorData) { d.Attested.PublicKey = []byte{0xa0} }, mfa.CodeAuthenticatorProtocol},
		{"key off the curve is the relying party's to refuse", func(_ *ctap2.MakeCredentialResponse, d *ctap2.AuthenticatorData) {
			d.Attested.PublicKey = ctapcbor.MustMarshal(map[int]any{1: 2, 3: -7, -1: 1, -2: make([]byte, 32), -3: make([]byte, 32)})
		}, ""},
	} {
		_, err := Client{Open: opening(fixed{a.GetInfo(), answer(c.change)})}.Create(t.Context(), creationJSON(t, obj{"attestation": "direct"}), testOrigin)
		wantCode(t, c.name, err, c.want)
	}
	for name, f := range map[string]fixed{
		"nothing":          {a.GetInfo(), nil},
		"info of noise":    {[]byte{0xff}, answer(func(*ctap2.MakeCredentialResponse, *ctap2.AuthenticatorData) {})},
		"info has a tail":  {append(a.GetInfo(), 0), []byte{0}},
		"success, no data": {a.GetInfo(), []byte{0}},
	} {
		_, err := Client{Open: opening(f)}.Create(t.Context(), creationJSON(t, nil), testOrigin)
		wantCode(t, name, err, mfa.CodeAuthenticatorProtocol)
		_, err = Client{Open: opening(f)}.Get(t.Context(), requestJSON(t, nil), testOrigin)
		wantCode(t, name, err, mfa.CodeAuthenticatorProtocol)
	}
}
