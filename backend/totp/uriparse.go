package totp

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Bounds of an address, far over what fits into a QR code that a phone reads.
const (
	MaxURI        = 4096 // bytes
	maxParameters = 32
	maxLabel      = 256 // bytes of issuer or account
	maxPeriod     = 24 * 60 * 60
)

var errAmbiguous = errors.New("totp: a parameter stands twice with different values")

// ParseURI reads an otpauth address (the Key URI format). Form is judged here, what
// can be used is judged by Key.Check: counters, other hashes and other lengths are
// read, so that a preview can say what they are.
//
// Refused with otpauth-invalid (params: part, one of scheme, type, label, query,
// secret, algorithm, digits, period, counter): another scheme, user info, a port or
// a fragment, a type other than totp and hotp, a broken percent sign, text that is
// not UTF-8 or holds control characters, no secret or one that is not base32, a
// parameter given twice with different values, digits outside 4 to 10, a period
// outside 1 s to one day, hotp without counter, MD5, and anything over its bound.
// Scheme and type are taken in either case. The label may be missing, unknown
// parameters are ignored, and a plus sign is a plus sign.
// token-unsupported (params: what) refuses "encoder": such codes are not decimal.
//
// text is not changed; the caller wipes it.
func ParseURI(text []byte) (*Key, error) {
	if len(text) > MaxURI {
		return nil, badURI("length")
	}
	rest, ok := cutFold(text, "otpauth://")
	if !ok {
		return nil, badURI("scheme")
	}
	if bytes.IndexByte(rest, '#') >= 0 {
		return nil, badURI("query")
	}
	path, query, _ := bytes.Cut(rest, []byte("?"))
	host, label, _ := bytes.Cut(path, []byte("/"))
	k := &Key{Type: Type(strings.ToLower(string(host))), Params: Default}
	if k.Type != TOTP && k.Type != HOTP {
		return nil, badURI("type")
	}
	if err := k.label(label); err != nil {
		return nil, err
	}
	if err := k.query(query); err != nil {
		k.Seed.Wipe()
		return nil, err
	}
	return k, nil
}

func badURI(part string) *mfa.Failure { return mfa.Fail(mfa.CodeOTPAuthInvalid, "part", part) }

// cutFold cuts an ASCII prefix in either case.
func cutFold(text []byte, prefix string) ([]byte, bool) {
	if len(text) < len(prefix) || !bytes.EqualFold(text[:len(prefix)], []byte(prefix)) {
		return nil, false
	}
	return text[len(prefix):], true
}

// label is issuer, colon, account; or the account alone. The colon may be encoded.
func (k *Key) label(raw []byte) error {
	text, ok := unescape(raw)
	if !ok || len(text) > 2*maxLabel+2 {
		return badURI("label")
	}
	issuer, account, found := strings.Cut(text, ":")
	if !found {
		issuer, account = "", text
	}
	k.Issuer, k.Account = strings.TrimSpace(issuer), strings.TrimSpace(account)
	if len(k.Issuer) > maxLabel || len(k.Account) > maxLabel {
		return badURI("label")
	}
	return nil
}

// query reads the parameters. An issuer there counts more than the one in the
// label, which older apps wrote for other purposes.
func (k *Key) query(raw []byte) error {
	seen := map[string][]byte{}
	for pair := range bytes.SplitSeq(raw, []byte("&")) {
		name, value, _ := bytes.Cut(pair, []byte("="))
		if len(pair) == 0 {
			continue
		}
		if len(name) > 32 || len(seen) >= maxParameters {
			return badURI("query")
		}
		key := strings.ToLower(string(name))
		if before, twice := seen[key]; twice && !bytes.Equal(before, value) {
			return badURI("query").Because(errAmbiguous)
		}
		seen[key] = value
	}
	var err error
	if k.Seed, err = parseBase32(seen["secret"]); err != nil {
		return badURI("secret").Because(err)
	}
	if raw, ok := seen["issuer"]; ok {
		issuer, ok := unescape(raw)
		if issuer = strings.TrimSpace(issuer); !ok || len(issuer) > maxLabel {
			return badURI("issuer")
		}
		if issuer != "" {
			k.Issuer = issuer
		}
	}
	if _, ok := seen["encoder"]; ok {
		return mfa.Fail(mfa.CodeTokenUnsupported, "what", "encoder")
	}
	return k.numbers(seen)
}

func (k *Key) numbers(seen map[string][]byte) error {
	if raw, ok := seen["algorithm"]; ok {
		a, ok := algorithmName(raw)
		if !ok {
			return badURI("algorithm")
		}
		k.Params.Algorithm = a
	}
	digits, ok := number(seen, "digits", uint64(Default.Digits), 4, 10)
	if !ok {
		return badURI("digits")
	}
	k.Params.Digits = int(digits)
	period, ok := number(seen, "period", uint64(Default.seconds()), 1, maxPeriod)
	if !ok {
		return badURI("period")
	}
	k.Params.Period = time.Duration(period) * time.Second
	if k.Type == HOTP {
		if k.Counter, ok = number(seen, "counter", 0, 0, 1<<63-1); !ok || seen["counter"] == nil {
			return badURI("counter")
		}
	}
	return nil
}

// algorithmName is upper case, with the prefix Hmac and the dash after SHA left
// out where the rest is one of ours. MD5 is refused and not merely unsupported:
// no OTP standard ever allowed it, so whoever wrote it did not mean a token.
func algorithmName(raw []byte) (Algorithm, bool) {
	name := strings.ToUpper(string(raw))
	if len(name) < 1 || len(name) > 16 || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/") != "" {
		return "", false
	}
	short := Algorithm(strings.TrimPrefix(strings.ReplaceAll(name, "-", ""), "HMAC"))
	switch short {
	case "MD5":
		return "", false
	case SHA1, SHA256, SHA512:
		return short, true
	}
	return Algorithm(name), true
}

// number is a parameter of decimal digits only, or its default when it is absent.
func number(seen map[string][]byte, name string, missing, least, most uint64) (uint64, bool) {
	raw, ok := seen[name]
	if !ok {
		return missing, true
	}
	n, err := strconv.ParseUint(string(raw), 10, 64)
	return n, err == nil && n >= least && n <= most
}

// unescape decodes percent signs. Names must be UTF-8 that can be shown.
func unescape(raw []byte) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '%' {
			if i+2 >= len(raw) {
				return "", false
			}
			n, err := strconv.ParseUint(string(raw[i+1:i+3]), 16, 8)
			if err != nil {
				return "", false
			}
			c, i = byte(n), i+2
		}
		b.WriteByte(c)
	}
	s := b.String()
	return s, utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}
