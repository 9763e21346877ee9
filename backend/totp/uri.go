package totp

import (
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Key is what an otpauth address says: a seed, how codes are made of it, and the
// names that an authenticator app shows.
type Key struct {
	Type    Type
	Issuer  string // may be empty
	Account string
	Seed    *mfa.Secret
	Params  Params
	Counter uint64 // HOTP only
}

// Check says whether the key can become a device here. It fails with
// token-counter-based for HOTP, or as Params.Check does.
func (k Key) Check() error {
	if k.Type != TOTP {
		return mfa.Fail(mfa.CodeTokenCounterBased)
	}
	return usable(k.Seed, k.Params)
}

// URI writes the address for a QR code. The issuer stands both before the account
// and as a parameter, equal, as the Key URI format asks; everything but RFC 3986's
// unreserved characters is percent-encoded, and the seed has no padding. Values
// that every app assumes (SHA1, 6, 30) are left out: they only make the code
// larger. The result is as secret as the seed.
func (k Key) URI() *mfa.Secret {
	out := make([]byte, 0, 256)
	out = append(out, "otpauth://"...)
	out = append(out, k.Type...)
	out = append(out, '/')
	if k.Issuer != "" {
		out = append(escape(out, k.Issuer), ':')
	}
	out = escape(out, k.Account)
	out = append(out, "?secret="...)
	text := Base32(k.Seed)
	out = append(out, text.Bytes()...)
	text.Wipe()
	if k.Issuer != "" {
		out = escape(append(out, "&issuer="...), k.Issuer)
	}
	if k.Params.Algorithm != Default.Algorithm {
		out = escape(append(out, "&algorithm="...), string(k.Params.Algorithm))
	}
	if k.Params.Digits != Default.Digits {
		out = strconv.AppendInt(append(out, "&digits="...), int64(k.Params.Digits), 10)
	}
	if k.Type == HOTP {
		out = strconv.AppendUint(append(out, "&counter="...), k.Counter, 10)
	} else if k.Params.Period != Default.Period {
		out = strconv.AppendInt(append(out, "&period="...), k.Params.seconds(), 10)
	}
	return mfa.NewSecret(out)
}

// escape percent-encodes all but the unreserved characters (RFC 3986 section 2.3).
func escape(out []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			out = append(out, c)
		default:
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return out
}
