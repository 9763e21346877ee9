package u2f_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/u2f"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

const rpID = "u2f.test"

var clientDataHash = bytes.Repeat([]byte{0xcd}, 32)

// world is a client and an old key, whose person touches at the given try.
type world struct {
	t       *testing.T
	channel *u2f.Channel
	key     *virtualauth.Authenticator
	touchAt int // which try of a request finds the key touched; 0: none
	tries   int
	alive   []byte
	sent    []u2f.Command
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, touchAt: 1}
	w.key = virtualauth.New(virtualauth.Config{U2F: true, Counter: virtualauth.Rising, Present: func(virtualauth.Prompt) bool {
		w.tries++
		return w.tries == w.touchAt
	}})
	t.Cleanup(func() { w.key.Close() })
	w.channel = u2f.New(w)
	w.channel.Wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return w
}

func (w *world) APDU(ctx context.Context, command []byte) ([]byte, error) {
	c, err := u2f.ParseAPDU(command)
	if err != nil {
		w.t.Error(err)
	}
	if !c.Extended {
		w.t.Errorf("instruction %02x is not in the extended form", c.INS)
	}
	w.sent = append(w.sent, c)
	return w.key.APDU(ctx, command)
}

func (w *world) exchange(request []byte) []byte {
	w.t.Helper()
	w.tries, w.alive, w.sent = 0, nil, nil
	response, err := w.channel.Exchange(w.t.Context(), request, func(status byte) { w.alive = append(w.alive, status) })
	if err != nil {
		w.t.Fatal(err, mfa.AsFailure(err).Explain())
	}
	return response
}

func (w *world) wantStatus(request []byte, status ctap2.Status) {
	w.t.Helper()
	if response := w.exchange(request); len(response) != 1 || response[0] != byte(status) {
		w.t.Errorf("answered with % x, want %v", response[:1], status)
	}
}

func creation(change func(*ctap2.MakeCredentialRequest)) []byte {
	req := ctap2.MakeCredentialRequest{
		ClientDataHash: clientDataHash, RP: ctap2.RelyingParty{ID: rpID, Name: "U2F test"},
		User:       ctap2.User{ID: []byte("user"), Name: "user", DisplayName: "User"},
		Parameters: []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.EdDSA}, {Type: ctap2.PublicKeyType, Alg: ctap2.ES256}},
	}
	if change != nil {
		change(&req)
	}
	b, err := ctap2.EncodeMakeCredentialRequest(req)
	if err != nil {
		panic(err)
	}
	return append([]byte{ctap2.CommandMakeCredential}, b...)
}

func assertion(change func(*ctap2.GetAssertionRequest), ids ...[]byte) []byte {
	req := ctap2.GetAssertionRequest{RPID: rpID, ClientDataHash: clientDataHash}
	for _, id := range ids {
		req.AllowList = append(req.AllowList, ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: id})
	}
	if change != nil {
		change(&req)
	}
	b, err := ctap2.EncodeGetAssertionRequest(req)
	if err != nil {
		panic(err)
	}
	return append([]byte{ctap2.CommandGetAssertion}, b...)
}

// created makes a credential and gives its ID and key, once its attestation was
// found to be sound.
func (w *world) created() ([]byte, *ecdsa.PublicKey) {
	w.t.Helper()
	data, err := ctap2.Data(w.exchange(creation(nil)))
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := ctap2.DecodeMakeCredentialResponse(data)
	if err != nil {
		w.t.Fatal(err)
	}
	d, err := ctap2.ParseAuthenticatorData(r.AuthData)
	if err != nil {
		w.t.Fatal(err)
	}
	if d.Flags != ctap2.FlagUP|ctap2.FlagAT || d.SignCount != 0 || d.Attested.AAGUID != (mfa.AAGUID{}) || d.RPIDHash != sha256.Sum256([]byte(rpID)) || r.Format != "fido-u2f" {
		w.t.Errorf("made %s with %+v", r.Format, d)
	}
	key, _, err := ctap2.ParsePublicKey(d.Attested.PublicKey)
	if err != nil {
		w.t.Fatal(err)
	}
	var statement struct {
		Sig []byte   `cbor:"sig"`
		X5C [][]byte `cbor:"x5c"`
	}
	if err := ctapcbor.Unmarshal(r.Statement, &statement); err != nil || len(statement.X5C) != 1 {
		w.t.Fatalf("statement of %d certificates: %v", len(statement.X5C), err)
	}
	leaf, err := x509.ParseCertificate(statement.X5C[0])
	if err != nil {
		w.t.Fatal(err)
	}
	public := key.(*ecdsa.PublicKey)
	point, err := public.Bytes()
	if err != nil {
		w.t.Fatal(err)
	}
	signed := sha256.Sum256(u2f.SignedRegistration(u2f.RegisterRequest{Challenge: [32]byte(clientDataHash), Application: d.RPIDHash}, [65]byte(point), d.Attested.CredentialID))
	if !ecdsa.VerifyASN1(leaf.PublicKey.(*ecdsa.PublicKey), signed[:], statement.Sig) {
		w.t.Error("the attestation's signature is wrong")
	}
	return d.Attested.CredentialID, public
}

// signed wants a good assertion by the credential, and gives its authenticator data.
func (w *world) signed(response, id []byte, key *ecdsa.PublicKey) ctap2.AuthenticatorData {
	w.t.Helper()
	data, err := ctap2.Data(response)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := ctap2.DecodeGetAssertionResponse(data)
	if err != nil {
		w.t.Fatal(err)
	}
	if r.Credential == nil || !bytes.Equal(r.Credential.ID, id) {
		w.t.Error("another credential was named")
	}
	sum := sha256.Sum256(append(bytes.Clone(r.AuthData), clientDataHash...))
	if !ecdsa.VerifyASN1(key, sum[:], r.Signature) {
		w.t.Error("the signature is wrong")
	}
	d, err := ctap2.ParseAuthenticatorData(r.AuthData)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func TestCeremonies(t *testing.T) {
	w := newWorld(t)
	w.touchAt = 3
	id, key := w.created()
	if want := []byte{ctap2.KeepaliveUPNeeded, ctap2.KeepaliveUPNeeded}; !bytes.Equal(w.alive, want) {
		t.Errorf("keep-alives % x", w.alive)
	}
	stranger := bytes.Repeat([]byte{9}, len(id))
	for i, ids := range [][][]byte{{id}, {stranger, id}, {make([]byte, 300), id}} {
		d := w.signed(w.exchange(assertion(nil, ids...)), id, key)
		if d.Flags != ctap2.FlagUP || d.RPIDHash != sha256.Sum256([]byte(rpID)) || d.SignCount != uint32(i+2) {
			t.Errorf("signed %+v", d)
		}
		if len(w.alive) != 2 {
			t.Errorf("%d keep-alives", len(w.alive))
		}
	}
}

func TestInfo(t *testing.T) {
	w := newWorld(t)
	info, err := ctap2.GetInfo(t.Context(), w.channel)
	if err != nil {
		t.Fatal(err)
	}
	if len(info.Versions) != 1 || !info.HasVersion(u2f.Version) || info.IsOn(ctap2.OptionResidentKey) || info.IsOn(ctap2.OptionUserVerification) || !info.IsOn(ctap2.OptionUserPresence) {
		t.Errorf("getInfo says %+v", info)
	}
	if ctap2.Select(t.Context(), w.channel, info, nil) != nil || w.tries != 1 {
		t.Errorf("selection took %d tries", w.tries)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	id, _ := w.created()
	stranger := bytes.Repeat([]byte{9}, len(id))
	off, on := map[string]bool{"up": false}, map[string]bool{"uv": true}
	for _, c := range []struct {
		name    string
		request []byte
		status  ctap2.Status
		touches int
	}{
		{"nothing", nil, ctap2.StatusInvalidLength, 0},
		{"unknown command", []byte{0x3f}, ctap2.StatusInvalidCommand, 0},
		{"PIN", []byte{ctap2.CommandClientPIN, 0xa0}, ctap2.StatusInvalidCommand, 0},
		{"getInfo with a map", []byte{ctap2.CommandGetInfo, 0xa0}, ctap2.StatusInvalidLength, 0},
		{"next assertion", []byte{ctap2.CommandGetNextAssertion}, ctap2.StatusNotAllowed, 0},
		{"broken CBOR", []byte{ctap2.CommandMakeCredential, 0xa1}, ctap2.StatusInvalidCBOR, 0},
		{"no parameters", []byte{ctap2.CommandMakeCredential, 0xa0}, ctap2.StatusMissingParameter, 0},
		{"without ES256", creation(func(r *ctap2.MakeCredentialRequest) { r.Parameters = r.Parameters[:1] }), ctap2.StatusUnsupportedAlgorithm, 0},
		{"discoverable", creation(func(r *ctap2.MakeCredentialRequest) { r.Options = map[string]bool{"rk": true} }), ctap2.StatusUnsupportedOption, 0},
		{"verified", creation(func(r *ctap2.MakeCredentialRequest) { r.Options = on }), ctap2.StatusInvalidOption, 0},
		{"made without a touch", creation(func(r *ctap2.MakeCredentialRequest) { r.Options = off }), ctap2.StatusInvalidOption, 0},
		{"enterprise attestation", creation(func(r *ctap2.MakeCredentialRequest) { r.EnterpriseAttestation = 1 }), ctap2.StatusInvalidParameter, 0},
		{"PIN parameter", creation(func(r *ctap2.MakeCredentialRequest) { r.PinUvAuthParam = make([]byte, 16) }), ctap2.StatusInvalidParameter, 0},
		{"empty PIN parameter", creation(func(r *ctap2.MakeCredentialRequest) { r.PinUvAuthParam = []byte{} }), ctap2.StatusPINNotSet, 1},
		{"excluded", creation(func(r *ctap2.MakeCredentialRequest) {
			r.ExcludeList = []ctap2.PublicKeyCredentialDescriptor{{Type: ctap2.PublicKeyType, ID: stranger}, {Type: ctap2.PublicKeyType, ID: id}}
		}), ctap2.StatusCredentialExcluded, 1},
		{"signed verified", assertion(func(r *ctap2.GetAssertionRequest) { r.Options = on }, id), ctap2.StatusInvalidOption, 0},
		{"signed with rk", assertion(func(r *ctap2.GetAssertionRequest) { r.Options = map[string]bool{"rk": false} }, id), ctap2.StatusUnsupportedOption, 0},
		{"signed with a PIN parameter", assertion(func(r *ctap2.GetAssertionRequest) { r.PinUvAuthParam = make([]byte, 16) }, id), ctap2.StatusInvalidParameter, 0},
		{"signed with an empty PIN parameter", assertion(func(r *ctap2.GetAssertionRequest) { r.PinUvAuthParam = []byte{} }, id), ctap2.StatusPINNotSet, 1},
		{"broken CBOR to be signed", []byte{ctap2.CommandGetAssertion, 0xff}, ctap2.StatusInvalidCBOR, 0},
		{"no list", assertion(nil), ctap2.StatusNoCredentials, 0},
		{"unknown handles", assertion(nil, stranger, make([]byte, 1), make([]byte, 256)), ctap2.StatusNoCredentials, 0},
		{"another type", assertion(func(r *ctap2.GetAssertionRequest) { r.AllowList[0].Type = "password" }, id), ctap2.StatusNoCredentials, 0},
		{"another relying party", assertion(func(r *ctap2.GetAssertionRequest) { r.RPID = "other.test" }, id), ctap2.StatusNoCredentials, 0},
		{"unknown, and no touch asked", assertion(func(r *ctap2.GetAssertionRequest) { r.Options = off }, stranger), ctap2.StatusNoCredentials, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			w.wantStatus(c.request, c.status)
			if w.tries != c.touches {
				t.Errorf("%d touches were asked for, want %d", w.tries, c.touches)
			}
		})
	}
}

// A pre-flight asks no touch and signs nothing.
func TestPreflight(t *testing.T) {
	w := newWorld(t)
	id, key := w.created()
	data, err := ctap2.Data(w.exchange(assertion(func(r *ctap2.GetAssertionRequest) { r.Options = map[string]bool{"up": false} }, id)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := ctap2.DecodeGetAssertionResponse(data)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(append(bytes.Clone(r.AuthData), clientDataHash...))
	if w.tries != 0 || r.AuthData[32] != 0 || ecdsa.VerifyASN1(key, sum[:], r.Signature) {
		t.Errorf("%d touches, flags %02x", w.tries, r.AuthData[32])
	}
	if len(w.sent) != 1 || w.sent[0].P1 != u2f.CheckOnly {
		t.Errorf("sent %+v", w.sent)
	}
}

func TestAppID(t *testing.T) {
	w := newWorld(t)
	appID := sha256.Sum256([]byte("https://u2f.test/app-id.json"))
	request, err := u2f.EncodeAPDU(u2f.EncodeRegisterRequest(u2f.RegisterRequest{Application: appID}))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := w.key.APDU(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	data, _, _ := u2f.ParseResponse(answer)
	old, err := u2f.DecodeRegisterResponse(data)
	if err != nil {
		t.Fatal(err)
	}
	w.wantStatus(assertion(nil, old.KeyHandle), ctap2.StatusNoCredentials)
	excluding := creation(func(r *ctap2.MakeCredentialRequest) {
		r.ExcludeList = []ctap2.PublicKeyCredentialDescriptor{{Type: ctap2.PublicKeyType, ID: old.KeyHandle}}
	})
	id, key := w.created()
	w.channel.AppID(appID)
	w.wantStatus(excluding, ctap2.StatusCredentialExcluded)
	if d := w.signed(w.exchange(assertion(nil, id)), id, key); d.RPIDHash != sha256.Sum256([]byte(rpID)) {
		t.Error("a new credential was used under the AppID")
	}
	answered, err := ctap2.Data(w.exchange(assertion(nil, old.KeyHandle)))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := ctap2.DecodeGetAssertionResponse(answered); err != nil || !bytes.Equal(r.AuthData[:32], appID[:]) {
		t.Errorf("the AppID's hash is not in the authenticator data: %v", err)
	}
}

// TestTouchIsPolled uses the real timer, in a time of its own.
func TestTouchIsPolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.channel.Wait = nil
		w.touchAt = 6
		began := time.Now()
		w.created()
		if took := time.Since(began); took != 5*200*time.Millisecond {
			t.Errorf("five polls took %v", took)
		}
		w.touchAt = 0
		began = time.Now()
		w.wantStatus(creation(nil), ctap2.StatusUserActionTimeout)
		if took := time.Since(began); took != 2*time.Minute {
			t.Errorf("the touch was given up after %v", took)
		}
	})
}

func TestCancelEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.channel.Wait, w.touchAt = nil, 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+50*time.Millisecond)
		defer cancel()
		_, err := w.channel.Exchange(ctx, creation(nil), nil)
		if !errors.Is(err, context.DeadlineExceeded) || w.tries != 6 {
			t.Errorf("%v after %d tries", err, w.tries)
		}
		n := len(w.sent)
		if _, err := w.channel.Exchange(ctx, creation(nil), nil); !errors.Is(err, context.DeadlineExceeded) || len(w.sent) != n {
			t.Errorf("after the end: %v, %d commands", err, len(w.sent)-n)
		}
	})
}

// script is a key that gives one answer after the other.
type script [][]byte

func (s *script) APDU(context.Context, []byte) ([]byte, error) {
	if len(*s) == 0 {
		return nil, mfa.Fail(mfa.CodeKeyLost)
	}
	next := (*s)[0]
	*s = (*s)[1:]
	return next, nil
}

func TestBadKeys(t *testing.T) {
	said := func(data []byte, s u2f.StatusWord) []byte { return u2f.EncodeResponse(data, s) }
	get := assertion(nil, []byte("handle"))
	exclude := func(r *ctap2.MakeCredentialRequest) {
		r.ExcludeList = []ctap2.PublicKeyCredentialDescriptor{{Type: ctap2.PublicKeyType, ID: []byte("handle")}}
	}
	for _, c := range []struct {
		name    string
		request []byte
		answers script
		code    mfa.Code
	}{
		{"it is gone", creation(nil), nil, mfa.CodeKeyLost},
		{"it goes between polls", creation(nil), script{said(nil, u2f.StatusTouchNeeded)}, mfa.CodeKeyLost},
		{"it goes before it signs", get, script{said(nil, u2f.StatusTouchNeeded)}, mfa.CodeKeyLost},
		{"it goes while the list is asked for", get, script{}, mfa.CodeKeyLost},
		{"it goes while the exclude list is asked for", creation(exclude), script{}, mfa.CodeKeyLost},
		{"it goes before the touch that hides an exclusion", creation(exclude), script{said(nil, u2f.StatusTouchNeeded)}, mfa.CodeKeyLost},
		{"it goes before a touch that is asked for", creation(func(r *ctap2.MakeCredentialRequest) { r.PinUvAuthParam = []byte{} }), nil, mfa.CodeKeyLost},
		{"it goes before it is asked what it is", []byte{ctap2.CommandGetInfo}, nil, mfa.CodeKeyLost},
		{"no status word", creation(nil), script{{0x90}}, mfa.CodeKeyProtocol},
		{"an empty registration", creation(nil), script{said(nil, u2f.StatusOK)}, mfa.CodeKeyProtocol},
		{"a point off the curve", creation(nil), script{said(offCurve(), u2f.StatusOK)}, mfa.CodeKeyProtocol},
		{"a status of its own", creation(nil), script{said(nil, 0x6f00)}, mfa.CodeKeyProtocol},
		{"a status of its own, asked for a handle", get, script{said(nil, 0x6f00)}, mfa.CodeKeyProtocol},
		{"an empty signature", get, script{said(nil, u2f.StatusTouchNeeded), said([]byte{1, 0, 0, 0, 1}, u2f.StatusOK)}, mfa.CodeKeyProtocol},
		{"another version", []byte{ctap2.CommandGetInfo}, script{said([]byte("U2F_V3"), u2f.StatusOK)}, mfa.CodeKeyProtocol},
		{"no version", []byte{ctap2.CommandGetInfo}, script{said(nil, u2f.StatusUnknownINS)}, mfa.CodeKeyProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			channel := u2f.New(&c.answers)
			channel.Wait = func(context.Context, time.Duration) error { return nil }
			response, err := channel.Exchange(t.Context(), c.request, nil)
			if !mfa.IsCode(err, c.code) {
				t.Errorf("% x, %v, want %s", response, err, c.code)
			}
		})
	}
	forgets := &script{said(nil, u2f.StatusTouchNeeded), said(nil, u2f.StatusUnknownHandle)}
	if response, err := u2f.New(forgets).Exchange(t.Context(), get, nil); err != nil || response[0] != byte(ctap2.StatusNoCredentials) {
		t.Errorf("a key that forgets: % x, %v", response, err)
	}
	// One that says yes at once, and sets bits in the presence byte that mean nothing.
	signature := append([]byte{0x30, 6}, make([]byte, 6)...)
	lavish := &script{said(nil, u2f.StatusOK), said(append([]byte{0xff, 0, 0, 0, 5}, signature...), u2f.StatusOK)}
	response, err := u2f.New(lavish).Exchange(t.Context(), get, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := ctap2.DecodeGetAssertionResponse(response[1:]); err != nil || r.AuthData[32] != byte(ctap2.FlagUP) || r.AuthData[36] != 5 {
		t.Errorf("a lavish key: % x, %v", response, err)
	}
	fixed := &script{said(nil, u2f.StatusWrongLength)}
	if response, err := u2f.New(fixed).Exchange(t.Context(), get, nil); err != nil || response[0] != byte(ctap2.StatusNoCredentials) {
		t.Errorf("a key whose handles have another length: % x, %v", response, err)
	}
}

// offCurve is a registration with a key that is no point.
func offCurve() []byte {
	r := u2f.RegisterResponse{KeyHandle: []byte{1}, Certificate: []byte{0x30, 0}, Signature: append([]byte{0x30, 6}, make([]byte, 6)...)}
	r.PublicKey[0], r.PublicKey[64] = 4, 1
	b, err := u2f.EncodeRegisterResponse(r)
	if err != nil {
		panic(err)
	}
	return b
}
