package sqlite

import (
	"context"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// checkAtStart finds what would make the rest of the program stumble.
func (s *Store) checkAtStart(ctx context.Context) error {
	var application int64
	var version int
	for pragma, dest := range map[string]any{"application_id": &application, "user_version": &version} {
		if err := s.writer.conn.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(dest); err != nil {
			return err
		}
	}
	var verdict string
	if err := s.writer.conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return damaged("quick check: %s", verdict)
	}
	return nil
}

// chainStep is how many events VerifyChain holds at once.
const chainStep = 500

// VerifyChain reads the whole audit trail and checks its hashes. It fails with
// database-damaged; the cause is an *audit.Broken that names the first bad event.
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
