package policy

import "strings"

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
