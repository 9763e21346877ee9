package sqlite

import (
	"cmp"
	"context"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// ReplaceRecoveryCodes implements mfa.RecoveryStore.
func (s *Store) ReplaceRecoveryCodes(ctx context.Context, principalID string, codes []mfa.RecoveryCode, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		if err := t.must(hasPrincipal, principalID, "principal"); err != nil {
			return err
		}
		if _, err := t.exec("DELETE FROM recovery_codes WHERE principal_id = ?", principalID); err != nil {
			return err
		}
		for _, c := range codes {
			_, err := t.exec("INSERT INTO recovery_codes (id, principal_id, sealed, used_at) VALUES (?, ?, ?, ?)",
				c.ID, principalID, blob(c.Sealed), audit.Micros(c.UsedAt))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// RecoveryCodes implements mfa.RecoveryStore, in the order in which they were made.
func (s *Store) RecoveryCodes(ctx context.Context, principalID string) ([]mfa.RecoveryCode, error) {
	return many(ctx, s, func(r row) (c mfa.RecoveryCode, err error) {
		var used int64
		err = r.Scan(&c.ID, &c.Sealed, &used)
		c.UsedAt = audit.FromMicros(used)
		return c, err
	}, "SELECT id, sealed, used_at FROM recovery_codes WHERE principal_id = ? ORDER BY number", principalID)
}

// UseRecoveryCode implements mfa.RecoveryStore. An event without a time must not
// leave the code unused.
func (s *Store) UseRecoveryCode(ctx context.Context, id string, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		n, err := t.exec("UPDATE recovery_codes SET used_at = ? WHERE id = ? AND used_at = 0", cmp.Or(audit.Micros(e.At), 1), id)
		if err != nil || n == 1 {
			return err
		}
		if err := t.must("SELECT 1 FROM recovery_codes WHERE id = ?", id, "code"); err != nil {
			return err
		}
		return mfa.Fail(mfa.CodeRecoveryCodeUsed)
	})
}
