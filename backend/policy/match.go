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
	switch {
	case !v.valid:
		return false
	case f == stringLike:
		return glob(v.tokens, s, b)
	case f == arn && !v.dynamic:
		return glob(v.tokens, s, nil)
	case f == arn:
		// What stands before an ARN's last segment is known only with the values.
		var room [8]token
		tokens, ok := b.expand(v.tokens, room[:0])
		return ok && bound(tokens) && glob(tokens, s, nil)
	}
	text := v.text
	if v.dynamic {
		var ok bool
		if text, ok = b.written(v.tokens); !ok {
			return false
		}
	}
	if f == stringEquals {
		return text == s
	}
	return strings.EqualFold(text, s)
}
