package sqlite

import (
	"context"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// KeySlots implements mfa.VaultStore.
func (s *Store) KeySlots(ctx context.Context) ([]mfa.KeySlot, error) {
	return many(ctx, s, func(r row) (k mfa.KeySlot, err error) {
		var created int64
		err = r.Scan(&k.ID, &k.Kind, &k.Params, &k.Wrapped, &created)
		k.CreatedAt = audit.FromMicros(created)
		return k, err
	}, "SELECT id, kind, params, wrapped, created_at FROM key_slots ORDER BY created_at, number")
}

// ReplaceKeySlots implements mfa.VaultStore.
func (s *Store) ReplaceKeySlots(ctx context.Context, gone []string, slots []mfa.KeySlot, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		for _, id := range gone {
			n, err := t.exec("DELETE FROM key_slots WHERE id = ?", id)
			if err != nil {
				return err
			}
			if n == 0 {
				return mfa.Fail(mfa.CodeConflict)
			}
		}
		for _, k := range slots {
			_, err := t.exec("INSERT INTO key_slots (id, kind, params, wrapped, created_at) VALUES (?, ?, ?, ?, ?)",
				k.ID, string(k.Kind), blob(k.Params), blob(k.Wrapped), audit.Micros(k.CreatedAt))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
