package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// No expression in them is more than it must be, since SQLite works it out for every row.
var (
	overviewRoot    = packed("'', email, "+overviewColumns, "principals WHERE kind = 'root'")
	overviewUsers   = packed("label_folded, name, "+overviewColumns, "principals WHERE +kind = 'user'")
	overviewDevices = packed("principal_id, kind, last_used_at, suspect_at", "devices WHERE +principal_id IS NOT NULL")
	// + leaves the index alone: all rows are read anyway, and by an index each is looked up by itself.

	overviewAdministrators = packed("principal_id", `(SELECT principal_id FROM attachments WHERE policy = ?1 AND principal_id IS NOT NULL UNION
		SELECT m.principal_id FROM attachments a JOIN group_members m ON m.group_id = a.group_id WHERE a.policy = ?1)`)
	// What does not stand alone is rare, so few rows are looked up by their device.
	overviewSecond = packed("d.principal_id", `passkeys p CROSS JOIN devices d ON d.number = p.device
		WHERE (p.user_verified = 0 OR p.discoverable = 0) AND d.suspect_at = 0 AND d.principal_id IS NOT NULL`)
	overviewCodes = packed("principal_id, unused", "(SELECT principal_id, count(*) AS unused FROM recovery_codes WHERE used_at = 0 GROUP BY principal_id)")
)

const overviewColumns = "id, path, length(password_hash), must_change, created_at, password_at, password_used_at, mfa_deadline, version"

// Overviews implements mfa.PrincipalStore.
func (s *Store) Overviews(ctx context.Context) ([]mfa.Overview, error) {
	var text [6]string
	err := s.snapshot(ctx,
		part{overviewRoot, nil, &text[0]},
		part{overviewUsers, nil, &text[1]},
		part{overviewDevices, nil, &text[2]},
		part{overviewAdministrators, []any{mfa.AdministratorAccess}, &text[3]},
		part{overviewCodes, nil, &text[4]},
		part{overviewSecond, nil, &text[5]})
	if err != nil {
		return nil, failure(err)
	}
	root, users, devices, administrators, codes, second := newTable(text[0]), newTable(text[1]), newTable(text[2]), newTable(text[3]), newTable(text[4]), newTable(text[5])
	slices.Sort(users.rows) // by the first field: what ends it comes before every character of a name
	all := make([]mfa.Overview, 0, len(root.rows)+len(users.rows))
	byID := make(map[string]*mfa.Overview, cap(all))
	add := func(t *table, kind mfa.PrincipalKind) {
		all = append(all, mfa.Overview{Kind: kind, Administrator: kind == mfa.Root})
		o := &all[len(all)-1]
		takeOverview(o, t)
		byID[o.ID] = o
	}
	for root.next() {
		add(&root, mfa.Root)
	}
	for users.next() {
		add(&users, mfa.User)
	}
	owner := func(t *table) *mfa.Overview {
		if o := byID[t.text()]; o != nil {
			return o
		}
		t.wrong = true
		return new(mfa.Overview)
	}
	for devices.next() {
		countDevice(owner(&devices), &devices)
	}
	for administrators.next() {
		owner(&administrators).Administrator = true
	}
	for codes.next() {
		owner(&codes).RecoveryLeft = int(codes.whole())
	}
	for second.next() {
		owner(&second).SecondOnly++
	}
	if err := errors.Join(root.err(), users.err(), devices.err(), administrators.err(), codes.err(), second.err()); err != nil {
		return nil, failure(err)
	}
	return all, nil
}

func takeOverview(o *mfa.Overview, t *table) {
	_ = t.text() // what they are in order of
	o.Name, o.ID, o.Path = t.text(), t.text(), t.text()
	o.HasPassword, o.MustChange = t.whole() > 0, t.whole() != 0
	o.CreatedAt, o.PasswordAt, o.PasswordUsedAt, o.MFADeadline = t.moment(), t.moment(), t.moment(), t.moment()
	o.Version = t.whole()
}

func countDevice(o *mfa.Overview, t *table) {
	switch mfa.DeviceKind(t.text()) {
	case mfa.KindPasskey:
		o.Passkeys++
	case mfa.KindApp:
		o.Apps++
	default:
		o.Tokens++
	}
	if used := t.moment(); used.After(o.LastUsedAt) {
		o.LastUsedAt = used
	}
	if t.whole() != 0 {
		o.Suspect++
	}
}

// part is one of several queries that see the same moment. Each gives one text.
type part struct {
	query string
	args  []any
	into  *string
}

// snapshot runs queries in one transaction that only reads.
func (s *Store) snapshot(ctx context.Context, parts ...part) error {
	prepared := make([]*sql.Stmt, len(parts))
	for i, p := range parts {
		var err error
		if prepared[i], err = s.reader(ctx, p.query); err != nil {
			return err
		}
	}
	t, err := s.reads.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback() // there is nothing to commit
	for i, p := range parts {
		if err := t.StmtContext(ctx, prepared[i]).QueryRowContext(ctx, p.args...).Scan(p.into); err != nil {
			return err
		}
	}
	return nil
}
