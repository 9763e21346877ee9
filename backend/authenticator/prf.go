package authenticator

import (
	"context"
	"encoding/base64"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// maxPRFInput bounds one input of the extension prf, in bytes; it is hashed.
const maxPRFInput = 1024

// prf is what a relying party asks of the extension prf (WebAuthn Level 3 section
// 10.1.4), which is hmac-secret on security keys. Phones have an extension of their own
// for it, and are not asked.
type prf struct {
	asked bool
	eval  *prfValues
	by    map[string]prfValues // by credential ID; at a sign-in
}

// prfValues is AuthenticationExtensionsPRFValues: second is nil for one input.
type prfValues struct{ first, second []byte }

func readPRF(extensions object) prf {
	if extensions.m["prf"] == nil {
		return prf{}
	}
	in := extensions.inside("prf")
	p := prf{asked: true}
	if in.m["eval"] != nil {
		p.eval = readPRFValues(in.inside("eval"))
	}
	if in.m["evalByCredential"] == nil {
		return p
	}
	by := in.inside("evalByCredential")
	if len(by.m) > maxEntries {
		by.fail("", "too many")
		return p
	}
	p.by = map[string]prfValues{}
	for text := range by.m {
		id, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil || len(id) == 0 {
			in.fail("evalByCredential", "not by the IDs of credentials")
			return p
		}
		p.by[string(id)] = *readPRFValues(by.inside(text))
	}
	return p
}

func readPRFValues(in object) *prfValues {
	in.need("first")
	return &prfValues{first: in.bytes("first", 0, maxPRFInput), second: in.bytes("second", 0, maxPRFInput)}
}

// fits holds the inputs of a sign-in against its allow list: unsupported-option without
// one, and invalid-input (field) for a credential that is not on it.
func (p prf) fits(allow []known) error {
	if len(p.by) == 0 {
		return nil
	}
	if len(allow) == 0 {
		return mfa.Fail(mfa.CodeUnsupportedOption)
	}
	listed := map[string]bool{}
	for _, k := range allow {
		listed[string(k.id)] = true
	}
	for id := range p.by {
		if !listed[id] {
			return mfa.Fail(mfa.CodeInvalidInput, "field", "extensions.prf.evalByCredential")
		}
	}
	return nil
}

// evaluates reports whether this authenticator can compute something of the inputs by the
// extension that it lists (hmac-secret, or hmac-secret-mc at a creation). A credential
// has one function with user verification and another without; this extension is the
// first, so whoever cannot verify has none.
func (p prf) evaluates(s session, extension string) bool {
	_, pin := s.info.Options[ctap2.OptionClientPIN]
	return (p.eval != nil || len(p.by) > 0) && !s.hybrid() && s.info.HasExtension(ctap2.ExtensionHMACSecret) && s.info.HasExtension(extension) &&
		(s.info.IsOn(ctap2.OptionUserVerification) || pin && s.info.IsOn(ctap2.OptionClientPIN) && !s.info.IsOn(ctap2.OptionNoMcGaPermissions))
}

// choose gives the inputs for the credential that will answer. Where they go by the
// credential and several would do, the authenticator is asked which it has, and the list
// of the request becomes that one: no-credential for none.
func (p prf) choose(ctx context.Context, s session, req *ctap2.GetAssertionRequest) (*prfValues, error) {
	if len(p.by) == 0 {
		return p.eval, nil
	}
	if len(req.AllowList) > 1 {
		has, err := ctap2.Preflight(ctx, s, s.info, *req)
		switch {
		case err != nil:
			return nil, err
		case has == nil:
			return nil, mfa.Fail(mfa.CodeNoCredential)
		}
		req.AllowList = []ctap2.PublicKeyCredentialDescriptor{*has}
	}
	if v, given := p.by[string(req.AllowList[0].ID)]; given {
		return &v, nil
	}
	return p.eval, nil
}

// salts agrees on a secret with the authenticator and encrypts the salts of the inputs.
// The token must be there already; the caller wipes the secret.
func (v prfValues) salts(ctx context.Context, s session) (*ctap2.HMACSecret, *ctap2.HMACSecretInput, error) {
	h, err := ctap2.NewHMACSecret(ctx, s, s.info, s.rand())
	if err != nil {
		return nil, nil, err
	}
	first := ctap2.PRFSalt(v.first)
	var second []byte
	if v.second != nil {
		salt := ctap2.PRFSalt(v.second)
		second = salt[:]
	}
	in, err := h.Input(first[:], second)
	if err != nil {
		h.Wipe()
		return nil, nil, err
	}
	return h, in, nil
}

// prfResults is AuthenticationExtensionsPRFValues of the answer. It is secret: the caller
// wipes it when it stands in the response.
type prfResults struct {
	First  base64url `json:"first"`
	Second base64url `json:"second,omitempty"`
}

func (r *prfResults) wipe() {
	if r != nil {
		clear(r.First)
		clear(r.Second)
	}
}

// openPRF decrypts what the authenticator computed: nil where it computed nothing, or
// without verification, as that is another function.
func openPRF(h *ctap2.HMACSecret, d ctap2.AuthenticatorData, salted []byte) (*prfResults, error) {
	if h == nil || salted == nil || !d.Flags.Has(ctap2.FlagUV) {
		return nil, nil
	}
	first, second, err := h.Output(salted)
	if err != nil {
		return nil, err
	}
	return &prfResults{first, second}, nil
}

// outputs reads what the authenticator said about the extensions.
func outputs(raw ctapcbor.RawMessage) (ctap2.ExtensionOutputs, error) {
	out, err := ctap2.DecodeExtensionOutputs(raw)
	if err != nil {
		return out, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(err)
	}
	return out, nil
}

// prfSaid reads what the authenticator says of its extensions, and opens what it made of
// the salts: nil where it was given none.
func prfSaid(d ctap2.AuthenticatorData, secret *ctap2.HMACSecret) (ctap2.ExtensionOutputs, *prfResults, error) {
	said, err := outputs(d.Extensions)
	if err != nil {
		return said, nil, err
	}
	results, err := openPRF(secret, d, said.Salted)
	return said, results, err
}
