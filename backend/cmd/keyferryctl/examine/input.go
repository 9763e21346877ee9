package examine

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// MaxInput is the longest file that is read, in bytes.
const MaxInput = 1 << 20

// Input is what a file holds: a response alone, or one with what it answers.
type Input struct {
	Kind      Kind
	Response  []byte
	Options   []byte // nil: none
	Challenge []byte // nil: not said beside the options
	Origin    string
	RPID      string
	Stored    []byte // a registered credential, as ReadStored takes it; nil: none
}

// Read reads a file with the JSON of one credential: PublicKeyCredential.toJSON() of a
// browser, or an object with that as its member credential or response, and beside it
// options, challenge, origin, rpId (also rp_id) and stored (also credential, where that is
// not the response). response-too-large, response-malformed (params: part).
func Read(text []byte) (Input, error) {
	members, err := object(text, "json")
	if err != nil {
		return Input{}, err
	}
	if _, is := members["rawId"]; is {
		kind, err := kindOf(members["response"])
		return Input{Kind: kind, Response: text}, err
	}
	in := Input{}
	for _, name := range []string{"credential", "response"} {
		if inner, err := object(members[name], name); err == nil && inner["rawId"] != nil {
			in.Response = members[name]
			if in.Kind, err = kindOf(inner["response"]); err != nil {
				return Input{}, err
			}
		}
	}
	if in.Response == nil {
		return Input{}, malformed("credential")
	}
	for _, name := range []string{"options", "publicKey"} {
		if raw := members[name]; raw != nil && in.Options == nil {
			in.Options = raw
		}
	}
	for _, name := range []string{"stored", "credential"} {
		if raw := members[name]; raw != nil && in.Stored == nil && !bytes.Equal(raw, in.Response) {
			in.Stored = raw
		}
	}
	for name, into := range map[string]*string{"origin": &in.Origin, "rpId": &in.RPID, "rp_id": &in.RPID} {
		if err := readText(members, name, into); err != nil {
			return Input{}, err
		}
	}
	var challenge string
	if err := readText(members, "challenge", &challenge); err != nil {
		return Input{}, err
	}
	if challenge != "" {
		if in.Challenge, err = Bytes("challenge", challenge); err != nil {
			return Input{}, err
		}
	}
	return in, nil
}

// object reads the members of an object, names in their exact spelling.
func object(text []byte, part string) (map[string]json.RawMessage, error) {
	if len(text) > MaxInput {
		return nil, mfa.Fail(mfa.CodeResponseTooLarge, "limit", strconv.Itoa(MaxInput))
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &members); err != nil {
		return nil, malformed(part).Because(err)
	}
	if members == nil {
		return nil, malformed(part)
	}
	return members, nil
}

func kindOf(response []byte) (Kind, error) {
	inner, err := object(response, "response")
	switch {
	case err != nil:
		return "", err
	case inner["attestationObject"] != nil:
		return Registration, nil
	case inner["signature"] != nil:
		return Assertion, nil
	}
	return "", malformed("response")
}

// readText reads a member that must be text if it is there.
func readText(members map[string]json.RawMessage, name string, into *string) error {
	raw := members[name]
	if raw == nil {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return malformed(name).Because(err)
	}
	return nil
}

// Bytes reads base64url, with padding or without, and base64, which some servers keep.
// invalid-input (params: field).
func Bytes(field, text string) ([]byte, error) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) == 0 {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", field).Because(err)
	}
	return b, nil
}

func malformed(part string) *mfa.Failure { return mfa.Fail(mfa.CodeResponseMalformed, "part", part) }
