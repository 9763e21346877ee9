package ctap2_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// life runs the client through everything that a key of one kind can do: the
// software authenticator is its other half.
func life(t *testing.T, cfg virtualauth.Config) {
	ctx := t.Context()
	cfg.ClientPIN, cfg.CredMgmt, cfg.Discoverable, cfg.HMACSecret, cfg.CredProtect, cfg.Reset = true, true, true, true, true, true
	key := virtualauth.New(cfg)
	defer key.Close()
	info := func() ctap2.Info {
		i, err := ctap2.GetInfo(ctx, key)
		must(t, err)
		return i
	}
	pin, wrong := mfa.NewSecret([]byte("e\u0301t\u00e9s")), mfa.NewSecret([]byte("9999"))
	token := func(p ctap2.Permission, rpID string) *ctap2.Token {
		t.Helper()
		tok, err := ctap2.TokenByPIN(ctx, key, info(), pin, p, rpID, rand.Reader)
		must(t, err)
		return tok
	}
	failsWith := func(err error, code mfa.Code, left string) {
		t.Helper()
		if f := mfa.AsFailure(err); f == nil || f.Code != code || f.Params["left"] != left {
			t.Errorf("%v %v, want %s with %q left", err, f, code, left)
		}
	}

	_, err := ctap2.TokenByPIN(ctx, key, info(), pin, ctap2.PermissionGetAssertion, "example.org", rand.Reader)
	failsWith(err, mfa.CodePINNotSet, "")
	must(t, ctap2.SetPIN(ctx, key, info(), mfa.NewSecret([]byte("1234")), rand.Reader))
	failsWith(ctap2.SetPIN(ctx, key, info(), pin, rand.Reader), mfa.CodePINSet, "")
	must(t, ctap2.ChangePIN(ctx, key, info(), mfa.NewSecret([]byte("1234")), pin, rand.Reader))
	failsWith(ctap2.ChangePIN(ctx, key, info(), wrong, pin, rand.Reader), mfa.CodePINWrong, "7")
	pin.Wipe()
	pin = mfa.NewSecret([]byte("\u00e9t\u00e9s")) // the same, from another keyboard
	token(ctap2.PermissionGetAssertion, "example.org").Wipe()
	for _, left := range []string{"7", "6"} {
		_, err = ctap2.TokenByPIN(ctx, key, info(), wrong, ctap2.PermissionGetAssertion, "example.org", rand.Reader)
		failsWith(err, mfa.CodePINWrong, left)
	}
	_, err = ctap2.TokenByPIN(ctx, key, info(), wrong, ctap2.PermissionGetAssertion, "example.org", rand.Reader)
	failsWith(err, mfa.CodePINLocked, "")
	_, replug, err := ctap2.PINRetries(ctx, key, info())
	if must(t, err); !replug {
		t.Error("the key does not say that it must be unplugged")
	}
	key.PowerCycle()

	hash := sha256.Sum256([]byte("client data"))
	var ids [][]byte
	for _, user := range []string{"alice", "bob"} {
		extensions, err := ctap2.EncodeExtensionInputs(ctap2.ExtensionInputs{CredProtect: 2, HMACSecret: true, MinPINLength: true, LargeBlobKey: true}.For(info()))
		must(t, err)
		tok := token(ctap2.PermissionMakeCredential|ctap2.PermissionGetAssertion, "example.org")
		req := ctap2.MakeCredentialRequest{ClientDataHash: hash[:], RP: ctap2.RelyingParty{ID: "example.org", Name: "Example"},
			User: ctap2.User{ID: []byte(user), Name: user, DisplayName: user}, Parameters: []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}},
			Extensions: extensions, Options: map[string]bool{ctap2.OptionResidentKey: true}, PinUvAuthParam: tok.Authenticate(hash[:]), PinUvAuthProtocol: tok.Protocol()}
		for i := range 3 { // too many for one question
			req.ExcludeList = append(req.ExcludeList, ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: bytes.Repeat([]byte{byte(i)}, 64)})
		}
		req, err = ctap2.FitMakeCredential(ctx, key, info(), req)
		must(t, err)
		made, err := ctap2.MakeCredential(ctx, key, req, nil)
		must(t, err)
		data, err := ctap2.ParseAuthenticatorData(made.AuthData)
		must(t, err)
		out, err := ctap2.DecodeExtensionOutputs(data.Extensions)
		if must(t, err); !data.Flags.Has(ctap2.FlagUV) || out.CredProtect != 2 || out.HMACSecret == nil || !*out.HMACSecret {
			t.Errorf("made with %08b, %+v", data.Flags, out)
		}
		ids = append(ids, data.Attested.CredentialID)
		req.ExcludeList = []ctap2.PublicKeyCredentialDescriptor{{Type: ctap2.PublicKeyType, ID: data.Attested.CredentialID}, {Type: ctap2.PublicKeyType, ID: []byte{1}}}
		tok = token(ctap2.PermissionMakeCredential|ctap2.PermissionGetAssertion, "example.org")
		req.PinUvAuthParam = tok.Authenticate(hash[:])
		req, err = ctap2.FitMakeCredential(ctx, key, info(), req)
		must(t, err)
		_, err = ctap2.MakeCredential(ctx, key, req, nil)
		failsWith(err, mfa.CodeAlreadyRegistered, "")
	}

	prf := func(input string) []byte {
		tok := token(ctap2.PermissionGetAssertion, "example.org")
		h, err := ctap2.NewHMACSecret(ctx, key, info(), rand.Reader)
		must(t, err)
		defer h.Wipe()
		salt := ctap2.PRFSalt([]byte(input))
		salts, err := h.Input(salt[:], nil)
		must(t, err)
		extensions, err := ctap2.EncodeExtensionInputs(ctap2.ExtensionInputs{Salts: salts}.For(info()))
		must(t, err)
		req, err := ctap2.FitGetAssertion(ctx, key, info(), ctap2.GetAssertionRequest{RPID: "example.org", ClientDataHash: hash[:], Extensions: extensions,
			AllowList:      []ctap2.PublicKeyCredentialDescriptor{{Type: ctap2.PublicKeyType, ID: []byte("nobody's")}, {Type: ctap2.PublicKeyType, ID: ids[0]}},
			PinUvAuthParam: tok.Authenticate(hash[:]), PinUvAuthProtocol: tok.Protocol()})
		must(t, err)
		got, err := ctap2.GetAssertion(ctx, key, req, nil)
		must(t, err)
		data, err := ctap2.ParseAuthenticatorData(got.AuthData)
		must(t, err)
		out, err := ctap2.DecodeExtensionOutputs(data.Extensions)
		must(t, err)
		first, second, err := h.Output(out.Salted)
		if must(t, err); second != nil {
			t.Error("two outputs for one salt")
		}
		return first
	}
	if a, b, c := prf("one"), prf("one"), prf("two"); !bytes.Equal(a, b) || bytes.Equal(a, c) {
		t.Errorf("%x, %x for one input, %x for another", a, b, c)
	}
	tok := token(ctap2.PermissionGetAssertion, "example.org")
	all, err := ctap2.GetAssertions(ctx, key, ctap2.GetAssertionRequest{RPID: "example.org", ClientDataHash: hash[:],
		PinUvAuthParam: tok.Authenticate(hash[:]), PinUvAuthProtocol: tok.Protocol()}, nil)
	if must(t, err); len(all) != 2 {
		t.Errorf("%d accounts", len(all))
	}

	tok = token(ctap2.PermissionCredentialManagement, "")
	stored, _, err := ctap2.Stock(ctx, key, info(), tok)
	if must(t, err); stored != 2 {
		t.Errorf("%d stored", stored)
	}
	rps, err := ctap2.StoredRelyingParties(ctx, key, info(), tok)
	if must(t, err); len(rps) != 1 || rps[0].ID != "example.org" || rps[0].Hash != sha256.Sum256([]byte("example.org")) {
		t.Fatalf("%+v", rps)
	}
	of, err := ctap2.StoredCredentials(ctx, key, info(), tok, rps[0].Hash)
	if must(t, err); len(of) != 2 {
		t.Fatalf("%+v", of)
	}
	must(t, ctap2.DeleteStored(ctx, key, info(), tok, ids[1]))
	failsWith(ctap2.DeleteStored(ctx, key, info(), tok, ids[1]), mfa.CodeNoCredential, "")
	if of, err = ctap2.StoredCredentials(ctx, key, info(), tok, rps[0].Hash); err != nil || len(of) != 1 || !bytes.Equal(of[0].ID, ids[0]) {
		t.Errorf("%+v, %v", of, err)
	}
	must(t, ctap2.Select(ctx, key, info(), nil))
	must(t, ctap2.Reset(ctx, key, nil))
	if i := info(); i.IsOn(ctap2.OptionClientPIN) {
		t.Error("the PIN is still there")
	}
}

func TestClientAndAuthenticator(t *testing.T) {
	t.Run("protocol 1, before permissions", func(t *testing.T) {
		life(t, virtualauth.Config{Versions: []string{"FIDO_2_0"}, PINProtocols: []uint64{1}})
	})
	t.Run("protocol 1", func(t *testing.T) {
		life(t, virtualauth.Config{PINProtocols: []uint64{1}, Selection: true})
	})
	t.Run("protocol 2, large blobs", func(t *testing.T) {
		life(t, virtualauth.Config{PINProtocols: []uint64{2}, Selection: true, LargeBlobKey: true, MinPINLengthFor: []string{"example.org"}})
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err, mfa.AsFailure(err).Explain())
	}
}
