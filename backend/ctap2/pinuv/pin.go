package pinuv

import (
	"bytes"
	"crypto/sha256"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The bounds of a PIN (CTAP 2.2 section 6.5.1).
const (
	MinPIN     = 4  // code points, where the authenticator does not want more
	MaxPIN     = 63 // bytes of UTF-8
	PaddedSize = 64 // a new PIN on its way, filled up with zeros
	HashSize   = 16

	maxTyped = 1024 // bytes before normalisation; nobody types more
)

// Normalise gives a PIN in Unicode normalization form C, so that one PIN is the
// same bytes whatever keyboard typed it. least and most are the authenticator's bounds
// in code points; below 4 and above 63 they mean 4 and 63. Fewer or more of them, or
// more than 63 bytes, is pin-length with params min and max; what is not UTF-8, or
// holds the code point 0, is invalid-input. The caller wipes the result and keeps
// the original.
func Normalise(pin *mfa.Secret, least, most int) (*mfa.Secret, error) {
	least, most = clamp(least), clamp(most)
	raw := pin.Bytes()
	if !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0 {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", "pin")
	}
	length := mfa.Fail(mfa.CodePINLength, "min", strconv.Itoa(least), "max", strconv.Itoa(most))
	if len(raw) > maxTyped {
		return nil, length
	}
	// With room for the longest form there is, nothing is left behind by growing.
	buf := make([]byte, 0, norm.MaxSegmentSize+3*len(raw))
	defer clear(buf[:cap(buf)])
	text := norm.NFC.Append(buf, raw...)
	if n := utf8.RuneCount(text); n < least || n > most || len(text) > MaxPIN {
		return nil, length
	}
	return mfa.NewSecret(text), nil
}

func clamp(n int) int { return min(max(n, MinPIN), MaxPIN) }

// PINHash is what stands for a PIN on the wire and in an authenticator: the first
// 16 bytes of its SHA-256.
func PINHash(pin []byte) (hash [HashSize]byte) {
	sum := sha256.Sum256(pin)
	copy(hash[:], sum[:])
	clear(sum[:])
	return hash
}

// Pad fills a normalised PIN up with zeros, as a new PIN is sent.
func Pad(pin *mfa.Secret) (padded [PaddedSize]byte) {
	copy(padded[:MaxPIN], pin.Bytes())
	return padded
}

// Unpad is the authenticator's side of Pad: the PIN without its zeros. What has not
// 64 bytes, or no zero at its end, is no PIN. How long it must be is judged by
// Normalise; an authenticator does not normalise.
func Unpad(padded []byte) (*mfa.Secret, bool) {
	pin := bytes.TrimRight(padded, "\x00")
	if len(padded) != PaddedSize || len(pin) > MaxPIN {
		return nil, false
	}
	return mfa.NewSecret(bytes.Clone(pin)), true
}
