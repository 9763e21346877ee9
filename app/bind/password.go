package bind

import (
	"encoding/json"
	"errors"

	"github.com/keyferry/keyferry/backend/mfa"
)

// maxPasswordText bounds the list that the page can send, in bytes of JSON; the
// domain's own limit is far below and answers with a failure.
const maxPasswordText = 16 << 10

// Password is UTF-8 as the page sends it: a JSON list of numbers from 0 to 255.
// A JSON string would stay in memory and could not be wiped.
type Password []byte

// UnmarshalJSON reads the list. Its errors never quote what was sent.
func (p *Password) UnmarshalJSON(text []byte) error {
	var list []byte // encoding/json would take base64, too; the first byte rules that out
	if len(text) == 0 || len(text) > maxPasswordText || text[0] != '[' || json.Unmarshal(text, &list) != nil {
		return errors.New("password: not a list of bytes")
	}
	*p = list
	return nil
}

// secret hands the bytes over and leaves zeros behind.
func (p Password) secret() *mfa.Secret { return mfa.NewSecret(p) }

// String never shows the bytes.
func (Password) String() string { return "[secret]" }
