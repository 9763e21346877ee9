package virtualauth

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

func TestSameRandomnessSameAnswers(t *testing.T) {
	run := func() []byte {
		seed := [32]byte{}
		binary.BigEndian.PutUint64(seed[:], 7)
		a := New(Config{Attestation: Packed, Rand: rand.NewChaCha8(seed), Clock: func() time.Time { return time.Unix(1_800_000_000, 0) }})
		var out []byte
		for _, alg := range []int64{ctap2.ES256, ctap2.EdDSA} {
			r, err := ctap2.MakeCredential(t.Context(), a, creation(func(r *ctap2.MakeCredentialRequest) { r.Parameters[0].Alg = alg }), nil)
			if err != nil {
				t.Fatal(err)
			}
			out = append(append(out, r.AuthData...), r.Statement...)
		}
		return append(out, a.Root().Raw...)
	}
	if !bytes.Equal(run(), run()) {
		t.Error("two runs from the same randomness differ")
	}
}

func TestKeyStoreSurvivesARestart(t *testing.T) {
	cfg := Config{Discoverable: true, UserVerification: true, Counter: Rising, BackupEligible: true}
	a := New(cfg)
	var keys [][]byte
	for _, alg := range []int64{ctap2.ES256, ctap2.EdDSA, ctap2.RS256} {
		d := register(t, a, func(r *ctap2.MakeCredentialRequest) {
			r.Parameters[0].Alg, r.Options = alg, map[string]bool{"rk": true}
			r.User.ID = []byte{byte(alg)}
		})
		keys = append(keys, d.Attested.PublicKey)
	}
	exported, err := a.Export()
	if err != nil {
		t.Fatal(err)
	}
	before := a.Credentials()
	a.Close()
	b := New(cfg)
	if err := b.Import(exported); err != nil {
		t.Fatal(err)
	}
	for i, c := range b.Credentials() {
		if !bytes.Equal(c.ID, before[i].ID) || !c.Discoverable || c.Counter != 1 || c.Algorithm != before[i].Algorithm || !c.Created.Equal(before[i].Created) {
			t.Errorf("%+v came back as %+v", before[i], c)
		}
		if r, d := use(t, b, allow(c.ID), nil); !verifies(t, keys[i], r) || d.SignCount != 2 || !d.Flags.Has(ctap2.FlagBE) {
			t.Errorf("credential %d does not sign as before", i)
		}
	}
	for name, data := range map[string][]byte{
		"nothing":         nil,
		"noise":           []byte("x"),
		"no version":      []byte(`{"credentials":[]}`),
		"newer":           []byte(`{"version":2,"credentials":[]}`),
		"unknown member":  []byte(`{"version":1,"credentials":[],"more":1}`),
		"trailing":        append(bytes.Clone(exported), '{'),
		"null credential": []byte(`{"version":1,"credentials":[null]}`),
		"damaged key":     bytes.Replace(exported, []byte(`"key":"`), []byte(`"key":"AAAA`), 1),
		"too long":        make([]byte, maxKept+1),
	} {
		if err := b.Import(data); !errors.Is(err, ErrKept) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(b.Credentials()) != 3 {
		t.Error("a refused import changed the store")
	}
}

func TestIssuerSurvivesARestart(t *testing.T) {
	maker, err := NewIssuer(crand.Reader, time.Unix(1_800_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	exported, err := maker.Export()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ImportIssuer(exported)
	if err != nil {
		t.Fatal(err)
	}
	attestor, err := again.attestor(Config{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	if leaf, err := x509.ParseCertificate(attestor.leaf); err != nil || leaf.CheckSignatureFrom(maker.Root()) != nil {
		t.Errorf("a certificate of the second is not one of the first (%v)", err)
	}
	other, _ := NewIssuer(crand.Reader, time.Unix(1_800_000_000, 0))
	foreign, _ := other.Export()
	var a, b keptIssuer
	json.Unmarshal(exported, &a)
	json.Unmarshal(foreign, &b)
	mixed, _ := json.Marshal(keptIssuer{a.Key, b.Root})
	for name, data := range map[string][]byte{"nothing": nil, "empty": []byte("{}"), "another's root": mixed} {
		if _, err := ImportIssuer(data); !errors.Is(err, ErrKept) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCloseWipesTheKeys(t *testing.T) {
	a := New(Config{})
	register(t, a, nil)
	key := a.store[0].Key
	a.Close()
	a.Close()
	if !bytes.Equal(key, make([]byte, len(key))) {
		t.Error("the key is still in memory")
	}
	if _, err := a.Exchange(t.Context(), []byte{4}, nil); !mfa.IsCode(err, mfa.CodeAuthenticatorProtocol) {
		t.Errorf("after Close: %v", err)
	}
}

func TestOneRequestAtATime(t *testing.T) {
	inside, leave := make(chan struct{}), make(chan struct{})
	a := New(Config{Consent: func(context.Context, Prompt) (Decision, error) {
		close(inside)
		<-leave
		return Decision{Approve: true}, nil
	}})
	params, err := ctap2.EncodeMakeCredentialRequest(creation(nil))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan []byte)
	go func() {
		out, _ := a.Exchange(t.Context(), append([]byte{1}, params...), nil)
		done <- out
	}()
	<-inside
	if out, err := a.Exchange(t.Context(), []byte{4}, nil); err != nil || !bytes.Equal(out, []byte{byte(ctap2.StatusChannelBusy)}) {
		t.Errorf("meanwhile: % x (%v)", out, err)
	}
	close(leave)
	if out := <-done; out[0] != 0 {
		t.Errorf("the first: % x", out[:1])
	}
}

func TestClosedWhileThePersonIsAsked(t *testing.T) {
	var a *Authenticator
	a = New(Config{Consent: func(context.Context, Prompt) (Decision, error) {
		a.Close()
		return Decision{Approve: true}, nil
	}})
	if _, err := ctap2.MakeCredential(t.Context(), a, creation(nil), nil); !mfa.IsCode(err, mfa.CodeAuthenticatorProtocol) {
		t.Errorf("got %v", err)
	}
}

// TestConsentsErrorEndsTheExchange: a simulated phone drops the line this way,
// also where the answer would have been "excluded".
func TestConsentsErrorEndsTheExchange(t *testing.T) {
	var broken error
	a := New(Config{Consent: func(context.Context, Prompt) (Decision, error) { return Decision{Approve: true}, broken }})
	id := register(t, a, nil).Attested.CredentialID
	broken = errors.New("the line is gone")
	for _, list := range [][]ctap2.PublicKeyCredentialDescriptor{nil, allow(id)} {
		_, err := ctap2.MakeCredential(t.Context(), a, creation(func(r *ctap2.MakeCredentialRequest) { r.ExcludeList = list }), nil)
		if !errors.Is(err, broken) {
			t.Errorf("excluding %d: %v", len(list), err)
		}
	}
	broken = ctap2.StatusUserActionTimeout // nobody was there who may hear what is excluded
	for _, list := range [][]ctap2.PublicKeyCredentialDescriptor{nil, allow(id)} {
		_, err := ctap2.MakeCredential(t.Context(), a, creation(func(r *ctap2.MakeCredentialRequest) { r.ExcludeList = list }), nil)
		if !mfa.IsCode(err, mfa.CodeAuthenticatorTimeout) {
			t.Errorf("a status, excluding %d: %v", len(list), err)
		}
	}
}

func FuzzExchange(f *testing.F) {
	params, err := ctap2.EncodeMakeCredentialRequest(creation(nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append([]byte{1}, params...))
	params, _ = ctap2.EncodeGetAssertionRequest(ctap2.GetAssertionRequest{RPID: rpID, ClientDataHash: hash, AllowList: allow([]byte{1})})
	f.Add(append([]byte{2}, params...))
	f.Add([]byte{4})
	f.Add([]byte{8})
	f.Add([]byte{7})
	f.Add([]byte{11})
	add := func(command byte, params []byte, err error) {
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append([]byte{command}, params...))
	}
	for subcommand := range uint64(10) {
		params, err := ctap2.EncodeClientPINRequest(ctap2.ClientPINRequest{Protocol: 1 + subcommand%2, Subcommand: subcommand,
			KeyAgreement: &pinuv.Point{}, PinUvAuthParam: hash, NewPINEnc: make([]byte, 64), PINHashEnc: make([]byte, 16)})
		add(ctap2.CommandClientPIN, params, err)
		params, err = ctap2.EncodeCredentialManagementRequest(ctap2.CredentialManagementRequest{Subcommand: subcommand, RPIDHash: hash,
			Credential: &allow([]byte{1})[0], User: &ctap2.User{ID: []byte("ada")}, PinUvAuthProtocol: 2, PinUvAuthParam: hash})
		add(ctap2.CommandCredentialManagement, params, err)
	}
	params, err = ctap2.EncodeMakeCredentialRequest(creation(func(r *ctap2.MakeCredentialRequest) {
		r.Extensions = ctapcbor.MustMarshal(map[string]any{"credProtect": 2, "hmac-secret": true, "largeBlobKey": true})
	}))
	add(ctap2.CommandMakeCredential, params, err)
	params, err = ctap2.EncodeGetAssertionRequest(ctap2.GetAssertionRequest{RPID: rpID, ClientDataHash: hash, Extensions: ctapcbor.MustMarshal(
		map[string]any{"hmac-secret": map[any]any{1: map[any]any{-2: hash, -3: hash}, 2: hash, 3: hash, 4: 2}})})
	add(ctap2.CommandGetAssertion, params, err)
	algorithms := []int64{ctap2.EdDSA, ctap2.ES256}
	f.Fuzz(func(t *testing.T, request []byte) {
		for _, a := range []*Authenticator{
			New(Config{Discoverable: true, UserVerification: true, Algorithms: algorithms}),
			New(Config{Discoverable: true, Algorithms: algorithms, ClientPIN: true, BuiltInUV: true, CredMgmt: true, Selection: true,
				Reset: true, CredProtect: true, HMACSecret: true, LargeBlobKey: true, MinPINLengthFor: []string{rpID}}),
		} {
			out, err := a.Exchange(t.Context(), request, nil)
			if err != nil || len(out) == 0 {
				t.Fatalf("%x: % x (%v)", request, out, err)
			}
			a.Close()
		}
	})
}
