package recovery

import (
	"github.com/keyferry/keyferry/backend/mfa"
)

// A code is codeSize bytes: 16 characters of five bits, in groups of four.
const (
	codeSize   = 10
	characters = codeSize * 8 / 5
	group      = 4
)

// alphabet is Crockford's base32: the digits, and the letters without I, L, O and U.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// written is a code as it is printed. code has codeSize bytes.
func written(code []byte) *mfa.Secret {
	text := make([]byte, 0, characters+characters/group-1)
	var bits, n uint
	for _, b := range code {
		bits, n = bits<<8|uint(b), n+8
		for ; n >= 5; n -= 5 {
			if len(text)%(group+1) == group {
				text = append(text, '-')
			}
			text = append(text, alphabet[bits>>(n-5)&31])
		}
	}
	return mfa.NewSecret(text)
}

// maxTyped bounds what is read; a code with a blank between all characters has 31.
const maxTyped = 128

// read gives the bytes of a code as somebody typed it. False for what is none.
func read(typed *mfa.Secret) (*mfa.Secret, bool) {
	text := typed.Bytes()
	if len(text) > maxTyped {
		return nil, false
	}
	code := make([]byte, 0, codeSize)
	defer func() { clear(code[:cap(code)]) }()
	var bits, n uint
	count := 0
	for _, c := range text {
		if c == ' ' || c == '-' || c == '\t' || c == '\r' || c == '\n' {
			continue
		}
		v, ok := value(c)
		if count++; !ok || count > characters {
			return nil, false
		}
		bits, n = bits<<5|uint(v), n+5
		if n >= 8 {
			n -= 8
			code = append(code, byte(bits>>n))
		}
	}
	if count != characters {
		return nil, false
	}
	return mfa.NewSecret(code), true
}

// value is what a character stands for, or looks like.
func value(c byte) (byte, bool) {
	if 'a' <= c && c <= 'z' {
		c -= 'a' - 'A'
	}
	switch c {
	case 'O':
		return 0, true
	case 'I', 'L':
		return 1, true
	}
	for i := range len(alphabet) {
		if alphabet[i] == c {
			return byte(i), true
		}
	}
	return 0, false
}
