package seedfile

import (
	"bytes"
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// isOATH looks for a second field of hex, or for the heading that some tools write.
// A first row with a bad seed is still of this format if a type follows.
func isOATH(fields [][]byte) bool {
	if len(fields) < 2 || len(fields) > 8 {
		return false
	}
	if isOATHHeading(fields) {
		return true
	}
	for _, at := range []int{1, 4} { // 4: version 2
		if len(fields) > at && isHex(fields[at]) || len(fields) > at+1 && isOATHType(fields[at+1]) {
			return true
		}
	}
	return false
}

func isOATHHeading(fields [][]byte) bool {
	return strings.EqualFold(string(fields[0]), "serial") && len(fields) > 1 && strings.EqualFold(string(fields[1]), "seed")
}

func isOATHType(field []byte) bool {
	return bytes.EqualFold(field, []byte("totp")) || bytes.EqualFold(field, []byte("hotp")) || bytes.EqualFold(field, []byte("ocra"))
}

func isHex(field []byte) bool {
	seed, ok := hexSeed(field)
	seed.Wipe()
	return ok
}

// hexSeed reads pairs of hex digits, nothing between them.
func hexSeed(field []byte) (*mfa.Secret, bool) {
	if len(field) == 0 || len(field) > 2*totp.MaxSeed {
		return nil, false
	}
	seed := make([]byte, hex.DecodedLen(len(field)))
	if _, err := hex.Decode(seed, field); err != nil {
		clear(seed)
		return nil, false
	}
	return mfa.NewSecret(seed), true
}

// isVersion2 is the comment after which user, resolver and realm come first.
func isVersion2(comment []byte) bool {
	name, value, _ := bytes.Cut(bytes.TrimLeft(comment, "# \t"), []byte(":"))
	return bytes.EqualFold(bytes.TrimSpace(name), []byte("version")) && bytes.Equal(bytes.TrimSpace(value), []byte("2"))
}

func (f *File) readOATH(ctx context.Context, data []byte) error {
	before, heading := 0, true
	for l := range lines(data) {
		if err := ctx.Err(); err != nil {
			return mfa.AsFailure(err)
		}
		if l.comment {
			if l.number == 1 && isVersion2(l.text) {
				before = 3
			}
			continue
		}
		fields, ok := l.fields()
		if heading && ok && isOATHHeading(fields) {
			heading = false
			continue
		}
		heading = false
		r := Row{Line: l.number, Type: totp.HOTP, Params: totp.Default}
		switch {
		case !ok:
			r.Problem = badRow(l.number, "line")
		case len(fields) < before+2 || len(fields) > before+5:
			r.Problem = badRow(l.number, "columns")
		default:
			if before > 0 {
				r.Label, _ = short(fields[0])
			}
			if field := r.oath(fields[before:]); field != "" {
				r.Problem = badRow(l.number, field)
			}
		}
		if err := f.add(r); err != nil {
			return err
		}
	}
	return nil
}

// oath reads serial, seed, type, digits, and step or counter; it names the field
// that it cannot read. Without a type it is HOTP: that is how the format began.
func (r *Row) oath(fields [][]byte) (bad string) {
	r.Serial, _ = short(fields[0])
	if !validSerial(r.Serial) {
		return "serial"
	}
	seed, ok := hexSeed(fields[1])
	if !ok {
		return "seed"
	}
	r.Seed = seed
	if len(fields) > 2 && len(fields[2]) > 0 {
		if !isOATHType(fields[2]) {
			return "type"
		}
		r.Type = totp.Type(strings.ToLower(string(fields[2])))
	}
	if r.Type == "ocra" {
		r.Problem = mfa.Fail(mfa.CodeTokenUnsupported, "what", "OCRA")
		return ""
	}
	if len(fields) > 3 && len(fields[3]) > 0 {
		digits, ok := decimal(fields[3])
		if !ok || digits < 4 || digits > 10 {
			return "digits"
		}
		r.Params.Digits = int(digits)
	}
	if len(fields) > 4 && len(fields[4]) > 0 {
		n, ok := decimal(fields[4])
		switch {
		case r.Type == totp.HOTP:
			r.Counter = n
		case n < 1 || n > 24*60*60:
			ok = false
		default:
			r.Params.Period = time.Duration(n) * time.Second
		}
		if !ok {
			return "step"
		}
	}
	switch seed.Len() {
	case 32:
		r.Params.Algorithm, r.HashAssumed = totp.SHA256, true
	case 64:
		r.Params.Algorithm, r.HashAssumed = totp.SHA512, true
	}
	return ""
}
