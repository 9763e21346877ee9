package sqlite

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	// quickCheckLimit is the size up to which Open lets SQLite look at every page:
	// 16 MiB, some 60,000 events, take about 50 ms. Beyond it the events, which
	// are nearly all of it, are left to VerifyChain, and BLOBs of metadata to
	// whoever reads them: they are signed.
	quickCheckLimit = 16 << 20
	tailLength      = 32  // newest events whose hashes Open checks
	chainStep       = 500 // events that VerifyChain holds at once
)

// checkAtStart finds what would make the program stumble later, without writing,
// and gives the schema version.
func (s *Store) checkAtStart(ctx context.Context, known int) (version int, err error) {
	var application, pages, size int64
	for _, read := range []struct {
		pragma string
		into   any
	}{{"page_count", &pages}, {"page_size", &size}, {"application_id", &application}, {"user_version", &version}} {
		if err := s.writer.conn.QueryRowContext(ctx, "PRAGMA "+read.pragma).Scan(read.into); err != nil {
			return 0, err
		}
	}
	if pages == 0 {
		return 0, damaged("no pages")
	}
	if err := judge(application, version, known); err != nil {
		return 0, err
	}
	checks := []string{"quick_check(1)"}
	if pages*size > quickCheckLimit {
		if checks, err = s.checksOfTheRest(ctx); err != nil {
			return 0, err
		}
	}
	for _, check := range checks {
		var verdict string
		if err := s.writer.conn.QueryRowContext(ctx, "PRAGMA "+check).Scan(&verdict); err != nil {
			return 0, err
		}
		if verdict != "ok" {
			return 0, damaged("%s: %s", check, verdict)
		}
	}
	return version, nil
}

func (s *Store) checksOfTheRest(ctx context.Context) (checks []string, err error) {
	rows, err := s.writer.conn.QueryContext(ctx, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('events', 'blobs')")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return nil, err
		}
		checks = append(checks, "quick_check("+table+")")
	}
	return checks, rows.Err()
}

// checkTail checks the hashes of the newest events, which the next one builds on.
func (s *Store) checkTail(ctx context.Context) error {
	rows, err := s.writer.conn.QueryContext(ctx, "SELECT "+eventColumns+" FROM events ORDER BY seq DESC LIMIT ?", tailLength+1)
	if err != nil {
		return err
	}
	defer rows.Close()
	var tail []mfa.Event
	scan := eventScanner()
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return err
		}
		tail = append(tail, e)
	}
	if err := rows.Err(); err != nil || len(tail) == 0 {
		return err
	}
	slices.Reverse(tail)
	var before audit.Link
	if len(tail) > tailLength { // the oldest one only lends its hash
		before.Seq = tail[0].Seq
		copy(before.Hash[:], tail[0].Hash)
		tail = tail[1:]
	}
	if _, err := before.Verify(tail); err != nil {
		return mfa.Fail(mfa.CodeDatabaseDamaged).Because(err)
	}
	return nil
}

// VerifyChain reads the whole audit trail and checks its hashes. It fails with
// database-damaged; the cause is then an *audit.Broken that names the first event
// that does not fit. It takes about as long as reading: call it in the background.
func (s *Store) VerifyChain(ctx context.Context) error {
	var last audit.Link
	for {
		events, err := s.Events(ctx, last.Seq, chainStep)
		if err != nil || len(events) == 0 {
			return err
		}
		if last, err = last.Verify(events); err != nil {
			return mfa.Fail(mfa.CodeDatabaseDamaged).Because(err)
		}
	}
}
