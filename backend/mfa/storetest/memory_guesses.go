package storetest

import (
	"bytes"
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

type guessed struct {
	key []byte
	mfa.Guesses
}

// Guesses implements mfa.GuessStore.
func (m *Memory) Guesses(ctx context.Context, key []byte) (mfa.Guesses, error) {
	return read(ctx, m, func() (mfa.Guesses, error) {
		if i := slices.IndexFunc(m.guesses, isKey(key)); i >= 0 {
			return m.guesses[i].Guesses, nil
		}
		return mfa.Guesses{}, nil
	})
}

// RecordGuesses implements mfa.GuessStore.
func (m *Memory) RecordGuesses(ctx context.Context, key []byte, g mfa.Guesses, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		if len(key) != 32 {
			return mfa.Fail(mfa.CodeInvalidInput, "field", "key")
		}
		m.guesses = slices.DeleteFunc(m.guesses, isKey(key))
		if g.Count == 0 {
			return nil
		}
		if len(m.guesses) >= mfa.MaxGuessed {
			oldest := slices.IndexFunc(m.guesses, func(o guessed) bool { return !o.LockedTill.After(whole(e.At)) })
			oldest = max(oldest, 0)
			m.guesses = slices.Delete(m.guesses, oldest, oldest+1)
		}
		g.LockedTill = whole(g.LockedTill)
		m.guesses = append(m.guesses, guessed{bytes.Clone(key), g})
		return nil
	})
}

func isKey(key []byte) func(guessed) bool {
	return func(g guessed) bool { return bytes.Equal(g.key, key) }
}
