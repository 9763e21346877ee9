package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
)

//go:embed migrations/*.sql
var files embed.FS

// migration brings a database from version n-1 to n, where n is its place in the
// list, from 1.
type migration struct{ name, text string }

// released are the migrations of this build. Its length is the newest schema
// version that it knows.
func released() []migration {
	list, err := readMigrations(files, "migrations")
	if err != nil {
		panic(err) // the files are part of the program; a test reads them
	}
	return list
}

func readMigrations(from fs.FS, folder string) ([]migration, error) {
	names, err := fs.Glob(from, folder+"/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var list []migration
	for i, name := range names {
		base := name[len(folder)+1:]
		if want := fmt.Sprintf("%04d_", i+1); len(base) < len(want) || base[:len(want)] != want {
			return nil, fmt.Errorf("sqlite: migration %s should start with %s", base, want)
		}
		text, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		list = append(list, migration{base, string(text)})
	}
	return list, nil
}

// migrate brings the database to the newest version: one backup, unless
// the database is new, and one transaction for each migration.
//
// It runs with a rollback journal instead of the WAL. A process that is killed in
// between then leaves a database file whose header names its true version, which
// is what inspect relies on.
func migrate(ctx context.Context, conn *sql.Conn, path string, c config) error {
	var mode string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode); err != nil {
		return err
	}
	if mode != "delete" {
		return fmt.Errorf("sqlite: journal mode is %q", mode)
	}
	// A journal that was left behind has been played back by now.
	var version int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	isNew := version == 0
	for n := version + 1; n <= len(c.migrations); n++ {
		if !isNew {
			if err := backup(ctx, conn, path, "v"+strconv.Itoa(n-1), c.clock()); err != nil {
				return err
			}
		}
		if err := step(ctx, conn, n, c.migrations[n-1]); err != nil {
			return fmt.Errorf("sqlite: %s: %w", c.migrations[n-1].name, err)
		}
	}
	return nil
}

func step(ctx context.Context, conn *sql.Conn, n int, m migration) error {
	t, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback()
	for _, text := range []string{m.text, "PRAGMA application_id = " + strconv.Itoa(applicationID), "PRAGMA user_version = " + strconv.Itoa(n)} {
		if _, err := t.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	var orphan any
	err = t.QueryRowContext(ctx, "PRAGMA foreign_key_check").Scan(&orphan, new(any), new(any), new(any))
	if err != sql.ErrNoRows {
		return fmt.Errorf("row without its parent in %v: %w", orphan, err)
	}
	return t.Commit()
}
