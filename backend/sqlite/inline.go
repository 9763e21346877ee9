package sqlite

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
)

// holder is where what belongs to a user or to a group names its owner.
type holder struct{ column, exists, what, id string }

// holderOf fails with invalid-input unless exactly one owner is named.
func holderOf(principalID, groupID string) (holder, error) {
	switch {
	case (principalID == "") == (groupID == ""):
		return holder{}, mfa.Fail(mfa.CodeInvalidInput, "field", "attachment")
	case groupID != "":
		return holder{"group_id", hasGroup, "group", groupID}, nil
	}
	return holder{"principal_id", hasPrincipal, "principal", principalID}, nil
}

// PutInline implements mfa.AccessStore.
func (s *Store) PutInline(ctx context.Context, p mfa.InlinePolicy, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		h, err := holderOf(p.PrincipalID, p.GroupID)
		if err != nil {
			return err
		}
		if err := t.must(h.exists, h.id, h.what); err != nil {
			return err
		}
		n, err := t.exec("UPDATE inline_policies SET document = ? WHERE name_folded = ? AND "+h.column+" = ?", p.Document, mfa.FoldName(p.Name), h.id)
		if err != nil || n > 0 {
			return err
		}
		var has int
		if err := t.get("SELECT count(*) FROM inline_policies WHERE "+h.column+" = ?", []any{h.id}, &has); err != nil {
			return err
		}
		if has >= mfa.MaxInline {
			return policyLimit(mfa.MaxInline)
		}
		_, err = t.exec("INSERT INTO inline_policies (name, name_folded, document, "+h.column+") VALUES (?, ?, ?, ?)",
			p.Name, mfa.FoldName(p.Name), p.Document, h.id)
		return err
	})
}

// RemoveInline implements mfa.AccessStore.
func (s *Store) RemoveInline(ctx context.Context, p mfa.InlinePolicy, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		h, err := holderOf(p.PrincipalID, p.GroupID)
		if err != nil {
			return err
		}
		n, err := t.exec("DELETE FROM inline_policies WHERE name_folded = ? AND "+h.column+" = ?", mfa.FoldName(p.Name), h.id)
		if err == nil && n == 0 {
			return notFound("policy")
		}
		return err
	})
}

// InlinePolicies implements mfa.AccessStore.
func (s *Store) InlinePolicies(ctx context.Context, owner mfa.InlinePolicy) ([]mfa.InlinePolicy, error) {
	h, err := holderOf(owner.PrincipalID, owner.GroupID)
	if err != nil {
		return nil, err
	}
	return many(ctx, s, func(r row) (p mfa.InlinePolicy, err error) {
		return p, r.Scan(&p.PrincipalID, &p.GroupID, &p.Name, &p.Document)
	}, `SELECT ifnull(principal_id, ''), ifnull(group_id, ''), name, document FROM inline_policies WHERE `+h.column+` = ? ORDER BY name_folded`, h.id)
}
