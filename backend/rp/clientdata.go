package rp

import (
	"crypto/subtle"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The two types of client data (WebAuthn 5.8.1).
const (
	typeCreate = "webauthn.create"
	typeGet    = "webauthn.get"
)

// clientData is CollectedClientData (WebAuthn 5.8.1).
type clientData struct {
	ceremony     []byte // "type"
	challenge    []byte // as text
	origin       []byte
	crossOrigin  bool
	hasTopOrigin bool
}

func readClientData(raw []byte) (c clientData, err error) {
	const part = "clientDataJSON"
	v, err := readJSON(raw)
	if err != nil {
		return c, malformed(part, "%w", err)
	}
	if v.kind != jsonObject {
		return c, malformed(part, "no object")
	}
	if v.lookalike("type", "challenge", "origin", "crossOrigin", "topOrigin", "tokenBinding") {
		return c, malformed(part, "a member name in another case")
	}
	ceremony, challenge, origin := v.get("type"), v.get("challenge"), v.get("origin")
	if ceremony.kind != jsonText || challenge.kind != jsonText || origin.kind != jsonText {
		return c, malformed(part, "type, challenge or origin is no text")
	}
	c.ceremony, c.challenge, c.origin = ceremony.text, challenge.text, origin.text
	switch v.get("crossOrigin").kind {
	case jsonTrue:
		c.crossOrigin = true
	case jsonFalse, jsonAbsent:
	default:
		return c, malformed(part, "crossOrigin is no boolean")
	}
	switch v.get("topOrigin").kind {
	case jsonText:
		c.hasTopOrigin = true
	case jsonAbsent:
	default:
		return c, malformed(part, "topOrigin is no text")
	}
	// Token binding left the standard with Level 3. Clients that still send it send
	// an object, or a text in old ones; it proves nothing here and is passed over.
	switch v.get("tokenBinding").kind {
	case jsonAbsent, jsonNull, jsonText, jsonObject:
	default:
		return c, malformed(part, "tokenBinding is neither object nor text")
	}
	return c, nil
}

// checkClientData does WebAuthn 7.1 steps 5 to 11, and 7.2 steps 8 to 14.
// response-malformed, client-data-type, challenge-mismatch, origin-mismatch, cross-origin.
func (e Expectation) checkClientData(raw []byte, ceremony string) error {
	c, err := readClientData(raw)
	if err != nil {
		return err
	}
	if string(c.ceremony) != ceremony {
		return refuse(mfa.CodeTypeMismatch, "client data is not of type %s", ceremony)
	}
	// Texts are compared, not bytes: another spelling of the same bytes is not
	// what an authenticator signed for an honest client.
	if len(e.Challenge) == 0 || subtle.ConstantTimeCompare(c.challenge, []byte(encode(e.Challenge))) != 1 {
		return refuse(mfa.CodeChallengeMismatch, "the answer is to another challenge")
	}
	if e.Origin == "" || string(c.origin) != e.Origin {
		return refuse(mfa.CodeOriginMismatch, "origin %.100q, expected %q", c.origin, e.Origin)
	}
	if c.crossOrigin && !e.AllowCrossOrigin {
		return refuse(mfa.CodeCrossOrigin, "crossOrigin is true")
	}
	if c.hasTopOrigin && !c.crossOrigin {
		return refuse(mfa.CodeCrossOrigin, "topOrigin without crossOrigin")
	}
	return nil
}
