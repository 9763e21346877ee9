package seedfile

import (
	"bytes"
	"context"
	stdpbkdf2 "crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestPBKDF2IsThatOfTheStandardLibrary(t *testing.T) {
	for name, h := range map[string]func() hash.Hash{"SHA-1": sha1.New, "SHA-256": sha256.New, "SHA-512": sha512.New} {
		for _, length := range []int{16, 24, 32} {
			for _, iterations := range []int{1, 2, 1000} {
				want, err := stdpbkdf2.Key(h, "qwerty", []byte("saltsalt"), iterations, length)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := pbkdf2(t.Context(), h, []byte("qwerty"), []byte("saltsalt"), iterations, length); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, %d iterations, %d bytes: %v", name, iterations, length, err)
				}
			}
		}
	}
}

func TestPBKDF2CanBeStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pbkdf2(ctx, sha1.New, []byte("p"), []byte("s"), MaxIterations, 16); !mfa.IsCode(err, mfa.CodeCancelled) {
		t.Error(err)
	}
}
