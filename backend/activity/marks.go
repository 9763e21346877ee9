package activity

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/keyferry/keyferry/backend/durable"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Mark is one line of the checkpoints' file.
type Mark struct {
	Seq  int64     `json:"seq"`
	Hash string    `json:"hash"` // 64 hex digits, lower case
	Time time.Time `json:"time"` // when it was written, as in an export
}

// Bounds of the file. At one a day, maxMarks are reached after five years.
const (
	maxMarks = 2000
	maxFile  = 1 << 20 // bytes; a line has less than 200
)

// marks is the file. It belongs to one process at a time, as the database does.
type marks struct{ path string }

// read gives the marks, oldest first, and how many bytes of the file they are. What
// comes after the last end of a line was being written when the machine went off; it
// does not count. A line that is whole and makes no sense was changed by somebody.
func (m marks) read() (found []Mark, size int64, err error) {
	f, err := os.Open(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, 0, err
	}
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	for line := range bytes.Lines(data) {
		var k Mark
		if err := json.Unmarshal(line, &k); err != nil || k.Seq < 1 || len(k.Hash) != 64 || len(data) > maxFile {
			return nil, 0, mismatch(k.Seq).Because(err)
		}
		found = append(found, k)
	}
	return found, int64(len(data)), nil
}

// add writes one more mark and returns when it is on the disk. before and size are
// what read gave.
func (m marks) add(before []Mark, size int64, k Mark) error {
	if len(before) >= maxMarks {
		return m.rewrite(append(thinned(before), k))
	}
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(m.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	err = f.Truncate(size) // cuts off what was not finished
	if err == nil {
		_, err = f.WriteAt(append(text, '\n'), size)
	}
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil && len(before) == 0 {
		err = durable.SyncFolder(filepath.Dir(m.path))
	}
	return err
}

// thinned leaves out every second mark of the older half. Old marks matter: had the
// trail been made anew at some time, the ones before that time would tell.
func thinned(all []Mark) []Mark {
	var kept []Mark
	for i, k := range all {
		if i >= len(all)/2 || i%2 == 0 {
			kept = append(kept, k)
		}
	}
	return kept
}

// rewrite puts a whole new file in the place of the old one.
func (m marks) rewrite(all []Mark) error {
	f, err := os.CreateTemp(filepath.Dir(m.path), filepath.Base(m.path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // unless it was renamed
	out := json.NewEncoder(f)
	for _, k := range all {
		err = errors.Join(err, out.Encode(k))
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), m.path)
	}
	if err == nil {
		err = durable.SyncFolder(filepath.Dir(m.path))
	}
	return err
}

// SetAside renames the checkpoints' file, because the database was replaced by
// another one on purpose: a backup ends earlier than the checkpoints do. The old file
// is kept. Without a file it does nothing. storage-failed.
func SetAside(path string, now time.Time) error {
	err := os.Rename(path, path+"."+now.UTC().Format("20060102T150405.000000Z")+".old")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return written(err)
}

func mismatch(seq int64) *mfa.Failure {
	return mfa.Fail(mfa.CodeCheckpoint, "seq", decimal(seq))
}
