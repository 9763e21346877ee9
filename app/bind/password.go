package bind

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// maxPasswordText bounds the list that the page can send, in bytes of JSON; the
// domain's own limit is far below and answers with a failure.
const maxPasswordText = 16 << 10

// Password is something secret in UTF-8 as it crosses: a JSON list of numbers from 0
// to 255. A JSON string would stay in memory and could not be wiped.
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

// MarshalJSON writes the list and wipes the bytes: they cross once.
func (p Password) MarshalJSON() ([]byte, error) {
	text := append(make([]byte, 0, 4*len(p)+2), '[')
	for i, b := range p {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendUint(text, uint64(b), 10)
	}
	clear(p)
	return append(text, ']'), nil
}

// secret hands the bytes over and leaves zeros behind.
func (p Password) secret() *mfa.Secret { return mfa.NewSecret(p) }

// optional is secret, but nil where nothing was typed.
func (p Password) optional() *mfa.Secret {
	if len(p) == 0 {
		return nil
	}
	return p.secret()
}

// String never shows the bytes.
func (Password) String() string { return "[secret]" }
