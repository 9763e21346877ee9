package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

const forgetGuesses = "DELETE FROM guesses WHERE key = ?"

// Guesses implements mfa.GuessStore.
func (s *Store) Guesses(ctx context.Context, key []byte) (mfa.Guesses, error) {
	return one(ctx, s, nil, func(r row) (g mfa.Guesses, err error) {
		var locked int64
		err = r.Scan(&g.Count, &locked)
		if errors.Is(err, sql.ErrNoRows) {
			return mfa.Guesses{}, nil
		}
		g.LockedTill = audit.FromMicros(locked)
		return g, err
	}, "SELECT count, locked_till FROM guesses WHERE key = ?", blob(key))
}

// RecordGuesses implements mfa.GuessStore. The row is made anew each time, so
// that it stands behind those that were recorded before it.
func (s *Store) RecordGuesses(ctx context.Context, key []byte, g mfa.Guesses, e mfa.Event) error {
	if len(key) != 32 {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "key")
	}
	return s.change(ctx, e, func(t tx) error {
		if _, err := t.exec(forgetGuesses, key); err != nil || g.Count == 0 {
			return err
		}
		// Before the insert, so that the new row is not among those that may go.
		_, err := t.exec(`DELETE FROM guesses WHERE number IN (SELECT number FROM guesses ORDER BY locked_till > ?, number
			LIMIT max(0, (SELECT count(*) FROM guesses) - ?))`, audit.Micros(e.At), mfa.MaxGuessed-1)
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO guesses (number, key, count, locked_till)
			VALUES ((SELECT ifnull(max(number), 0) + 1 FROM guesses), ?, ?, ?)`, key, g.Count, audit.Micros(g.LockedTill))
		return err
	})
}
