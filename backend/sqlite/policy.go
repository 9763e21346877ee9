package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

const selectPolicies = `SELECT name, path, built_in, created_at, updated_at, version, document,
	(SELECT count(*) FROM attachments a WHERE a.policy = p.name) FROM policies p `

const selectGranted = `SELECT '' AS through, p.name AS name, 0 AS inline, p.document FROM attachments a JOIN policies p ON p.name = a.policy WHERE a.principal_id = ?1
	UNION ALL SELECT '', name, 1, document FROM inline_policies WHERE principal_id = ?1
	UNION ALL SELECT g.name, p.name, 0, p.document FROM group_members m JOIN groups g ON g.id = m.group_id
		JOIN attachments a ON a.group_id = m.group_id JOIN policies p ON p.name = a.policy WHERE m.principal_id = ?1
	UNION ALL SELECT g.name, i.name, 1, i.document FROM group_members m JOIN groups g ON g.id = m.group_id
		JOIN inline_policies i ON i.group_id = m.group_id WHERE m.principal_id = ?1
	ORDER BY through, name, inline`

func scanPolicy(r row) (p mfa.Policy, err error) {
	var created, updated int64
	err = r.Scan(&p.Name, &p.Path, &p.BuiltIn, &created, &updated, &p.Version, &p.Document, &p.Attached)
	p.CreatedAt, p.UpdatedAt = audit.FromMicros(created), audit.FromMicros(updated)
	return p, err
}

// AddPolicy implements mfa.AccessStore.
func (s *Store) AddPolicy(ctx context.Context, p mfa.Policy, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		var taken bool
		var own int
		err := t.get("SELECT EXISTS (SELECT 1 FROM policies WHERE name_folded = ?), (SELECT count(*) FROM policies WHERE built_in = 0)",
			[]any{mfa.FoldName(p.Name)}, &taken, &own)
		switch {
		case err != nil:
			return err
		case taken:
			return mfa.Fail(mfa.CodeNameTaken, "name", p.Name)
		case own >= mfa.MaxPolicies:
			return policyLimit(mfa.MaxPolicies)
		}
		_, err = t.exec(`INSERT INTO policies (name, name_folded, path, built_in, created_at, updated_at, version, document)
			VALUES (?, ?, ?, 0, ?, ?, 1, ?)`, p.Name, mfa.FoldName(p.Name), p.Path, audit.Micros(p.CreatedAt), audit.Micros(p.UpdatedAt), p.Document)
		return err
	})
}

// UpdatePolicy implements mfa.AccessStore.
func (s *Store) UpdatePolicy(ctx context.Context, p mfa.Policy, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		name, err := changeable(t, p.Name, p.Version)
		if err != nil {
			return err
		}
		_, err = t.exec("UPDATE policies SET path = ?, document = ?, updated_at = ?, version = version + 1 WHERE name = ?",
			p.Path, p.Document, audit.Micros(p.UpdatedAt), name)
		return err
	})
}

// RemovePolicy implements mfa.AccessStore.
func (s *Store) RemovePolicy(ctx context.Context, name string, version int64, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		name, err := changeable(t, name, version)
		if err != nil {
			return err
		}
		attached, err := t.has("SELECT 1 FROM attachments WHERE policy = ?", name)
		if err != nil {
			return err
		}
		if attached {
			return mfa.Fail(mfa.CodeDeleteConflict, "what", "policy")
		}
		_, err = t.exec("DELETE FROM policies WHERE name = ?", name)
		return err
	})
}

// changeable gives the name of a policy, as it was created, of this version.
func changeable(t tx, anyCase string, version int64) (name string, err error) {
	var builtIn bool
	var now int64
	err = t.get("SELECT name, built_in, version FROM policies WHERE name_folded = ?", []any{mfa.FoldName(anyCase)}, &name, &builtIn, &now)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", notFound("policy")
	case err != nil:
		return "", err
	case builtIn:
		return "", mfa.Fail(mfa.CodePolicyBuiltIn, "name", name)
	case now != version:
		return "", mfa.Fail(mfa.CodeConflict)
	}
	return name, nil
}

// Policy implements mfa.AccessStore.
func (s *Store) Policy(ctx context.Context, name string) (mfa.Policy, error) {
	return one(ctx, s, notFound("policy"), scanPolicy, selectPolicies+"WHERE name_folded = ?", mfa.FoldName(name))
}

// Policies implements mfa.AccessStore.
func (s *Store) Policies(ctx context.Context) ([]mfa.Policy, error) {
	return many(ctx, s, scanPolicy, selectPolicies+"ORDER BY name_folded")
}

// Attachments implements mfa.AccessStore.
func (s *Store) Attachments(ctx context.Context, policy string) ([]mfa.Attachment, error) {
	return many(ctx, s, func(r row) (a mfa.Attachment, err error) { return a, r.Scan(&a.Policy, &a.PrincipalID, &a.GroupID) },
		`SELECT a.policy, ifnull(a.principal_id, ''), ifnull(a.group_id, '') FROM policies p JOIN attachments a ON a.policy = p.name
		WHERE p.name_folded = ?`, mfa.FoldName(policy))
}

// Granted implements mfa.AccessStore. It is asked before everything a user does: one
// query, whose every part begins with an index.
func (s *Store) Granted(ctx context.Context, principalID string) ([]mfa.GrantedPolicy, error) {
	return upTo(ctx, s, 4, func(r row) (g mfa.GrantedPolicy, err error) {
		return g, r.Scan(&g.Group, &g.Name, &g.Inline, &g.Document)
	}, selectGranted, principalID)
}

func policyLimit(most int) *mfa.Failure {
	return mfa.Fail(mfa.CodePolicyLimit, "max", strconv.Itoa(most))
}
