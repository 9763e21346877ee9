package totp

import (
	"io"

	"github.com/keyferry/keyferry/backend/mfa"
)

// SeedSize is the length of the seeds made here, in bytes: 64 characters of base32.
const SeedSize = 40

// MaxSeed bounds a seed that is read, in bytes. The longest that a hash of RFC
// 6238 uses without shortening it is 128.
const MaxSeed = 256

// NewSeed makes a seed of SeedSize bytes. It fails only if random does.
func NewSeed(random io.Reader) (*mfa.Secret, error) {
	b := make([]byte, SeedSize)
	if _, err := io.ReadFull(random, b); err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	return mfa.NewSecret(b), nil
}

const base32Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// Base32 is a seed as people type it: upper case, no padding, no groups (RFC 4648
// section 6). The result is as secret as the seed.
func Base32(seed *mfa.Secret) *mfa.Secret {
	text := make([]byte, 0, (seed.Len()*8+4)/5)
	var bits, n uint
	for _, b := range seed.Bytes() {
		bits, n = bits<<8|uint(b), n+8
		for ; n >= 5; n -= 5 {
			text = append(text, base32Digits[bits>>(n-5)&31])
		}
	}
	if n > 0 {
		text = append(text, base32Digits[bits<<(5-n)&31])
	}
	return mfa.NewSecret(text)
}

// ParseBase32 reads base32 as people type it: either case, with blanks, tabs and
// dashes anywhere between the characters, with padding at the end or without. It
// refuses everything else: 0, 1, 8 and 9 are not taken for the letters they
// resemble, nor a length that is not a whole number of bytes. It fails with
// seed-invalid. text is not changed; the caller wipes it.
func ParseBase32(text []byte) (*mfa.Secret, error) {
	if len(text) > 4*MaxSeed {
		return nil, mfa.Fail(mfa.CodeSeedInvalid)
	}
	plain := make([]byte, 0, len(text))
	for _, c := range text {
		if c != ' ' && c != '\t' && c != '-' {
			plain = append(plain, c)
		}
	}
	defer clear(plain)
	return parseBase32(plain)
}

// parseBase32 takes no blanks and no dashes.
func parseBase32(text []byte) (*mfa.Secret, error) {
	refuse := mfa.Fail(mfa.CodeSeedInvalid)
	digits := len(text)
	for digits > 0 && text[digits-1] == '=' {
		digits--
	}
	if padding := len(text) - digits; padding > 0 && (len(text)%8 != 0 || padding > 6) {
		return nil, refuse
	}
	if rest := digits % 8; digits == 0 || digits*5/8 > MaxSeed || rest == 1 || rest == 3 || rest == 6 {
		return nil, refuse
	}
	seed := make([]byte, 0, digits*5/8)
	var bits, n uint
	for _, c := range text[:digits] {
		switch {
		case 'A' <= c && c <= 'Z':
			c -= 'A'
		case 'a' <= c && c <= 'z':
			c -= 'a'
		case '2' <= c && c <= '7':
			c -= '2' - 26
		default:
			clear(seed)
			return nil, refuse
		}
		bits, n = bits<<5|uint(c), n+5
		if n >= 8 {
			n -= 8
			seed = append(seed, byte(bits>>n))
		}
	}
	return mfa.NewSecret(seed), nil
}
