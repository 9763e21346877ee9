package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	defaultBusyTimeout = 3 * time.Second // for another process that should not be there
	readers            = 2               // a window rarely asks for more at once
	// pageSize is half of SQLite's default: a sign-in changes two pages, and what
	// it waits for is these two getting to the disk.
	pageSize = 2048
	// checkpointPages is how many pages the WAL takes before a commit copies them
	// into the database: some two hundred sign-ins. See reserveWAL.
	checkpointPages = 400
)

// Store is an mfa.Store in one SQLite file. It is safe for concurrent use.
type Store struct {
	path       string
	maxVirtual int // virtual devices of the account

	writes *sql.DB
	writer writer
	reads  *sql.DB

	copying  sync.WaitGroup // the daily copy
	highest  atomic.Int64   // the latest time of an event that this process wrote or read, in microseconds
	timeRead atomic.Bool    // highest knows what earlier processes wrote

	mu       sync.Mutex
	prepared map[string]*sql.Stmt // for reads
}

var _ mfa.Store = (*Store)(nil)

type config struct {
	clock       func() time.Time
	busyTimeout time.Duration
	maxPages    int
	migrations  []migration
	dailyKept   int // 0: no daily copies
	maxVirtual  int // mfa.MaxVirtual; tests fill a smaller account
}

// Option changes how Open works.
type Option func(*config)

// WithClock sets the clock that dates backups. The default is time.Now.
func WithClock(clock func() time.Time) Option { return func(c *config) { c.clock = clock } }

// WithBusyTimeout sets how long to wait for a lock that another process holds
// before giving up with already-running. The default is three seconds.
func WithBusyTimeout(d time.Duration) Option { return func(c *config) { c.busyTimeout = d } }

// Open opens the database at path, creates it (mode 0600) or brings it up to the
// newest schema, with a backup beside it first. The folder must exist. A database
// that holds an account is copied once a day, in the background; the newest seven
// of these copies are kept (see Backups).
//
// It fails, and has then not written anything, with database-newer (params:
// found, known), database-foreign (a SQLite file of something else),
// database-damaged, storage-denied, storage-failed, and with already-running when
// another process holds the database. It fails with disk-full or storage-failed
// in a migration, and has then left the database as it was.
func Open(ctx context.Context, path string, opts ...Option) (*Store, error) {
	c := config{clock: time.Now, busyTimeout: defaultBusyTimeout, migrations: released(), dailyKept: dailyKept, maxVirtual: mfa.MaxVirtual}
	for _, o := range opts {
		o(&c)
	}
	s, err := open(ctx, path, c)
	if err != nil {
		return nil, failure(err)
	}
	return s, nil
}

func open(ctx context.Context, path string, c config) (_ *Store, err error) {
	version, err := inspect(path, len(c.migrations))
	if err != nil {
		return nil, err
	}
	if version == 0 {
		err = create(ctx, path, c)
	} else {
		err = tighten(path)
	}
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, maxVirtual: c.maxVirtual, prepared: map[string]*sql.Stmt{}}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.writes, err = pool(path, c, "_txlock=immediate"); err != nil {
		return nil, err
	}
	s.writes.SetMaxOpenConns(1)
	if s.reads, err = pool(path, c, "_pragma=query_only(1)"); err != nil {
		return nil, err
	}
	s.reads.SetMaxOpenConns(readers)
	s.reads.SetMaxIdleConns(readers)
	conn, err := s.writes.Conn(ctx)
	if err != nil {
		return nil, err
	}
	s.writer = newWriter(conn)
	if version, err = s.checkAtStart(ctx, len(c.migrations)); err != nil {
		return nil, err
	}
	if version < len(c.migrations) {
		if err := migrate(ctx, conn, path, c); err != nil {
			return nil, err
		}
	}
	if err := settle(ctx, conn, c); err != nil {
		return nil, err
	}
	if err := s.checkTail(ctx); err != nil {
		return nil, err
	}
	reserveWAL(path + "-wal")
	s.copyDaily(ctx, c)
	return s, nil
}

// settle puts a migrated database into the mode it works in. The journal mode is
// kept in the file; asking for it again costs nothing.
func settle(ctx context.Context, conn *sql.Conn, c config) error {
	var mode string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return mfa.Fail(mfa.CodeStorageFailed).Because(fmt.Errorf("journal mode is %q", mode))
	}
	if c.maxPages > 0 {
		_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", c.maxPages))
		return err
	}
	return nil
}

// pool makes a pool of connections that all have the same settings. It opens
// nothing yet.
func pool(path string, c config, extra string) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	name := filepath.ToSlash(absolute)
	if !strings.HasPrefix(name, "/") { // a drive letter
		name = "/" + name
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: name, RawQuery: strings.Join([]string{
		"mode=rw", // the file is there; if it went away, do not make another one
		fmt.Sprintf("_busy_timeout=%d", c.busyTimeout.Milliseconds()),
		fmt.Sprintf("_pragma=page_size(%d)", pageSize),
		"_synchronous=FULL",
		"_foreign_keys=1",
		"_pragma=trusted_schema(0)",
		"_pragma=cell_size_check(1)",
		"_pragma=secure_delete(1)", // password hashes, and what is sealed
		fmt.Sprintf("_pragma=wal_autocheckpoint(%d)", checkpointPages),
		extra,
	}, "&")}
	connector, err := sqlite.NewConnector(u.String())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// Close implements mfa.Store. It waits for the daily copy and copies the WAL into
// the database.
func (s *Store) Close() error {
	var first error
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	s.copying.Wait()
	s.mu.Lock()
	for _, p := range s.prepared {
		p.Close()
	}
	s.prepared = nil
	s.mu.Unlock()
	if s.reads != nil {
		keep(s.reads.Close())
	}
	s.writer.close()
	if s.writes != nil {
		keep(s.writes.Close())
	}
	return failure(first)
}
