package storetest

import (
	"bytes"
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// KeySlots implements mfa.VaultStore.
func (m *Memory) KeySlots(ctx context.Context) ([]mfa.KeySlot, error) {
	return read(ctx, m, func() ([]mfa.KeySlot, error) {
		var found []mfa.KeySlot
		for _, s := range m.slots {
			found = append(found, cloneSlot(s))
		}
		slices.SortStableFunc(found, func(a, b mfa.KeySlot) int { return a.CreatedAt.Compare(b.CreatedAt) })
		return found, nil
	})
}

// ReplaceKeySlots implements mfa.VaultStore.
func (m *Memory) ReplaceKeySlots(ctx context.Context, gone []string, slots []mfa.KeySlot, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		for _, id := range gone {
			if !slices.ContainsFunc(m.slots, func(s mfa.KeySlot) bool { return s.ID == id }) {
				return mfa.Fail(mfa.CodeConflict)
			}
		}
		m.slots = slices.DeleteFunc(m.slots, func(s mfa.KeySlot) bool { return slices.Contains(gone, s.ID) })
		for _, s := range slots {
			s = cloneSlot(s)
			s.CreatedAt = whole(s.CreatedAt)
			m.slots = append(m.slots, s)
		}
		return nil
	})
}

func cloneSlot(s mfa.KeySlot) mfa.KeySlot {
	s.Params, s.Wrapped = bytes.Clone(s.Params), bytes.Clone(s.Wrapped)
	return s
}
