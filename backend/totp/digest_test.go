package totp

import (
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestDigests(t *testing.T) {
	hash, other := NewDigester(), NewDigester()
	seed := func(s string) *mfa.Secret { return mfa.NewSecret([]byte(s)) }
	if hash(seed("one")) != hash(seed("one")) {
		t.Error("one seed has two digests")
	}
	if hash(seed("one")) == hash(seed("two")) || hash(seed("one")) == hash(seed("")) {
		t.Error("two seeds have one digest")
	}
	if hash(seed("one")) == other(seed("one")) {
		t.Error("the digest does not depend on the key")
	}
}
