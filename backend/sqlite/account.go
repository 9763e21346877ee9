package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// CreateAccount implements mfa.AccountStore.
func (s *Store) CreateAccount(ctx context.Context, a mfa.Account, root mfa.Principal, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		there, err := t.has("SELECT 1 FROM accounts")
		if err != nil {
			return err
		}
		if there {
			return mfa.Fail(mfa.CodeAccountExists)
		}
		_, err = t.exec("INSERT INTO accounts (id, alias, rp_id, frozen_at, sandbox, created_at, version) VALUES (?, ?, ?, ?, ?, ?, 1)",
			a.ID, a.Alias, a.RPID, audit.Micros(a.FrozenAt), a.Sandbox, audit.Micros(a.CreatedAt))
		if err != nil {
			return err
		}
		return insertPrincipal(t, root)
	})
}

// Account implements mfa.AccountStore.
func (s *Store) Account(ctx context.Context) (mfa.Account, error) {
	return one(ctx, s, mfa.Fail(mfa.CodeNoAccount), func(r row) (a mfa.Account, err error) {
		var frozen, created int64
		err = r.Scan(&a.ID, &a.Alias, &a.RPID, &frozen, &a.Sandbox, &created, &a.Version)
		a.FrozenAt, a.CreatedAt = audit.FromMicros(frozen), audit.FromMicros(created)
		return a, err
	}, "SELECT id, alias, rp_id, frozen_at, sandbox, created_at, version FROM accounts")
}

// UpdateAccount implements mfa.AccountStore.
func (s *Store) UpdateAccount(ctx context.Context, a mfa.Account, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		var rpID string
		var frozen, version int64
		err := t.get("SELECT rp_id, frozen_at, version FROM accounts", nil, &rpID, &frozen, &version)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return mfa.Fail(mfa.CodeNoAccount)
		case err != nil:
			return err
		case a.RPID != rpID && frozen != 0:
			return mfa.Fail(mfa.CodeRPIDFrozen)
		case a.Version != version:
			return mfa.Fail(mfa.CodeConflict)
		}
		_, err = t.exec("UPDATE accounts SET alias = ?, rp_id = ?, version = version + 1", a.Alias, a.RPID)
		return err
	})
}
