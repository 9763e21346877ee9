package policy

import (
	"strings"
	"unicode/utf8"
)

// glob reports whether the pattern matches all of s. '*' takes any number of
// characters and '?' one; neither takes a colon where it is bounded. What a variable
// stands for is literal, and one without value matches nothing; b may be nil where
// there are none.
//
// It goes back to the last '*' alone. That is enough: what an earlier one could
// take in addition, the last can take as well, or a bounded one is shut in by the
// colon that follows its segment. So the work is at most len(pattern) * len(s),
// whatever the pattern.
func glob(pattern []token, s string, b *binding) bool {
	at, i := 0, 0
	star, taken := -1, 0 // the last '*', and where what follows it was tried
	for {
		if i == len(pattern) {
			if at == len(s) {
				return true
			}
		} else {
			switch t := &pattern[i]; t.kind {
			case anyNumber:
				if i == len(pattern)-1 {
					return !t.bounded || strings.IndexByte(s[at:], ':') < 0
				}
				star, taken = i, at
				i++
				continue
			case exactly1:
				if at < len(s) && !(t.bounded && s[at] == ':') {
					at += characterAt(s, at)
					i++
					continue
				}
			default:
				text, ok := t.literally(b)
				if !ok {
					return false
				}
				if strings.HasPrefix(s[at:], text) {
					at += len(text)
					i++
					continue
				}
			}
		}
		if star < 0 || taken >= len(s) {
			return false
		}
		next := taken + characterAt(s, taken)
		if text, ok := pattern[star+1].literally(b); ok {
			jump := strings.Index(s[next:], text)
			if jump < 0 {
				return false
			}
			next += jump
		}
		if pattern[star].bounded && strings.IndexByte(s[taken:next], ':') >= 0 {
			return false
		}
		taken, at, i = next, next, star+1
	}
}

// literally is the text that a token stands for; false for wildcards, and for
// variables without value.
func (t *token) literally(b *binding) (string, bool) {
	switch t.kind {
	case literal:
		return t.text, true
	case variable:
		return b.value(t)
	}
	return "", false
}

func characterAt(s string, at int) int {
	if s[at] < utf8.RuneSelf {
		return 1
	}
	_, size := utf8.DecodeRuneInString(s[at:])
	return size
}
