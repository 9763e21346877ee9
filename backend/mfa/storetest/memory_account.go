package storetest

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// CreateAccount implements mfa.AccountStore.
func (m *Memory) CreateAccount(ctx context.Context, a mfa.Account, root mfa.Principal, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		if m.account != nil {
			return mfa.Fail(mfa.CodeAccountExists)
		}
		a.FrozenAt, a.CreatedAt, a.Version = whole(a.FrozenAt), whole(a.CreatedAt), 1
		m.account = &a
		m.principals = append(m.principals, newPrincipal(root))
		return nil
	})
}

// Account implements mfa.AccountStore.
func (m *Memory) Account(ctx context.Context) (mfa.Account, error) {
	return read(ctx, m, func() (mfa.Account, error) {
		if m.account == nil {
			return mfa.Account{}, mfa.Fail(mfa.CodeNoAccount)
		}
		return *m.account, nil
	})
}

// UpdateAccount implements mfa.AccountStore.
func (m *Memory) UpdateAccount(ctx context.Context, a mfa.Account, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		switch now := m.account; {
		case now == nil:
			return mfa.Fail(mfa.CodeNoAccount)
		case a.RPID != now.RPID && !now.FrozenAt.IsZero():
			return mfa.Fail(mfa.CodeRPIDFrozen)
		case a.Version != now.Version:
			return mfa.Fail(mfa.CodeConflict)
		}
		m.account.Alias, m.account.RPID, m.account.Settings = a.Alias, a.RPID, a.Settings
		m.account.Version++
		return nil
	})
}

// HighestTime implements mfa.AccountStore.
func (m *Memory) HighestTime(ctx context.Context) (time.Time, error) {
	return read(ctx, m, func() (time.Time, error) { return m.highest, nil })
}
