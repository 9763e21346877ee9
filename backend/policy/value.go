package policy

import (
	"encoding/base64"
	"net/netip"
	"strings"
)

// value is a condition value of a policy, made ready for its operator.
type value struct {
	valid   bool    // false: it can match nothing
	text    string  // what it says; binary: decoded
	tokens  []token // of patterns, and of texts with variables
	dynamic bool    // there are variables in tokens
	number  decimal
	moment  instant
	network netip.Prefix
}

func compileValue(f family, text string, variables bool) value {
	v := value{valid: true, text: text}
	switch f {
	case stringEquals, stringEqualsIgnoreCase, boolean:
		v.tokens = template(text, variables, false)
		v.text, _ = plain(v.tokens)
	case stringLike:
		v.tokens = template(text, variables, true)
	case arn:
		v.tokens = template(text, variables, true)
		v.valid = hasVariables(v.tokens) || bound(v.tokens)
	case numeric:
		v.number, v.valid = parseDecimal(text)
	case date:
		v.moment, v.valid = parseInstant(text)
	case binary:
		v.text, v.valid = decodeBinary(text)
	case ipAddress:
		v.network, v.valid = parseNetwork(text)
	case null:
		v.text = fold(text)
		v.valid = v.text == "true" || v.text == "false"
	}
	v.dynamic = hasVariables(v.tokens)
	return v
}

func decodeBinary(s string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	return string(b), err == nil
}

// parseNetwork reads a CIDR block, or an address as a block of one.
func parseNetwork(s string) (netip.Prefix, bool) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		return p.Masked(), err == nil
	}
	a, ok := parseAddress(s)
	return netip.PrefixFrom(a, a.BitLen()), ok
}

func parseAddress(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil && a.Zone() == ""
}
