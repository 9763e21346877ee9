package authenticator

import (
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

const formatNone = "none"

var emptyStatement = ctapcbor.RawMessage(ctapcbor.MustMarshal(map[string]any{}))

// anonymise takes out what tells authenticators apart, for a relying party that
// asks for no attestation (WebAuthn Level 3 section 5.1.3 step 26, "none"): the
// statement is replaced and the AAGUID zeroed. Self attestation under a zero
// AAGUID tells nothing and stays.
func anonymise(answer *ctap2.MakeCredentialResponse, d ctap2.AuthenticatorData) {
	if d.Attested.AAGUID.IsZero() && answer.Format == "packed" && !hasCertificates(answer.Statement) {
		return
	}
	attested := *d.Attested
	attested.AAGUID = mfa.AAGUID{}
	d.Attested = &attested
	answer.Format, answer.Statement, answer.AuthData = formatNone, emptyStatement, d.Encode()
}

func hasCertificates(statement ctapcbor.RawMessage) bool {
	var m map[string]ctapcbor.RawMessage
	if ctapcbor.UnmarshalLoose(statement, &m) != nil {
		return true // not understood: better replaced
	}
	_, has := m["x5c"]
	return has
}
