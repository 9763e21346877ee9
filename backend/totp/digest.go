package totp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Digest stands for a seed while many are compared with one another.
type Digest [sha256.Size]byte

// NewDigester gives a function that maps seeds to digests (HMAC-SHA-256 under a random
// key that only it knows): equal seeds to equal ones, and nobody who finds a digest can
// try seeds on it. Digests of two digesters have nothing to do with one another.
func NewDigester() func(seed *mfa.Secret) Digest {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	h := hmac.New(sha256.New, key)
	return func(seed *mfa.Secret) (d Digest) {
		h.Reset()
		h.Write(seed.Bytes())
		h.Sum(d[:0])
		return d
	}
}
