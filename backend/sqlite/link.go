package sqlite

import (
	"context"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// SaveLink implements mfa.LinkStore. Of what rings the phone only the sealed form
// is kept.
func (s *Store) SaveLink(ctx context.Context, l mfa.LinkedPhone, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		if err := t.must(hasPrincipal, l.PrincipalID, "principal"); err != nil {
			return err
		}
		if _, err := t.exec("DELETE FROM linked_phones WHERE principal_id = ? AND public_key = ?", l.PrincipalID, blob(l.PublicKey)); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO linked_phones (id, principal_id, name, sealed, public_key, tunnel_server, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, l.ID, l.PrincipalID, l.Name, blob(l.Sealed), blob(l.PublicKey), l.TunnelServer, audit.Micros(l.CreatedAt))
		return err
	})
}

// Links implements mfa.LinkStore.
func (s *Store) Links(ctx context.Context, principalID string) ([]mfa.LinkedPhone, error) {
	return many(ctx, s, scanLink, `SELECT id, principal_id, name, sealed, public_key, tunnel_server, created_at
		FROM linked_phones WHERE principal_id = ? ORDER BY created_at DESC, number DESC`, principalID)
}

func scanLink(r row) (l mfa.LinkedPhone, err error) {
	var created int64
	err = r.Scan(&l.ID, &l.PrincipalID, &l.Name, &l.Sealed, &l.PublicKey, &l.TunnelServer, &created)
	l.CreatedAt = audit.FromMicros(created)
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
