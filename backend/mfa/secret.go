package mfa

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Secret holds sensitive bytes (a password, a link secret, a seed). It prints
// as a fixed word everywhere and can be wiped. It is not safe for concurrent
// use with Wipe.
type Secret struct{ b []byte }

const redacted = "[secret]"

// NewSecret takes the bytes over: src is copied and then zeroed.
func NewSecret(src []byte) *Secret {
	s := &Secret{b: make([]byte, len(src))}
	copy(s.b, src)
	clear(src)
	return s
}

// Bytes lends the bytes. The caller must not keep or change them.
func (s *Secret) Bytes() []byte {
	if s == nil {
		return nil
	}
	return s.b
}

// Len is the number of bytes; 0 after Wipe.
func (s *Secret) Len() int { return len(s.Bytes()) }

// Wipe zeroes the bytes and forgets them. It may be called twice.
func (s *Secret) Wipe() {
	if s != nil {
		clear(s.b)
		s.b = nil
	}
}

// Equal compares in constant time. A nil or wiped secret equals nothing.
func (s *Secret) Equal(o *Secret) bool {
	return s.Len() > 0 && subtle.ConstantTimeCompare(s.Bytes(), o.Bytes()) == 1
}

// Format never shows the bytes, whatever the verb, and also when a Secret is
// printed by value.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String never shows the bytes.
func (s *Secret) String() string { return redacted }

// MarshalText never shows the bytes, so JSON and text logs cannot either.
func (s *Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue never shows the bytes.
func (s *Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
