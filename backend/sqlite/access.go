package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/keyferry/keyferry/backend/mfa"
)

// AddGroup implements mfa.AccessStore.
func (s *Store) AddGroup(ctx context.Context, g mfa.Group, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		taken, err := t.has("SELECT 1 FROM groups WHERE name_folded = ?", mfa.FoldName(g.Name))
		if err != nil {
			return err
		}
		if taken {
			return mfa.Fail(mfa.CodeNameTaken, "name", g.Name)
		}
		_, err = t.exec("INSERT INTO groups (id, name, name_folded, path, version) VALUES (?, ?, ?, ?, 1)", g.ID, g.Name, mfa.FoldName(g.Name), g.Path)
		return err
	})
}

// RemoveGroup implements mfa.AccessStore.
func (s *Store) RemoveGroup(ctx context.Context, id string, version int64, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		n, err := t.exec("DELETE FROM groups WHERE id = ? AND version = ?", id, version)
		return t.hit(n, err, hasGroup, id, "group")
	})
}

// Groups implements mfa.AccessStore.
func (s *Store) Groups(ctx context.Context) ([]mfa.Group, error) {
	return many(ctx, s, func(r row) (g mfa.Group, err error) { return g, r.Scan(&g.ID, &g.Name, &g.Path, &g.Version) },
		"SELECT id, name, path, version FROM groups ORDER BY name_folded")
}

// SetMember implements mfa.AccessStore.
func (s *Store) SetMember(ctx context.Context, groupID, principalID string, in bool, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		if err := t.must(hasGroup, groupID, "group"); err != nil {
			return err
		}
		if err := t.must(hasPrincipal, principalID, "principal"); err != nil {
			return err
		}
		text := "DELETE FROM group_members WHERE group_id = ? AND principal_id = ?"
		if in {
			text = "INSERT INTO group_members (group_id, principal_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
		}
		_, err := t.exec(text, groupID, principalID)
		return err
	})
}

// SetAttached implements mfa.AccessStore.
func (s *Store) SetAttached(ctx context.Context, a mfa.Attachment, on bool, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error { return attach(t, a, on) })
}

func attach(t tx, a mfa.Attachment, on bool) error {
	h, err := holderOf(a.PrincipalID, a.GroupID)
	if err != nil {
		return err
	}
	if err := t.must(h.exists, h.id, h.what); err != nil {
		return err
	}
	var name string
	err = t.get("SELECT name FROM policies WHERE name_folded = ?", []any{mfa.FoldName(a.Policy)}, &name)
	if errors.Is(err, sql.ErrNoRows) {
		return notFound("policy")
	}
	if err != nil {
		return err
	}
	if !on {
		_, err := t.exec("DELETE FROM attachments WHERE policy = ? AND "+h.column+" = ?", name, h.id)
		return err
	}
	n, err := t.exec("INSERT INTO attachments (policy, "+h.column+") VALUES (?, ?) ON CONFLICT DO NOTHING", name, h.id)
	if err != nil || n == 0 {
		return err
	}
	var has int
	if err := t.get("SELECT count(*) FROM attachments WHERE "+h.column+" = ?", []any{h.id}, &has); err != nil {
		return err
	}
	if has > mfa.MaxAttached {
		return policyLimit(mfa.MaxAttached)
	}
	return nil
}

// Members implements mfa.AccessStore.
func (s *Store) Members(ctx context.Context, groupID string) ([]string, error) {
	return many(ctx, s, func(r row) (id string, err error) { return id, r.Scan(&id) },
		"SELECT principal_id FROM group_members WHERE group_id = ?", groupID)
}

// PoliciesOf implements mfa.AccessStore.
func (s *Store) PoliciesOf(ctx context.Context, principalID string) ([]string, error) {
	return many(ctx, s, func(r row) (name string, err error) { return name, r.Scan(&name) },
		`SELECT policy FROM attachments WHERE principal_id = ?1 UNION
		SELECT a.policy FROM group_members m JOIN attachments a ON a.group_id = m.group_id WHERE m.principal_id = ?1 ORDER BY 1`, principalID)
}
