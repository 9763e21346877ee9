package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

const accountColumns = `id, alias, rp_id, frozen_at, sandbox, created_at, version, root_grace_days, require_users, user_grace_days,
	passwordless, idle_minutes, password_length, password_upper, password_lower, password_digit, password_symbol, rule_out_hello, users_any_device`

// CreateAccount implements mfa.AccountStore.
func (s *Store) CreateAccount(ctx context.Context, a mfa.Account, root mfa.Principal, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		there, err := t.has(hasAccount)
		if err != nil {
			return err
		}
		if there {
			return mfa.Fail(mfa.CodeAccountExists)
		}
		_, err = t.exec("INSERT INTO accounts ("+accountColumns+") VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			append([]any{a.ID, a.Alias, a.RPID, audit.Micros(a.FrozenAt), a.Sandbox, audit.Micros(a.CreatedAt)}, settings(a.Settings)...)...)
		if err != nil {
			return err
		}
		return insertPrincipal(t, root)
	})
}

// settings are the values of the columns from root_grace_days on.
func settings(s mfa.Settings) []any {
	p := s.Passwords
	return []any{s.RootGraceDays, s.RequireForUser, s.UserGraceDays, s.Passwordless, s.IdleMinutes, p.MinLength, p.Upper, p.Lower, p.Digit, p.Symbol, s.RuleOutHello, s.NewUsersAnyDevice}
}

// Account implements mfa.AccountStore.
func (s *Store) Account(ctx context.Context) (mfa.Account, error) {
	return one(ctx, s, mfa.Fail(mfa.CodeNoAccount), func(r row) (a mfa.Account, err error) {
		var frozen, created int64
		set := &a.Settings
		p := &set.Passwords
		err = r.Scan(&a.ID, &a.Alias, &a.RPID, &frozen, &a.Sandbox, &created, &a.Version, &set.RootGraceDays, &set.RequireForUser,
			&set.UserGraceDays, &set.Passwordless, &set.IdleMinutes, &p.MinLength, &p.Upper, &p.Lower, &p.Digit, &p.Symbol, &set.RuleOutHello, &set.NewUsersAnyDevice)
		a.FrozenAt, a.CreatedAt = audit.FromMicros(frozen), audit.FromMicros(created)
		return a, err
	}, "SELECT "+accountColumns+" FROM accounts")
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
		_, err = t.exec(`UPDATE accounts SET alias = ?, rp_id = ?, version = version + 1, root_grace_days = ?, require_users = ?,
			user_grace_days = ?, passwordless = ?, idle_minutes = ?, password_length = ?, password_upper = ?, password_lower = ?,
			password_digit = ?, password_symbol = ?, rule_out_hello = ?, users_any_device = ?`, append([]any{a.Alias, a.RPID}, settings(a.Settings)...)...)
		return err
	})
}
