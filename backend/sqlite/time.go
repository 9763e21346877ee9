package sqlite

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/audit"
)

// timeStep is by how much an event must be later than what the database keeps
// before that is changed: writing it each time would cost every sign-in a page.
const timeStep = int64(time.Hour / time.Microsecond)

// keepTime notes an event's time, in microseconds.
func (l *end) keepTime(t tx, at int64) error {
	l.seen = max(l.seen, at)
	if at <= l.kept+timeStep {
		return nil
	}
	l.kept = at
	_, err := t.exec("UPDATE highest_time SET at = ?", at)
	return err
}

// noteTime lets readers see the highest time of what was committed. Only who has
// the writer's turn calls it.
func (s *Store) noteTime() {
	if last := s.writer.last; last != nil {
		s.raiseTime(last.seen)
	}
}

// raiseTime sets the highest time to at, if that is later.
func (s *Store) raiseTime(at int64) {
	for was := s.highest.Load(); at > was && !s.highest.CompareAndSwap(was, at); {
		was = s.highest.Load()
	}
}

// HighestTime implements mfa.AccountStore. After a start it can be an hour below
// the latest event, and never goes back while the process runs. The database is
// asked once: nobody else writes to it meanwhile (backend/home keeps others out), and a query
// after each write costs every sign-in a quarter of its time.
func (s *Store) HighestTime(ctx context.Context) (time.Time, error) {
	if s.timeRead.Load() {
		return audit.FromMicros(s.highest.Load()), nil
	}
	kept, err := one(ctx, s, nil, func(r row) (kept int64, err error) { err = r.Scan(&kept); return kept, err },
		"SELECT max((SELECT at FROM highest_time), ifnull((SELECT at FROM events ORDER BY seq DESC LIMIT 1), 0))")
	if err != nil {
		return time.Time{}, err
	}
	s.raiseTime(kept)
	s.timeRead.Store(true)
	return audit.FromMicros(s.highest.Load()), nil
}
