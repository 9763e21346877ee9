package totp

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Code is the code that a token shows at t. It fails as Params.Check does, and
// with seed-invalid for an empty seed.
func Code(seed *mfa.Secret, p Params, t time.Time) (string, error) {
	if err := usable(seed, p); err != nil {
		return "", err
	}
	step := p.Step(t)
	if step < 0 {
		return "", mfa.Fail(mfa.CodeInvalidInput, "field", "time")
	}
	return pad(p.digits(seed, uint64(step)), p.Digits), nil
}

// HOTPCode is the code of a counter (RFC 4226 section 5.3), with 6 to 8 digits.
// The product signs nobody in with counters; it serves previews and test vectors.
func HOTPCode(seed *mfa.Secret, a Algorithm, digits int, counter uint64) (string, error) {
	p := Params{Algorithm: a, Digits: digits, Period: Default.Period}
	if digits == 7 {
		p.Digits = 6 // Check knows no seven, RFC 4226 does
	}
	if err := usable(seed, p); err != nil {
		return "", err
	}
	p.Digits = digits
	return pad(p.digits(seed, counter), digits), nil
}

// usable refuses parameters and seeds that no code can be made of.
func usable(seed *mfa.Secret, p Params) error {
	if err := p.Check(); err != nil {
		return err
	}
	if seed.Len() == 0 {
		return mfa.Fail(mfa.CodeSeedInvalid)
	}
	return nil
}

var tens = [...]uint32{6: 1e6, 7: 1e7, 8: 1e8}

// digits is the code of a step as a number. It does not allocate.
func (p Params) digits(seed *mfa.Secret, step uint64) uint32 {
	return truncated(p.Algorithm, seed.Bytes(), step) % tens[p.Digits]
}

// truncated is the dynamic truncation of RFC 4226 section 5.3: 31 bits of the MAC.
func truncated(a Algorithm, key []byte, counter uint64) uint32 {
	var message [8]byte
	binary.BigEndian.PutUint64(message[:], counter)
	switch a {
	case SHA256:
		mac := hmacSHA256(key, message)
		return cut(mac[:])
	case SHA512:
		mac := hmacSHA512(key, message)
		return cut(mac[:])
	default:
		mac := hmacSHA1(key, message)
		return cut(mac[:])
	}
}

func cut(mac []byte) uint32 {
	at := mac[len(mac)-1] & 0xf
	return binary.BigEndian.Uint32(mac[at:]) & 0x7fffffff
}

// The three HMACs (RFC 2104) work in arrays, which stay on the stack.

func hmacSHA1(key []byte, message [8]byte) [sha1.Size]byte {
	var inner [sha1.BlockSize + 8]byte
	var outer [sha1.BlockSize + sha1.Size]byte
	if len(key) > sha1.BlockSize {
		short := sha1.Sum(key)
		key = short[:]
	}
	keyed(inner[:sha1.BlockSize], outer[:sha1.BlockSize], key)
	copy(inner[sha1.BlockSize:], message[:])
	sum := sha1.Sum(inner[:])
	copy(outer[sha1.BlockSize:], sum[:])
	mac := sha1.Sum(outer[:])
	clear(inner[:])
	clear(outer[:])
	return mac
}

func hmacSHA256(key []byte, message [8]byte) [sha256.Size]byte {
	var inner [sha256.BlockSize + 8]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	if len(key) > sha256.BlockSize {
		short := sha256.Sum256(key)
		key = short[:]
	}
	keyed(inner[:sha256.BlockSize], outer[:sha256.BlockSize], key)
	copy(inner[sha256.BlockSize:], message[:])
	sum := sha256.Sum256(inner[:])
	copy(outer[sha256.BlockSize:], sum[:])
	mac := sha256.Sum256(outer[:])
	clear(inner[:])
	clear(outer[:])
	return mac
}

func hmacSHA512(key []byte, message [8]byte) [sha512.Size]byte {
	var inner [sha512.BlockSize + 8]byte
	var outer [sha512.BlockSize + sha512.Size]byte
	if len(key) > sha512.BlockSize {
		short := sha512.Sum512(key)
		key = short[:]
	}
	keyed(inner[:sha512.BlockSize], outer[:sha512.BlockSize], key)
	copy(inner[sha512.BlockSize:], message[:])
	sum := sha512.Sum512(inner[:])
	copy(outer[sha512.BlockSize:], sum[:])
	mac := sha512.Sum512(outer[:])
	clear(inner[:])
	clear(outer[:])
	return mac
}

// keyed fills the inner and outer pads of RFC 2104.
func keyed(inner, outer, key []byte) {
	copy(inner, key)
	copy(outer, key)
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
}

// pad writes a code with its leading zeros.
func pad(code uint32, digits int) string {
	text := strconv.FormatUint(uint64(code), 10)
	return "00000000"[:digits-len(text)] + text
}

// typed reads a code as a person typed it: exactly as many ASCII digits as the
// token shows, and nothing else.
func (p Params) typed(code string) (uint32, error) {
	if len(code) != p.Digits {
		return 0, p.format()
	}
	var n uint32
	for i := range len(code) {
		if code[i] < '0' || code[i] > '9' {
			return 0, p.format()
		}
		n = n*10 + uint32(code[i]-'0')
	}
	return n, nil
}

func (p Params) format() error {
	return mfa.Fail(mfa.CodeCodeFormat, "digits", strconv.Itoa(p.Digits))
}
