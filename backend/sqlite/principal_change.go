package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// UpdatePrincipal implements mfa.PrincipalStore. Root has neither name nor path,
// and its label is the e-mail address.
func (s *Store) UpdatePrincipal(ctx context.Context, p mfa.Principal, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		h := p.Password
		n, err := t.exec(`UPDATE principals SET name = iif(kind = 'user', ?, name), path = iif(kind = 'user', ?, path),
			label_folded = iif(kind = 'user', ?, label_folded), password_salt = ?, password_hash = ?, password_time = ?,
			password_memory = ?, password_lanes = ?, password_at = ?, must_change = ?, version = version + 1 WHERE id = ? AND version = ?`,
			p.Name, p.Path, mfa.FoldName(p.Name), blob(h.Salt), blob(h.Hash), h.Time, h.MemoryKiB, h.Threads,
			audit.Micros(p.PasswordAt), p.MustChange, p.ID, p.Version)
		if isUnique(err) {
			return mfa.Fail(mfa.CodeNameTaken, "name", p.Name)
		}
		return t.hit(n, err, hasPrincipal, p.ID, "principal")
	})
}

// PasswordAccepted implements mfa.PrincipalStore.
func (s *Store) PasswordAccepted(ctx context.Context, key []byte, id string, deadline time.Time, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		n, err := t.exec(`UPDATE principals SET password_used_at = ?, mfa_deadline = iif(mfa_deadline = 0, ?, mfa_deadline)
			WHERE id = ?`, audit.Micros(e.At), audit.Micros(deadline), id)
		if err != nil {
			return err
		}
		if n == 0 {
			return notFound("principal")
		}
		_, err = t.exec(forgetGuesses, blob(key))
		return err
	})
}

// RemovePrincipal implements mfa.PrincipalStore. What hangs on the user without
// being a device goes with the row, by the schema.
func (s *Store) RemovePrincipal(ctx context.Context, id string, version int64, withDevices bool, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		if err := mayRemove(t, id, version, withDevices); err != nil {
			return err
		}
		for _, text := range []string{
			"DELETE FROM devices WHERE principal_id = ? AND kind <> 'token'",
			forgetDrift + "IN (SELECT number FROM devices WHERE principal_id = ?)",
			unassign + "WHERE principal_id = ?",
			"DELETE FROM principals WHERE id = ?",
		} {
			if _, err := t.exec(text, id); err != nil {
				return err
			}
		}
		return nil
	})
}

func mayRemove(t tx, id string, version int64, withDevices bool) error {
	var kind mfa.PrincipalKind
	var now int64
	var devices bool
	err := t.get("SELECT kind, version, EXISTS (SELECT 1 FROM devices WHERE principal_id = ?1) FROM principals WHERE id = ?1",
		[]any{id}, &kind, &now, &devices)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return notFound("principal")
	case err != nil:
		return err
	case kind == mfa.Root:
		return mfa.Fail(mfa.CodeAccessDenied)
	case now != version:
		return mfa.Fail(mfa.CodeConflict)
	case devices && !withDevices:
		return mfa.Fail(mfa.CodeDeleteConflict, "what", "devices")
	}
	return nil
}
