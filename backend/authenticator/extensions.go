package authenticator

import (
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
// enforced and cannot be is unsupported-option.
func (o creation) createExtensions(info ctap2.Info) (ctapcbor.RawMessage, error) {
	out := map[string]any{}
	policy := protection[o.extensions.text("credentialProtectionPolicy")]
	enforced := o.extensions.flag("enforceCredentialProtectionPolicy")
	minPIN := o.extensions.flag("minPinLength")
	if err := o.extensions.err(); err != nil {
		return nil, err
	}
	switch {
	case policy > 0 && info.HasExtension("credProtect"):
		out["credProtect"] = policy
	case policy > 1 && enforced:
		return nil, mfa.Fail(mfa.CodeUnsupportedOption)
	}
	if minPIN && info.HasExtension("minPinLength") {
		out["minPinLength"] = true
	}
	if len(out) == 0 {
		return nil, nil
	}
	return ctapcbor.Marshal(out)
}

// extensionResults gives clientExtensionResults. credProps is the client's own:
// it knows whether it asked for a discoverable credential. Where it did not, a
// phone makes one all the same, or not: then nothing is said.
func (o creation) extensionResults(s session, req ctap2.MakeCredentialRequest) map[string]any {
	out := map[string]any{}
	if asked, _ := o.extensions.m["credProps"].(bool); asked {
		props := map[string]any{}
		if rk := req.Options[ctap2.OptionResidentKey]; rk || !s.hybrid() {
			props["rk"] = rk
		}
		out["credProps"] = props
	}
	return out
}
