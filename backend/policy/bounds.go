package policy

import (
	"strconv"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Bounds of what Parse reads. They lie above IAM's quotas, so that a document which
// is too long for its place can still be read, checked and explained.
const (
	MaxDocument   = 256 << 10 // bytes, white space included
	MaxDepth      = 16        // a lawful document is six deep
	MaxStatements = 1000
	MaxValues     = 20_000 // actions, resources and condition values in all
	MaxText       = 10_240 // bytes of one text: the largest quota
)

// Quotas of IAM in characters, white space not counted (see Size).
const (
	MaxUserInline  = 2048 // all inline policies of one user together
	MaxGroupInline = 5120
	MaxRoleInline  = 10_240
	MaxManaged     = 6144
)

// Size counts a document as IAM's quotas do: characters other than white space.
func Size(document []byte) int {
	n := 0
	for i := range document {
		switch c := document[i]; {
		case c == ' ', c == '\t', c == '\n', c == '\r':
		case utf8.RuneStart(c):
			n++
		}
	}
	return n
}

// CheckSize holds the documents of one owner together against a quota.
// policy-too-large (param: limit).
func CheckSize(limit int, documents ...[]byte) error {
	n := 0
	for _, d := range documents {
		n += Size(d)
	}
	if n > limit {
		return tooLarge(limit)
	}
	return nil
}

func tooLarge(limit int) error {
	return mfa.Fail(mfa.CodePolicyTooLarge, "limit", strconv.Itoa(limit))
}
