package sqlite

import (
	"context"
	"os"
	"time"
)

const (
	dailyLabel = "daily"
	dailyAge   = 24 * time.Hour
	dailyKept  = 7
)

// copyDaily makes a copy in the background when there is an account and no copy
// of the last day. It is for a database that gets damaged: a migration may never
// come, and then nothing else would leave a copy. When it fails, the older copies
// stay and the next start tries again.
func (s *Store) copyDaily(ctx context.Context, c config) {
	now := c.clock()
	if _, err := s.Account(ctx); err != nil || c.dailyKept < 1 || copiedSince(s.path, now) {
		return
	}
	ctx = context.WithoutCancel(ctx) // it belongs to the store now; Close waits
	s.copying.Go(func() {
		if s.copySound(ctx, c, now) == nil {
			dropOldest(s.path, c.dailyKept)
		}
	})
}

// copiedSince reports whether a daily copy is younger than a day. One that comes
// from the future, when the clock was wrong, does not count.
func copiedSince(path string, now time.Time) bool {
	for _, b := range copies(path) {
		if age := now.Sub(b.at); b.label == dailyLabel && age > -time.Second && age < dailyAge {
			return true
		}
	}
	return false
}

// copySound copies the database if all of it is sound. Open leaves most of a long
// trail unread, so this looks again: a copy of damage would in time push out the
// good ones.
func (s *Store) copySound(ctx context.Context, c config, now time.Time) error {
	if err := s.VerifyChain(ctx); err != nil {
		return err
	}
	// A connection of its own: the writer is not held up (a WAL's readers and its
	// writer do not wait for one another), and VACUUM INTO is no query.
	db, err := pool(s.path, c, "_txlock=deferred")
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var verdict string
	if err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return damaged("quick_check: %s", verdict)
	}
	return backup(ctx, conn, s.path, dailyLabel, now)
}

// dropOldest keeps the newest daily copies. Those made before migrations stay.
func dropOldest(path string, keep int) {
	for _, b := range copies(path) {
		if b.label != dailyLabel {
			continue
		}
		if keep--; keep < 0 {
			os.Remove(b.path)
		}
	}
}
