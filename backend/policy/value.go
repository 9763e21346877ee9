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

// matches holds one value of a request against the values of a policy: any of them.
func (t *test) matches(s string, b *binding) bool {
	switch t.op.family {
	case numeric:
		n, ok := parseDecimal(s)
		for i := range t.values {
			if v := &t.values[i]; ok && v.valid && t.op.order.asks(n.compare(v.number)) {
				return true
			}
		}
	case date:
		at, ok := parseInstant(s)
		for i := range t.values {
			if v := &t.values[i]; ok && v.valid && t.op.order.asks(at.compare(v.moment)) {
				return true
			}
		}
	case ipAddress:
		a, ok := parseAddress(s)
		for i := range t.values {
			if v := &t.values[i]; ok && v.valid && v.network.Contains(a) {
				return true
			}
		}
	case binary:
		raw, ok := decodeBinary(s)
		for i := range t.values {
			if v := &t.values[i]; ok && v.valid && v.text == raw {
				return true
			}
		}
	default:
		for i := range t.values {
			if t.values[i].matchesText(t.op.family, s, b) {
				return true
			}
		}
	}
	return false
}

func (v *value) matchesText(f family, s string, b *binding) bool {
	if !v.valid {
		return false
	}
	tokens := v.tokens
	if v.dynamic {
		var room [8]token
		var ok bool
		if tokens, ok = b.expand(tokens, room[:0]); !ok {
			return false
		}
	}
	switch f {
	case stringLike:
		return glob(tokens, s)
	case arn:
		return (!v.dynamic || bound(tokens)) && glob(tokens, s)
	}
	text := v.text
	if v.dynamic {
		text = concatenated(tokens)
	}
	if f == stringEquals {
		return text == s
	}
	return strings.EqualFold(text, s)
}

func concatenated(tokens []token) string {
	if text, ok := plain(tokens); ok {
		return text
	}
	var out strings.Builder
	for i := range tokens {
		out.WriteString(tokens[i].text)
	}
	return out.String()
}
