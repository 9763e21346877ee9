package sqlite

import (
	"context"
	"errors"
	"strconv"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

const selectLocal = "SELECT credential_id, rp_id, rp_name, user_handle, user_name, user_display_name, algorithm, public, private, discoverable, created_at FROM local_passkeys "

func scanLocal(r row) (p mfa.LocalPasskey, err error) {
	var created int64
	err = r.Scan(&p.ID, &p.RPID, &p.RPName, &p.UserHandle, &p.UserName, &p.UserDisplayName, &p.Algorithm, &p.Public, &p.Private, &p.Discoverable, &created)
	p.CreatedAt = audit.FromMicros(created)
	return p, err
}

// LocalPasskeys implements mfa.LocalStore.
func (s *Store) LocalPasskeys(ctx context.Context, rpID string) ([]mfa.LocalPasskey, error) {
	const order = " ORDER BY created_at DESC, number DESC"
	if rpID == "" {
		return many(ctx, s, scanLocal, selectLocal+order)
	}
	return many(ctx, s, scanLocal, selectLocal+"WHERE rp_id = ?"+order, rpID)
}

// LocalPasskey implements mfa.LocalStore.
func (s *Store) LocalPasskey(ctx context.Context, credentialID []byte) (mfa.LocalPasskey, error) {
	return one(ctx, s, notFound("passkey"), scanLocal, selectLocal+"WHERE credential_id = ?", blob(credentialID))
}

// PutLocalPasskey implements mfa.LocalStore.
func (s *Store) PutLocalPasskey(ctx context.Context, p mfa.LocalPasskey) error {
	return s.transact(ctx, func(t tx) error {
		if len(p.ID) == 0 || p.RPID == "" || len(p.UserHandle) == 0 {
			return mfa.Fail(mfa.CodeInvalidInput, "field", "passkey")
		}
		there, err := t.has("SELECT 1 FROM local_passkeys WHERE credential_id = ?", p.ID)
		if err == nil && there {
			err = mfa.Fail(mfa.CodeCredentialRegistered)
		}
		if err == nil && p.Discoverable {
			_, err = t.exec("DELETE FROM local_passkeys WHERE discoverable = 1 AND rp_id = ? AND user_handle = ?", p.RPID, p.UserHandle)
		}
		var n int
		if err == nil {
			err = t.get("SELECT count(*) FROM local_passkeys", nil, &n)
		}
		if err == nil && n >= mfa.MaxLocalPasskeys {
			err = mfa.Fail(mfa.CodeAuthenticatorFull, "max", strconv.Itoa(mfa.MaxLocalPasskeys))
		}
		if err != nil {
			return err
		}
		_, err = t.exec("INSERT INTO local_passkeys (credential_id, rp_id, rp_name, user_handle, user_name, user_display_name, algorithm, public, private, discoverable, created_at) "+
			"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", p.ID, p.RPID, p.RPName, p.UserHandle, p.UserName, p.UserDisplayName, p.Algorithm,
			blob(p.Public), blob(p.Private), p.Discoverable, audit.Micros(p.CreatedAt))
		return err
	})
}

// RenameLocalPasskey implements mfa.LocalStore.
func (s *Store) RenameLocalPasskey(ctx context.Context, credentialID []byte, name, displayName string) error {
	return s.changeLocal(ctx, "UPDATE local_passkeys SET user_name = ?, user_display_name = ? WHERE credential_id = ?", name, displayName, blob(credentialID))
}

// RemoveLocalPasskey implements mfa.LocalStore.
func (s *Store) RemoveLocalPasskey(ctx context.Context, credentialID []byte) error {
	return s.changeLocal(ctx, "DELETE FROM local_passkeys WHERE credential_id = ?", blob(credentialID))
}

// changeLocal changes the one passkey that the statement names.
func (s *Store) changeLocal(ctx context.Context, statement string, args ...any) error {
	return s.transact(ctx, func(t tx) error {
		n, err := t.exec(statement, args...)
		if err == nil && n == 0 {
			return notFound("passkey")
		}
		return err
	})
}

// LocalState implements mfa.LocalStore.
func (s *Store) LocalState(ctx context.Context) (mfa.LocalState, error) {
	none := notFound("state")
	state, err := one(ctx, s, none, func(r row) (l mfa.LocalState, err error) {
		var set int64
		err = r.Scan(&l.Parent, &l.PINPublic, &l.PINPrivate, &set)
		l.PINSetAt = audit.FromMicros(set)
		return l, err
	}, "SELECT parent, pin_public, pin_private, pin_set_at FROM local_state")
	if errors.Is(err, none) {
		return mfa.LocalState{}, nil
	}
	return state, err
}

// PutLocalState implements mfa.LocalStore.
func (s *Store) PutLocalState(ctx context.Context, l mfa.LocalState) error {
	return s.transact(ctx, func(t tx) error {
		_, err := t.exec("INSERT OR REPLACE INTO local_state (one, parent, pin_public, pin_private, pin_set_at) VALUES (1, ?, ?, ?, ?)",
			blob(l.Parent), blob(l.PINPublic), blob(l.PINPrivate), audit.Micros(l.PINSetAt))
		return err
	})
}

// ResetLocal implements mfa.LocalStore.
func (s *Store) ResetLocal(ctx context.Context) error {
	return s.transact(ctx, func(t tx) error {
		for _, text := range []string{"DELETE FROM local_passkeys", "DELETE FROM local_state"} {
			if _, err := t.exec(text); err != nil {
				return err
			}
		}
		return nil
	})
}
