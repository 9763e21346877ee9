package authenticator

import (
	"context"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// protection maps credentialProtectionPolicy to credProtect (CTAP 2.2 section 12.1).
var protection = map[string]uint64{
	"userVerificationOptional":                     1,
	"userVerificationOptionalWithCredentialIDList": 2,
	"userVerificationRequired":                     3,
}

// createExtensions gives the extension inputs that this authenticator lists; a
// phone may refuse a request with others. Extensions that the product has no use
// for are left out, which WebAuthn allows. A protection policy that must be
// enforced and cannot be is unsupported-option, and so are large blobs that are required.
// discoverable: it will be such a credential, which alone can have large blobs.
func (o creation) createExtensions(s session, discoverable bool) (ctap2.ExtensionInputs, error) {
	policy := protection[o.extensions.text("credentialProtectionPolicy")]
	enforced := o.extensions.flag("enforceCredentialProtectionPolicy")
	minPIN := o.extensions.flag("minPinLength")
	if err := o.extensions.err(); err != nil {
		return ctap2.ExtensionInputs{}, err
	}
	in := ctap2.ExtensionInputs{CredProtect: policy, MinPINLength: minPIN, HMACSecret: o.prf.asked, LargeBlobKey: o.largeBlob.asked && discoverable}.For(s.info)
	if s.hybrid() {
		in.HMACSecret, in.LargeBlobKey = false, false
	}
	if policy > 1 && enforced && in.CredProtect == 0 || o.largeBlob.support == required && !in.LargeBlobKey {
		return in, mfa.Fail(mfa.CodeUnsupportedOption)
	}
	return in, nil
}

// salt adds what the extension prf is to compute to a request that has its proof of
// verification, and gives what opens the results: nil where there will be none.
func (o creation) salt(ctx context.Context, s session, in ctap2.ExtensionInputs, req *ctap2.MakeCredentialRequest, verified bool) (*ctap2.HMACSecret, error) {
	if !verified || !o.prf.evaluates(s, ctap2.ExtensionHMACSecretMC) {
		return nil, nil
	}
	secret, salts, err := o.prf.eval.salts(ctx, s)
	if err != nil {
		return nil, err
	}
	in.Salts = salts
	return salted(secret, in, &req.Extensions)
}

// salt is creation.salt for a sign-in. It may shorten the allow list to the one
// credential that will answer.
func (o request) salt(ctx context.Context, s session, req *ctap2.GetAssertionRequest, verified bool) (*ctap2.HMACSecret, error) {
	if !verified || !o.prf.evaluates(s, ctap2.ExtensionHMACSecret) {
		return nil, nil
	}
	values, err := o.prf.choose(ctx, s, req)
	if err != nil || values == nil {
		return nil, err
	}
	secret, salts, err := values.salts(ctx, s)
	if err != nil {
		return nil, err
	}
	return salted(secret, ctap2.ExtensionInputs{Salts: salts}, &req.Extensions)
}

func salted(secret *ctap2.HMACSecret, in ctap2.ExtensionInputs, to *ctapcbor.RawMessage) (*ctap2.HMACSecret, error) {
	encoded, err := ctap2.EncodeExtensionInputs(in)
	if err != nil {
		secret.Wipe()
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	*to = encoded
	return secret, nil
}

// extensionResults gives clientExtensionResults, and what of it the caller wipes when the
// response is made. credProps is the client's own: it knows whether it asked for a discoverable credential. Where it did not, a
// phone makes one all the same, or not: then nothing is said.
func (o creation) extensionResults(s session, req ctap2.MakeCredentialRequest, answer ctap2.MakeCredentialResponse, d ctap2.AuthenticatorData, secret *ctap2.HMACSecret) (map[string]any, *prfResults, error) {
	out := map[string]any{}
	if asked, _ := o.extensions.m["credProps"].(bool); asked {
		rk, known := req.Options[ctap2.OptionResidentKey]
		switch _, system := s.Authenticator.(native); {
		case system && !known: // an older interface: nothing is said at all
		case rk, !s.hybrid():
			out["credProps"] = map[string]any{"rk": rk}
		default:
			out["credProps"] = map[string]any{}
		}
	}
	if o.largeBlob.asked {
		out["largeBlob"] = map[string]any{"supported": len(answer.LargeBlobKey) > 0}
	}
	if !o.prf.asked {
		return out, nil, nil
	}
	said, results, err := prfSaid(d, secret)
	if err != nil {
		return nil, nil, err
	}
	able := map[string]any{"enabled": said.HMACSecret != nil && *said.HMACSecret}
	if results != nil {
		able["results"] = results
	}
	out["prf"] = able
	return out, results, nil
}

// extensionResults is the same for a sign-in.
func (o request) extensionResults(d ctap2.AuthenticatorData, secret *ctap2.HMACSecret) (map[string]any, *prfResults, error) {
	out := map[string]any{}
	if o.largeBlob.asked {
		use := map[string]any{}
		if o.largeBlob.write {
			use["written"] = false
		}
		out["largeBlob"] = use
	}
	if !o.prf.asked {
		return out, nil, nil
	}
	_, results, err := prfSaid(d, secret)
	if err != nil {
		return nil, nil, err
	}
	made := map[string]any{}
	if results != nil {
		made["results"] = results
	}
	out["prf"] = made
	return out, results, nil
}
