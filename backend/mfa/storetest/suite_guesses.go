package storetest

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func guessKey(n int) []byte {
	k := sha256.Sum256(fmt.Append(nil, n))
	return k[:]
}

func testGuesses(t *testing.T, b *bench) {
	ctx := t.Context()
	refused, right := event(mfa.EventSignInRefused), event(mfa.EventSignInPassword)
	has := func(key int, want mfa.Guesses) {
		b.Helper()
		b.same(fmt.Sprint("guesses of ", key), found[mfa.Guesses](b)(b.Guesses(ctx, guessKey(key))), want)
	}
	has(1, mfa.Guesses{})
	b.must(b.RecordGuesses(ctx, guessKey(1), mfa.Guesses{Count: 1}, refused))
	b.logged(mfa.EventSignInRefused)
	b.must(b.RecordGuesses(ctx, guessKey(2), mfa.Guesses{Count: 5, LockedTill: at(3)}, refused))
	has(1, mfa.Guesses{Count: 1})
	has(2, mfa.Guesses{Count: 5, LockedTill: at(3)})
	b.must(b.RecordGuesses(ctx, guessKey(2), mfa.Guesses{Count: 6, LockedTill: at(4)}, refused))
	has(2, mfa.Guesses{Count: 6, LockedTill: at(4)})
	b.must(b.RecordGuesses(ctx, guessKey(1), mfa.Guesses{}, right))
	b.logged(mfa.EventSignInPassword)
	has(1, mfa.Guesses{})
	b.must(b.RecordGuesses(ctx, guessKey(1), mfa.Guesses{}, right)) // nothing to forget
	has(2, mfa.Guesses{Count: 6, LockedTill: at(4)})
	for _, key := range [][]byte{nil, {}, guessKey(1)[:31], append(guessKey(1), 0)} {
		b.refuses(mfa.CodeInvalidInput, func() error { return b.RecordGuesses(ctx, key, mfa.Guesses{Count: 1}, refused) })
	}
	before := len(b.trail())

	// Full: key 2 is locked, 10, 11, 12... are not and were recorded in this order,
	// except that 10 was recorded once more.
	for n := range mfa.MaxGuessed - 1 {
		b.must(b.RecordGuesses(ctx, guessKey(10+n), mfa.Guesses{Count: 1, LockedTill: day}, refused))
	}
	b.must(b.RecordGuesses(ctx, guessKey(10), mfa.Guesses{Count: 2}, refused))
	has(11, mfa.Guesses{Count: 1, LockedTill: day})
	b.must(b.RecordGuesses(ctx, guessKey(3), mfa.Guesses{Count: 1}, refused))
	has(11, mfa.Guesses{})
	has(12, mfa.Guesses{Count: 1, LockedTill: day})
	has(10, mfa.Guesses{Count: 2})
	has(3, mfa.Guesses{Count: 1})
	has(2, mfa.Guesses{Count: 6, LockedTill: at(4)})
	later := refused
	later.At = at(4) // the lock of 2 has ended, and it is the oldest
	b.must(b.RecordGuesses(ctx, guessKey(4), mfa.Guesses{Count: 1}, later))
	has(2, mfa.Guesses{})
	has(12, mfa.Guesses{Count: 1, LockedTill: day})
	if n := len(b.trail()) - before; n != mfa.MaxGuessed+2 {
		b.Errorf("%d events", n)
	}
}
