package sqlite

import (
	"context"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

const selectOverviews = `SELECT p.id, p.kind, p.name, p.email, p.path, p.kind = 'root' OR p.id IN (
		SELECT principal_id FROM attachments WHERE policy = ?1 AND principal_id IS NOT NULL UNION ALL
		SELECT m.principal_id FROM attachments a JOIN group_members m ON m.group_id = a.group_id WHERE a.policy = ?1),
	length(p.password_hash) > 0, p.must_change, p.created_at, p.password_at, p.password_used_at, p.mfa_deadline, p.version,
	ifnull(d.passkeys, 0), ifnull(d.apps, 0), ifnull(d.tokens, 0), ifnull(d.suspect, 0), ifnull(d.used, 0), ifnull(r.left, 0)
	FROM principals p
	LEFT JOIN (SELECT principal_id, sum(kind = 'passkey') passkeys, sum(kind = 'app') apps, sum(kind = 'token') tokens,
		sum(suspect_at <> 0) suspect, max(last_used_at) used FROM devices WHERE principal_id IS NOT NULL GROUP BY principal_id) d
		ON d.principal_id = p.id
	LEFT JOIN (SELECT principal_id, count(*) AS left FROM recovery_codes WHERE used_at = 0 GROUP BY principal_id) r ON r.principal_id = p.id
	ORDER BY p.kind, p.label_folded`

// Overviews implements mfa.PrincipalStore. "root" comes before "user" in the index
// of labels too.
func (s *Store) Overviews(ctx context.Context) ([]mfa.Overview, error) {
	return many(ctx, s, scanOverview, selectOverviews, mfa.AdministratorAccess)
}

func scanOverview(r row) (o mfa.Overview, err error) {
	var email string
	var created, set, used, deadline, device int64
	err = r.Scan(&o.ID, &o.Kind, &o.Name, &email, &o.Path, &o.Administrator,
		&o.HasPassword, &o.MustChange, &created, &set, &used, &deadline, &o.Version,
		&o.Passkeys, &o.Apps, &o.Tokens, &o.Suspect, &device, &o.RecoveryLeft)
	if o.Kind == mfa.Root {
		o.Name = email
	}
	o.CreatedAt, o.PasswordAt, o.PasswordUsedAt = audit.FromMicros(created), audit.FromMicros(set), audit.FromMicros(used)
	o.MFADeadline, o.LastUsedAt = audit.FromMicros(deadline), audit.FromMicros(device)
	return o, err
}
