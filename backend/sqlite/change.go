package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
)

var errClosed = errors.New("store is closed")

// writer is the one connection that changes things. Its statements are prepared
// once; SQLite itself compiles BEGIN and COMMIT anew each time otherwise.
type writer struct {
	turn     chan struct{} // holds one token while nobody writes
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
	last     *end // of the trail; nil: look it up
}

func newWriter(conn *sql.Conn) writer {
	w := writer{turn: make(chan struct{}, 1), conn: conn, prepared: map[string]*sql.Stmt{}}
	w.turn <- struct{}{}
	return w
}

// close waits for a change that is being made.
func (w *writer) close() {
	if w.turn == nil {
		return
	}
	if _, open := <-w.turn; !open {
		return
	}
	close(w.turn)
	for _, p := range w.prepared {
		p.Close()
	}
	w.conn.Close()
}

// change runs what, which may be nil, and appends the event in one transaction.
func (s *Store) change(ctx context.Context, e mfa.Event, what func(tx) error) error {
	return s.transact(ctx, func(t tx) error {
		if what != nil {
			if err := what(t); err != nil {
				return err
			}
		}
		return appendEvent(t, e)
	})
}

// transact runs what in one transaction; whatever it changes, it appends the
// events of. When it gives an error, nothing was changed.
//
// A context that ends while the change waits for its turn cancels it. After that
// it runs to its end, which takes about as long as one fsync: an interrupted
// COMMIT would leave nobody knowing whether it happened.
func (s *Store) transact(ctx context.Context, what func(tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return failure(err)
	}
	select {
	case _, open := <-s.writer.turn:
		if !open {
			return failure(errClosed)
		}
	case <-ctx.Done():
		return failure(ctx.Err())
	}
	defer func() { s.writer.turn <- struct{}{} }()
	t := tx{ctx: context.WithoutCancel(ctx), w: &s.writer}
	if _, err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return failure(err)
	}
	committed := false
	defer func() {
		if !committed {
			// After a full disk SQLite has rolled back by itself and this one
			// fails, which is of no interest.
			t.exec("ROLLBACK")
			t.w.last = nil
		}
	}()
	if err := what(t); err != nil {
		return failure(err)
	}
	if _, err := t.exec("COMMIT"); err != nil {
		return failure(err)
	}
	committed = true
	s.noteTime()
	return nil
}

// tx is the transaction that is open on the writer.
type tx struct {
	ctx context.Context
	w   *writer
}

func (t tx) prepare(query string) (*sql.Stmt, error) {
	if p, ok := t.w.prepared[query]; ok {
		return p, nil
	}
	p, err := t.w.conn.PrepareContext(t.ctx, query)
	if err == nil {
		t.w.prepared[query] = p
	}
	return p, err
}

// exec runs a statement and gives the number of rows it changed.
func (t tx) exec(query string, args ...any) (int64, error) {
	p, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	r, err := p.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// get reads one row into the places of dest. sql.ErrNoRows when there is none.
func (t tx) get(query string, args []any, dest ...any) error {
	p, err := t.prepare(query)
	if err != nil {
		return err
	}
	return p.QueryRowContext(t.ctx, args...).Scan(dest...)
}

// has reports whether the query gives a row.
func (t tx) has(query string, args ...any) (bool, error) {
	var one int
	err := t.get(query, args, &one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// hit explains an update or delete that names a row by ID and version and
// changed n rows. The row is gone, or it has moved on.
func (t tx) hit(n int64, err error, exists, id, what string) error {
	if err != nil || n == 1 {
		return err
	}
	if err := t.must(exists, id, what); err != nil {
		return err
	}
	return mfa.Fail(mfa.CodeConflict)
}

// must fails with not-found unless the query gives a row for the ID.
func (t tx) must(exists, id, what string) error {
	there, err := t.has(exists, id)
	if err == nil && !there {
		return notFound(what)
	}
	return err
}

// The questions that changes ask first.
const (
	hasAccount   = "SELECT 1 FROM accounts"
	hasPrincipal = "SELECT 1 FROM principals WHERE id = ?"
	hasDevice    = "SELECT 1 FROM devices WHERE id = ?"
	hasGroup     = "SELECT 1 FROM groups WHERE id = ?"
)

func (t tx) mustHaveAccount() error {
	there, err := t.has(hasAccount)
	if err == nil && !there {
		return mfa.Fail(mfa.CodeNoAccount)
	}
	return err
}

// reader prepares a query once for the pool that reads.
func (s *Store) reader(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prepared == nil {
		return nil, errClosed
	}
	if p, ok := s.prepared[query]; ok {
		return p, nil
	}
	p, err := s.reads.PrepareContext(ctx, query)
	if err == nil {
		s.prepared[query] = p
	}
	return p, err
}

// one reads one row with scan. A missing row fails with none.
func one[T any](ctx context.Context, s *Store, none *mfa.Failure, scan func(row) (T, error), query string, args ...any) (T, error) {
	p, err := s.reader(ctx, query)
	if err != nil {
		return *new(T), failure(err)
	}
	v, err := scan(p.QueryRowContext(ctx, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return *new(T), none
	}
	if err != nil {
		return *new(T), failure(err)
	}
	return v, nil
}

// many reads all rows with scan.
func many[T any](ctx context.Context, s *Store, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	return upTo(ctx, s, 0, scan, query, args...)
}

// upTo reads all rows with scan, which mostly are as many as room.
func upTo[T any](ctx context.Context, s *Store, room int, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	p, err := s.reader(ctx, query)
	if err != nil {
		return nil, failure(err)
	}
	rows, err := p.QueryContext(ctx, args...)
	if err != nil {
		return nil, failure(err)
	}
	defer rows.Close()
	var found []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, failure(err)
		}
		if found == nil {
			found = make([]T, 0, room)
		}
		found = append(found, v)
	}
	return found, failure(rows.Err())
}

// row is a *sql.Row or the present row of *sql.Rows.
type row interface{ Scan(dest ...any) error }

func notFound(what string) *mfa.Failure { return mfa.Fail(mfa.CodeNotFound, "what", what) }

// damaged is for what SQLite finds in order but cannot be ours.
func damaged(format string, args ...any) error {
	return mfa.Fail(mfa.CodeDatabaseDamaged).Because(fmt.Errorf(format, args...))
}
