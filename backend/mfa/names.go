package mfa

import (
	"crypto/rand"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"
)

// Limits of the account, as IAM documents them.
const (
	MaxDevices     = 8 // of one principal, any mix of kinds
	MaxName        = 64
	MaxPolicyName  = 128
	MinAlias       = 3
	MaxAlias       = 63
	MaxEmail       = 254
	MinPassword    = 8 // this product's own floor; IAM leaves it to the account
	MaxPassword    = 128
	nameCharacters = "+=,.@-_"
)

// isWord is \w of the IAM patterns: ASCII letters, digits and underscore.
func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func validName(s string, most int) bool {
	if len(s) < 1 || len(s) > most {
		return false
	}
	for i := range len(s) {
		if !isWord(s[i]) && strings.IndexByte(nameCharacters, s[i]) < 0 {
			return false
		}
	}
	return true
}

// CheckName holds a user or device name against [\w+=,.@-]{1,64}.
func CheckName(name string) error {
	if !validName(name, MaxName) {
		return Fail(CodeNameInvalid, "max", fmt.Sprint(MaxName))
	}
	return nil
}

// CheckPolicyName holds the name of a policy against [\w+=,.@-]{1,128}. name-invalid
// (params: max).
func CheckPolicyName(name string) error {
	if !validName(name, MaxPolicyName) {
		return Fail(CodeNameInvalid, "max", fmt.Sprint(MaxPolicyName))
	}
	return nil
}

// FoldName is the form in which names are compared: IAM does not tell names
// apart by case. Names are ASCII, so folding is exact.
func FoldName(name string) string { return strings.ToLower(name) }

// CheckAlias holds an account alias against 3 to 63 characters of a-z, 0-9 and
// single hyphens, not at the ends, and not twelve digits (that is an account ID).
func CheckAlias(alias string) error {
	ok := len(alias) >= MinAlias && len(alias) <= MaxAlias && !strings.Contains(alias, "--") &&
		alias[0] != '-' && alias[len(alias)-1] != '-'
	digits := 0
	for i := range len(alias) {
		c := alias[i]
		ok = ok && (c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z')
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	if !ok || digits == len(alias) && digits == 12 {
		return Fail(CodeAliasInvalid)
	}
	return nil
}

// CheckEmail accepts one bare address of at most 254 bytes.
func CheckEmail(email string) error {
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || len(email) > MaxEmail {
		return Fail(CodeEmailInvalid)
	}
	return nil
}

// CheckPassword accepts MinPassword to 128 characters of U+0020..U+00FF, tab,
// LF and CR, as UTF-8.
func CheckPassword(password *Secret) error {
	n := 0
	for b := password.Bytes(); len(b) > 0; n++ {
		r, size := utf8.DecodeRune(b)
		b = b[size:]
		inRange := r >= 0x20 && r <= 0xff || r == '\t' || r == '\n' || r == '\r'
		if !inRange || r == utf8.RuneError && size == 1 {
			return Fail(CodePasswordInvalid)
		}
	}
	if n < MinPassword {
		return Fail(CodePasswordShort, "min", fmt.Sprint(MinPassword))
	}
	if n > MaxPassword {
		return Fail(CodePasswordInvalid)
	}
	return nil
}

// Check holds a password that passed CheckPassword against the account's rules.
// password-policy (params: needs, the missing parts, comma-separated: length, upper,
// lower, digit, symbol; min).
func (r PasswordRules) Check(password *Secret) error {
	var upper, lower, digit, symbol bool
	for _, c := range string(password.Bytes()) {
		switch {
		case 'A' <= c && c <= 'Z':
			upper = true
		case 'a' <= c && c <= 'z':
			lower = true
		case '0' <= c && c <= '9':
			digit = true
		default:
			symbol = true
		}
	}
	var needs []string
	for _, part := range []struct {
		name    string
		missing bool
	}{
		{"length", utf8.RuneCount(password.Bytes()) < r.MinLength}, {"upper", r.Upper && !upper}, {"lower", r.Lower && !lower},
		{"digit", r.Digit && !digit}, {"symbol", r.Symbol && !symbol},
	} {
		if part.missing {
			needs = append(needs, part.name)
		}
	}
	if len(needs) > 0 {
		return Fail(CodePasswordPolicy, "needs", strings.Join(needs, ","), "min", fmt.Sprint(r.MinLength))
	}
	return nil
}

// CheckRPID accepts a domain name that can be a relying-party ID: lower-case
// LDH labels, at least two of them, 253 characters at most, no IP address.
func CheckRPID(rpID string) error {
	labels := strings.Split(rpID, ".")
	ok := len(labels) >= 2 && len(rpID) <= 253
	for _, l := range labels {
		ok = ok && len(l) >= 1 && len(l) <= 63 && l[0] != '-' && l[len(l)-1] != '-'
		for i := range len(l) {
			ok = ok && (l[i] == '-' || '0' <= l[i] && l[i] <= '9' || 'a' <= l[i] && l[i] <= 'z')
		}
	}
	if last := labels[len(labels)-1]; !ok || strings.Trim(last, "0123456789") == "" {
		return Fail(CodeRPIDInvalid)
	}
	return nil
}

// OriginOf is the one origin of a relying-party ID: https, no port.
func OriginOf(rpID string) string { return "https://" + rpID }

// NewID makes a random 128-bit identifier of 26 upper-case letters and digits.
func NewID() string { return rand.Text() }
