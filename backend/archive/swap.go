package archive

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keyferry/keyferry/backend/durable"
)

// beside are SQLite's own files (https://sqlite.org/tempfiles.html). One that was left
// there by another database would be taken for part of ours: that is how databases
// are corrupted (https://sqlite.org/howtocorrupt.html, section 1.4).
var beside = []string{"-shm", "-wal", "-journal"}

// swap puts fresh, a database that is closed, in the place of the target's.
func swap(ctx context.Context, fresh string, t Target, open Opener, at func(string) error) error {
	if pending(fresh) {
		return errors.New("archive: the restored database was not closed")
	}
	if err := syncFile(fresh); err != nil {
		return err
	}
	if err := at("settle"); err != nil {
		return err
	}
	if holds(t.Database) && pending(t.Database) {
		// The program died with it open. Opening and closing brings the WAL in; a
		// database that is too damaged for that keeps its WAL beside its copy.
		if store, _, err := open(ctx, t.Database, nil); err == nil {
			_ = store.Close()
		}
	}
	if err := at("keep"); err != nil {
		return err
	}
	kept, err := keep(ctx, t)
	if err != nil {
		return err
	}
	err = func() error {
		if err := at("clear"); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil { // the last moment to turn back
			return err
		}
		for _, end := range beside {
			if err := os.Remove(t.Database + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if err := at("swap"); err != nil {
			return err
		}
		return os.Rename(fresh, t.Database)
	}()
	if err != nil {
		turnBack(t, kept)
		return err
	}
	_ = at("done")
	// The new one is there, whether or not the folder's sync reports a fault.
	_ = durable.SyncFolder(filepath.Dir(t.Database))
	return nil
}

// keep gives the old database, and a WAL it could not take in, a second name.
func keep(ctx context.Context, t Target) (kept string, err error) {
	if _, err := os.Lstat(t.Database); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	kept, err = free(t.Database+".replaced."+t.Clock().UTC().Format("20060102T150405Z"), ".bak")
	if err != nil {
		return "", err
	}
	// The main file last: a copy of that name is whole.
	for _, end := range []string{"-journal", "-wal", ""} {
		if end != "" && !holds(t.Database+end) {
			continue
		}
		if err := duplicate(ctx, t.Database+end, kept+end); err != nil {
			for _, end := range []string{"", "-wal", "-journal"} {
				os.Remove(kept + end)
			}
			return "", err
		}
	}
	return kept, durable.SyncFolder(filepath.Dir(t.Database))
}

// turnBack undoes keep, and gives back what was cleared.
func turnBack(t Target, kept string) {
	if kept == "" {
		return
	}
	for _, end := range []string{"-journal", "-wal"} {
		if holds(kept+end) && !holds(t.Database+end) {
			_ = os.Rename(kept+end, t.Database+end)
		}
		os.Remove(kept + end)
	}
	os.Remove(kept)
}

// pending reports that something is still to be brought into a database.
func pending(database string) bool { return holds(database+"-wal") || holds(database+"-journal") }

func holds(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Size() > 0
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
