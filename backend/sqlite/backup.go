package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/durable"
)

// A backup lies beside the database as <name>.<label>.<UTC time>.bak, with -2, -3
// and so on after the time if there are several. The label is v<version> for a
// copy that was made before a migration, or daily.
const backupTime = "20060102T150405Z"

var backupSuffix = regexp.MustCompile(`^\.(v([0-9]{1,9})|daily)\.([0-9]{8}T[0-9]{6}Z)(?:-([0-9]{1,9}))?\.bak$`)

// Backups lists the copies that were made of the database at path, before
// migrations and daily, newest first, as paths. A folder that cannot be read has
// none.
func Backups(path string) []string {
	found := copies(path)
	paths := make([]string, 0, len(found))
	for _, f := range found {
		paths = append(paths, f.path)
	}
	return paths
}

// copied is one backup by its name.
type copied struct {
	path, label    string
	at             time.Time
	version, count int
}

// copies gives the backups of the database at path, newest first.
func copies(path string) (found []copied) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), filepath.Base(path))
		parts := backupSuffix.FindStringSubmatch(rest)
		if !ours || parts == nil || !e.Type().IsRegular() {
			continue
		}
		c := copied{path: filepath.Join(filepath.Dir(path), e.Name()), label: parts[1]}
		if c.at, err = time.Parse(backupTime, parts[3]); err != nil {
			continue // digits, and no date
		}
		c.version, _ = strconv.Atoi(parts[2])
		c.count, _ = strconv.Atoi(parts[4])
		found = append(found, c)
	}
	slices.SortFunc(found, func(a, b copied) int {
		return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.version, a.version), cmp.Compare(b.count, a.count))
	})
	return found
}

// backup copies the database under this label, and gives the copy its
// name only when it is whole and on the disk.
func backup(ctx context.Context, conn *sql.Conn, path, label string, now time.Time) (err error) {
	part := path + ".bak.part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	defer func() {
		if err != nil {
			os.Remove(part)
		}
	}()
	if _, err := conn.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	name := fmt.Sprintf("%s.%s.%s", path, label, now.UTC().Format(backupTime))
	target := name + ".bak"
	for i := 2; exists(target); i++ {
		target = fmt.Sprintf("%s-%d.bak", name, i)
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(part, target); err != nil {
		return err
	}
	return durable.SyncFolder(filepath.Dir(path))
}
