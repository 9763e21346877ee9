package rp

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Limits of a response.
const (
	MaxResponse     = 256 << 10 // bytes of JSON
	maxCredentialID = 1023      // WebAuthn 5.8.3
	maxUserHandle   = 64        // WebAuthn 5.4.3
	maxTransports   = 16
	maxTransport    = 32
)

// residentKey is the client's word on discoverability (WebAuthn 10.1.3).
type residentKey uint8

const (
	residentUnknown residentKey = iota
	residentYes
	residentNo
)

// registrationResponse is RegistrationResponseJSON (WebAuthn 5.1.8).
type registrationResponse struct {
	id                []byte
	clientData        []byte
	attestationObject []byte
	authenticatorData []byte // the client's copy; nil when it gave none
	transports        []string
	resident          residentKey
}

// assertionResponse is AuthenticationResponseJSON (WebAuthn 5.1.8).
type assertionResponse struct {
	id                []byte
	clientData        []byte
	authenticatorData []byte
	signature         []byte
	userHandle        []byte // nil when the authenticator gave none
	usedAppID         bool
}

func readRegistrationResponse(data []byte) (answer registrationResponse, err error) {
	id, inner, extensions, err := readCredential(data)
	if err != nil {
		return answer, err
	}
	answer.id = id
	if inner.lookalike("clientDataJSON", "attestationObject", "authenticatorData", "transports", "publicKey", "publicKeyAlgorithm") {
		return answer, malformed("response", "a member name in another case")
	}
	if answer.clientData, err = bytesOf(inner, "clientDataJSON"); err != nil {
		return answer, err
	}
	if answer.attestationObject, err = bytesOf(inner, "attestationObject"); err != nil {
		return answer, err
	}
	if !inner.get("authenticatorData").isMissing() {
		if answer.authenticatorData, err = bytesOf(inner, "authenticatorData"); err != nil {
			return answer, err
		}
	}
	// publicKey and publicKeyAlgorithm repeat what the attestation object says and
	// are not read: the object is what the signature covers.
	if answer.transports, err = readTransports(inner.get("transports")); err != nil {
		return answer, err
	}
	answer.resident, err = readResident(extensions.get("credProps"))
	return answer, err
}

func readAssertionResponse(data []byte) (answer assertionResponse, err error) {
	id, inner, extensions, err := readCredential(data)
	if err != nil {
		return answer, err
	}
	answer.id = id
	if inner.lookalike("clientDataJSON", "authenticatorData", "signature", "userHandle") {
		return answer, malformed("response", "a member name in another case")
	}
	if answer.clientData, err = bytesOf(inner, "clientDataJSON"); err != nil {
		return answer, err
	}
	if answer.authenticatorData, err = bytesOf(inner, "authenticatorData"); err != nil {
		return answer, err
	}
	if answer.signature, err = bytesOf(inner, "signature"); err != nil {
		return answer, err
	}
	if !inner.get("userHandle").isMissing() {
		if answer.userHandle, err = bytesOf(inner, "userHandle"); err != nil {
			return answer, err
		}
		if len(answer.userHandle) > maxUserHandle {
			return answer, malformed("userHandle", "%d bytes", len(answer.userHandle))
		}
	}
	switch extensions.get("appid").kind {
	case jsonTrue:
		answer.usedAppID = true
	case jsonFalse, jsonAbsent, jsonNull:
	default:
		return answer, malformed("clientExtensionResults", "appid is no boolean")
	}
	return answer, nil
}

func checkSize(data []byte) error {
	if len(data) > MaxResponse {
		return mfa.Fail(mfa.CodeResponseTooLarge, "limit", fmt.Sprint(MaxResponse)).Because(errorf("%d bytes", len(data)))
	}
	return nil
}

// readCredential reads what both responses share. response-too-large, response-malformed.
func readCredential(data []byte) (id []byte, inner, extensions jsonValue, err error) {
	none := jsonValue{}
	if err := checkSize(data); err != nil {
		return nil, none, none, err
	}
	v, err := readJSON(data)
	if err != nil {
		return nil, none, none, malformed("json", "%w", err)
	}
	if v.kind != jsonObject {
		return nil, none, none, malformed("json", "no object")
	}
	if v.lookalike("id", "rawId", "type", "response", "clientExtensionResults", "authenticatorAttachment") {
		return nil, none, none, malformed("json", "a member name in another case")
	}
	if t := v.get("type"); t.kind != jsonText || string(t.text) != credentialType {
		return nil, none, none, malformed("type", "not public-key")
	}
	if id, err = bytesOf(v, "rawId"); err != nil {
		return nil, none, none, err
	}
	if n := len(id); n < 1 || n > maxCredentialID {
		return nil, none, none, malformed("rawId", "%d bytes", n)
	}
	if text := v.get("id"); text.kind != jsonText || !bytes.Equal(text.text, v.get("rawId").text) {
		return nil, none, none, malformed("id", "not the base64url form of rawId")
	}
	if k := v.get("authenticatorAttachment").kind; k != jsonAbsent && k != jsonNull && k != jsonText {
		return nil, none, none, malformed("authenticatorAttachment", "no text")
	}
	if extensions = v.get("clientExtensionResults"); extensions.kind != jsonObject && !extensions.isMissing() {
		return nil, none, none, malformed("clientExtensionResults", "no object")
	}
	if inner = v.get("response"); inner.kind != jsonObject {
		return nil, none, none, malformed("response", "no object")
	}
	return id, inner, extensions, nil
}

// strictBase64 refuses bits that say nothing, so that one value has one spelling.
var strictBase64 = base64.RawURLEncoding.Strict()

var errLineBreak = errors.New("a line break in base64url")

func bytesOf(object jsonValue, name string) ([]byte, error) {
	v := object.get(name)
	if v.kind != jsonText {
		return nil, malformed(name, "no text")
	}
	decoded, err := decode(v.text)
	if err != nil {
		return nil, malformed(name, "%w", err)
	}
	return decoded, nil
}

// decode reads unpadded base64url (RFC 4648 section 5). Go's decoder would step
// over line breaks.
func decode(text []byte) ([]byte, error) {
	if bytes.ContainsAny(text, "\r\n") {
		return nil, errLineBreak
	}
	out := make([]byte, strictBase64.DecodedLen(len(text)))
	n, err := strictBase64.Decode(out, text)
	return out[:n], err
}

// readTransports keeps names the client gave, unknown ones included, as WebAuthn
// 7.1 step 27 wants, sorted and once each. They are hints for a later sign-in
// and nothing signs them, so a name that cannot be one is left out, and so are
// names beyond the first maxTransports: no reason to turn a credential away.
func readTransports(v jsonValue) ([]string, error) {
	if v.isMissing() {
		return nil, nil
	}
	if v.kind != jsonArray {
		return nil, malformed("transports", "no list")
	}
	var names []string
	for _, item := range v.items {
		if item.kind != jsonText {
			return nil, malformed("transports", "no text in the list")
		}
		if len(names) < maxTransports && isTransportName(item.text) && !slices.Contains(names, string(item.text)) {
			names = append(names, string(item.text))
		}
	}
	slices.Sort(names)
	return names, nil
}

func isTransportName(text []byte) bool {
	if len(text) < 1 || len(text) > maxTransport {
		return false
	}
	for _, c := range text {
		if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func readResident(credProps jsonValue) (residentKey, error) {
	if credProps.isMissing() {
		return residentUnknown, nil
	}
	if credProps.kind != jsonObject {
		return residentUnknown, malformed("clientExtensionResults", "credProps is no object")
	}
	switch credProps.get("rk").kind {
	case jsonTrue:
		return residentYes, nil
	case jsonFalse:
		return residentNo, nil
	case jsonAbsent, jsonNull:
		return residentUnknown, nil
	default:
		return residentUnknown, malformed("clientExtensionResults", "credProps.rk is no boolean")
	}
}
