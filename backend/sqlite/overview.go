package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Small values travel together in one number: packed.go says what a value costs.
var (
	// The first field puts the rows in order: root's is empty, and a field's end comes
	// before every character of a name. SQLite would look each row up by itself to give
	// them in the order of the index.
	overviewPrincipals = packed(`iif(kind = 'root', '', label_folded), id, iif(kind = 'root', email, name), path,
		(kind = 'root') + (length(password_hash) > 0) * 2 + must_change * 4,
		created_at, password_at, password_used_at, mfa_deadline, version`, "principals")
	overviewDevices = packed(`principal_id, last_used_at * 8 + (suspect_at <> 0) * 4 + iif(kind = 'passkey', 0, iif(kind = 'app', 1, 2))`,
		"devices WHERE +principal_id IS NOT NULL") // + leaves the index alone: all rows are read anyway
	overviewAdministrators = packed("principal_id", `(SELECT principal_id FROM attachments WHERE policy = ?1 AND principal_id IS NOT NULL UNION
		SELECT m.principal_id FROM attachments a JOIN group_members m ON m.group_id = a.group_id WHERE a.policy = ?1)`)
	overviewCodes = packed("principal_id, unused", "(SELECT principal_id, count(*) AS unused FROM recovery_codes WHERE used_at = 0 GROUP BY principal_id)")
)

// Overviews implements mfa.PrincipalStore.
func (s *Store) Overviews(ctx context.Context) ([]mfa.Overview, error) {
	var text [4]string
	err := s.snapshot(ctx,
		part{overviewPrincipals, nil, &text[0]},
		part{overviewDevices, nil, &text[1]},
		part{overviewAdministrators, []any{mfa.AdministratorAccess}, &text[2]},
		part{overviewCodes, nil, &text[3]})
	if err != nil {
		return nil, failure(err)
	}
	principals, devices, administrators, codes := newTable(text[0]), newTable(text[1]), newTable(text[2]), newTable(text[3])
	slices.Sort(principals.rows)
	all := make([]mfa.Overview, len(principals.rows))
	byID := make(map[string]*mfa.Overview, len(all))
	for i := 0; principals.next(); i++ {
		takeOverview(&all[i], &principals)
		byID[all[i].ID] = &all[i]
	}
	owner := func(t *table) *mfa.Overview {
		if o := byID[t.text()]; o != nil {
			return o
		}
		t.wrong = true
		return new(mfa.Overview)
	}
	for devices.next() {
		countDevice(owner(&devices), devices.whole())
	}
	for administrators.next() {
		owner(&administrators).Administrator = true
	}
	for codes.next() {
		owner(&codes).RecoveryLeft = int(codes.whole())
	}
	if err := errors.Join(principals.err(), devices.err(), administrators.err(), codes.err()); err != nil {
		return nil, failure(err)
	}
	return all, nil
}

func takeOverview(o *mfa.Overview, t *table) {
	_ = t.text() // what they are in order of
	o.ID, o.Kind, o.Name, o.Path = t.text(), mfa.User, t.text(), t.text()
	flags := t.whole()
	o.HasPassword, o.MustChange = flags&2 != 0, flags&4 != 0
	if flags&1 != 0 {
		o.Kind, o.Administrator = mfa.Root, true
	}
	o.CreatedAt, o.PasswordAt, o.PasswordUsedAt, o.MFADeadline = t.moment(), t.moment(), t.moment(), t.moment()
	o.Version = t.whole()
}

// countDevice takes what overviewDevices put into one number.
func countDevice(o *mfa.Overview, value int64) {
	switch value & 3 {
	case 0:
		o.Passkeys++
	case 1:
		o.Apps++
	default:
		o.Tokens++
	}
	if value&4 != 0 {
		o.Suspect++
	}
	if used := audit.FromMicros(value >> 3); used.After(o.LastUsedAt) {
		o.LastUsedAt = used
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
