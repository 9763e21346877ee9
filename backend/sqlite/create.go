package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keyferry/keyferry/backend/durable"
)

// create makes a new database under another name and gives it its own when it is
// whole and on the disk. A file of the right name has therefore always been a
// database: if it is empty, it was emptied.
func create(ctx context.Context, path string, c config) (err error) {
	part := path + ".new"
	leave := func() error {
		for _, name := range []string{part, part + "-journal"} {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	}
	if err := leave(); err != nil { // a first start that was killed
		return err
	}
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			leave()
		}
	}()
	if err := f.Close(); err != nil {
		return err
	}
	db, err := pool(part, c, "_txlock=immediate")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := fillNew(ctx, db, part, c); err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	// What a database that is gone left behind would be played into this one.
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return durable.SyncFolder(filepath.Dir(path))
}

func fillNew(ctx context.Context, db *sql.DB, part string, c config) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return migrate(ctx, conn, part, c)
}

// tighten takes away a mode that lets other people in. The -wal and -shm files
// and the journal take over the mode of the database.
func tighten(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = f.Chmod(0o600)
	}
	return err
}
