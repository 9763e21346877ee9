package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keyferry/keyferry/backend/durable"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Snapshot writes a copy of the whole database, as it is at one moment, into a
// new file of mode 0600 at path, on the disk when it returns. Changes do not wait
// for it. file-exists; storage-denied, disk-full or storage-failed, and then it
// leaves no file.
func (s *Store) Snapshot(ctx context.Context, path string) error {
	if _, err := s.reader(ctx, "SELECT 1"); err != nil { // cancelled, or closed
		return failure(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return mfa.Fail(mfa.CodeFileExists)
	}
	if err != nil {
		return failure(err)
	}
	defer f.Close()
	err = s.vacuumInto(ctx, path)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = durable.SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		f.Close()
		os.Remove(path)
	}
	return failure(err)
}

// vacuumInto copies over a connection of its own: a WAL's readers and its writer
// do not wait for one another, and VACUUM INTO is no query.
func (s *Store) vacuumInto(ctx context.Context, path string) error {
	db, err := pool(s.path, config{busyTimeout: defaultBusyTimeout}, "_txlock=deferred")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", path)
	return err
}
