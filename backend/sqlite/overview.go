package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Each value that crosses the driver costs about as much as SQLite needs to find
// a row. With thousands of users that is what the list waits for, so small values
// travel together in one number, and what few people have is asked for separately.
//
// The list is put in order here: rows in the order of the index of labels would
// each be looked up by themselves.
const (
	overviewCount      = "SELECT count(*) FROM principals"
	overviewPrincipals = `SELECT id, iif(kind = 'root', email, name), path,
		(kind = 'root') + (length(password_hash) > 0) * 2 + must_change * 4,
		created_at, password_at, password_used_at, mfa_deadline, version FROM principals`
	overviewDevices = `SELECT principal_id, last_used_at * 8 + (suspect_at <> 0) * 4 + iif(kind = 'passkey', 0, iif(kind = 'app', 1, 2))
		FROM devices WHERE +principal_id IS NOT NULL` // + leaves the index alone: all rows are read anyway
	overviewAdministrators = `SELECT principal_id FROM attachments WHERE policy = ?1 AND principal_id IS NOT NULL UNION
		SELECT m.principal_id FROM attachments a JOIN group_members m ON m.group_id = a.group_id WHERE a.policy = ?1`
	overviewCodes = "SELECT principal_id, count(*) FROM recovery_codes WHERE used_at = 0 GROUP BY principal_id"
)

// Overviews implements mfa.PrincipalStore.
func (s *Store) Overviews(ctx context.Context) ([]mfa.Overview, error) {
	var all []mfa.Overview
	place := map[string]int{} // in all, by ID
	var id, name, path string
	var value, created, set, used, deadline, version any
	who := func() *mfa.Overview { return &all[place[id]] }
	err := s.snapshot(ctx,
		part{overviewCount, nil, []any{&value}, func() {
			all, place = make([]mfa.Overview, 0, whole(value)), make(map[string]int, whole(value))
		}},
		part{overviewPrincipals, nil, []any{&id, &name, &path, &value, &created, &set, &used, &deadline, &version}, func() {
			place[id] = len(all)
			flags := whole(value)
			all = append(all, mfa.Overview{ID: id, Kind: mfa.User, Name: name, Path: path, CreatedAt: moment(created),
				HasPassword: flags&2 != 0, MustChange: flags&4 != 0, PasswordAt: moment(set), PasswordUsedAt: moment(used),
				MFADeadline: moment(deadline), Version: whole(version)})
			if flags&1 != 0 {
				who().Kind, who().Administrator = mfa.Root, true
			}
		}},
		part{overviewDevices, nil, []any{&id, &value}, func() { countDevice(who(), whole(value)) }},
		part{overviewAdministrators, []any{mfa.AdministratorAccess}, []any{&id}, func() { who().Administrator = true }},
		part{overviewCodes, nil, []any{&id, &value}, func() { who().RecoveryLeft = int(whole(value)) }},
	)
	if err != nil {
		return nil, failure(err)
	}
	return rootFirst(all), nil
}

// rootFirst orders by name without case, and root before all.
func rootFirst(all []mfa.Overview) []mfa.Overview {
	type key struct {
		folded string
		from   *mfa.Overview
	}
	keys := make([]key, len(all))
	for i := range all {
		keys[i].from = &all[i]
		if all[i].Kind != mfa.Root {
			keys[i].folded = mfa.FoldName(all[i].Name)
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return strings.Compare(a.folded, b.folded) })
	ordered := make([]mfa.Overview, len(all))
	for i, k := range keys {
		ordered[i] = *k.from
	}
	return ordered
}

// whole and moment read an INTEGER that was scanned into an any, which database/sql
// does without the reflection that it needs for an int64.
func whole(v any) int64 {
	n, _ := v.(int64)
	return n
}

func moment(v any) time.Time { return audit.FromMicros(whole(v)) }

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

// part is one of several queries that see the same moment. Each row is read into
// the same places.
type part struct {
	query string
	args  []any
	into  []any
	each  func()
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
		if err := p.read(ctx, t.StmtContext(ctx, prepared[i])); err != nil {
			return err
		}
	}
	return nil
}

func (p part) read(ctx context.Context, query *sql.Stmt) error {
	rows, err := query.QueryContext(ctx, p.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(p.into...); err != nil {
			return err
		}
		p.each()
	}
	return rows.Err()
}
