package storetest

import (
	"bytes"
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

type recoveryCode struct {
	principalID string
	mfa.RecoveryCode
}

// ReplaceRecoveryCodes implements mfa.RecoveryStore.
func (m *Memory) ReplaceRecoveryCodes(ctx context.Context, principalID string, codes []mfa.RecoveryCode, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		if m.principalIndex(principalID) < 0 {
			return notFound("principal")
		}
		m.codes = slices.DeleteFunc(m.codes, func(c recoveryCode) bool { return c.principalID == principalID })
		for _, c := range codes {
			c.Sealed, c.UsedAt = bytes.Clone(c.Sealed), whole(c.UsedAt)
			m.codes = append(m.codes, recoveryCode{principalID, c})
		}
		return nil
	})
}

// RecoveryCodes implements mfa.RecoveryStore.
func (m *Memory) RecoveryCodes(ctx context.Context, principalID string) ([]mfa.RecoveryCode, error) {
	return read(ctx, m, func() ([]mfa.RecoveryCode, error) {
		var found []mfa.RecoveryCode
		for _, c := range m.codes {
			if c.principalID == principalID {
				c.Sealed = bytes.Clone(c.Sealed)
				found = append(found, c.RecoveryCode)
			}
		}
		return found, nil
	})
}

// UseRecoveryCode implements mfa.RecoveryStore.
func (m *Memory) UseRecoveryCode(ctx context.Context, id string, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		i := slices.IndexFunc(m.codes, func(c recoveryCode) bool { return c.ID == id })
		if i < 0 {
			return notFound("code")
		}
		if !m.codes[i].UsedAt.IsZero() {
			return mfa.Fail(mfa.CodeRecoveryCodeUsed)
		}
		m.codes[i].UsedAt = whole(e.At)
		return nil
	})
}
