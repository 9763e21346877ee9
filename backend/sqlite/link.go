package sqlite

import (
	"context"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// SaveLink implements mfa.LinkStore.
func (s *Store) SaveLink(ctx context.Context, l mfa.LinkedPhone, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		there, err := t.has("SELECT 1 FROM principals WHERE id = ?", l.PrincipalID)
		if err != nil {
			return err
		}
		if !there {
			return notFound("principal")
		}
		if _, err := t.exec("DELETE FROM linked_phones WHERE principal_id = ? AND public_key = ?", l.PrincipalID, blob(l.PublicKey)); err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO linked_phones (id, principal_id, name, contact_id, link_id, secret, public_key, tunnel_server, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, l.ID, l.PrincipalID, l.Name, blob(l.ContactID), blob(l.LinkID),
			blob(l.Secret.Bytes()), blob(l.PublicKey), l.TunnelServer, audit.Micros(l.CreatedAt))
		return err
	})
}

// Links implements mfa.LinkStore.
func (s *Store) Links(ctx context.Context, principalID string) ([]mfa.LinkedPhone, error) {
	return many(ctx, s, scanLink, `SELECT id, principal_id, name, contact_id, link_id, secret, public_key, tunnel_server, created_at
		FROM linked_phones WHERE principal_id = ? ORDER BY created_at DESC, number DESC`, principalID)
}

func scanLink(r row) (l mfa.LinkedPhone, err error) {
	var secret []byte
	var created int64
	err = r.Scan(&l.ID, &l.PrincipalID, &l.Name, &l.ContactID, &l.LinkID, &secret, &l.PublicKey, &l.TunnelServer, &created)
	l.Secret, l.CreatedAt = mfa.NewSecret(secret), audit.FromMicros(created)
	return l, err
}

// RemoveLink implements mfa.LinkStore.
func (s *Store) RemoveLink(ctx context.Context, id string, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		n, err := t.exec("DELETE FROM linked_phones WHERE id = ?", id)
		if err == nil && n == 0 {
			return notFound("phone")
		}
		return err
	})
}
