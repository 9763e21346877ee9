package vault

import (
	"crypto/rand"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Loose is a vault over a data key alone, with no slots and no store behind it: how a
// backup is rehearsed. It takes its own copy of the key, and Close wipes it. With nil
// it stays locked. vault-damaged when the key has a wrong size.
func Loose(key *mfa.Secret) (*Vault, error) {
	v := New(Config{Rand: rand.Reader})
	if key == nil {
		return v, nil
	}
	if err := v.unlocked(copyOf(key)); err != nil {
		return nil, err
	}
	return v, nil
}
