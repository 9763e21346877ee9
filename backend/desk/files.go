package desk

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/keyferry/keyferry/backend/mfa"
)

// File is a file that the person chose in the system's dialog, or dropped on the
// window. The page names it by ID: it cannot name a path.
type File struct {
	ID   string
	Name string // without the folder
	Size int64  // bytes
}

type chosen struct {
	File
	path string
}

// maxFiles is how many files are remembered, the newest.
const maxFiles = 16

// Choose remembers a file. file-unreadable.
func (d *Desk) Choose(path string) (File, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return File{}, mfa.Fail(mfa.CodeFileUnreadable).Because(err)
	}
	c := chosen{File: File{ID: mfa.NewID(), Name: filepath.Base(path), Size: info.Size()}, path: path}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files = append(d.files, c)
	d.files = slices.Clone(d.files[max(0, len(d.files)-maxFiles):])
	return c.File, nil
}

// Drop remembers files that were dropped on the window and tells the page. What is
// no file is left out.
func (d *Desk) Drop(paths []string) {
	var files []File
	for _, p := range paths[:min(len(paths), maxFiles)] {
		if f, err := d.Choose(p); err == nil {
			files = append(files, f)
		}
	}
	if len(files) > 0 {
		d.Touch()
		d.mu.Lock()
		defer d.mu.Unlock()
		d.emit(Event{Files: files})
	}
}

// File gives a file that was chosen, with its path. file-unreadable when it is not
// remembered.
func (d *Desk) File(id string) (f File, path string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.files, func(c chosen) bool { return c.ID == id })
	if i < 0 {
		return File{}, "", mfa.Fail(mfa.CodeFileUnreadable)
	}
	return d.files[i].File, d.files[i].path, nil
}

// ReadFile reads a chosen file, of max bytes and one at most, so that whoever judges
// it sees that it is too large. file-unreadable.
func (d *Desk) ReadFile(id string, max int) (File, []byte, error) {
	f, path, err := d.File(id)
	if err != nil {
		return File{}, nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return File{}, nil, mfa.Fail(mfa.CodeFileUnreadable).Because(withoutPath(err))
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, int64(max)+1))
	if err != nil {
		clear(data)
		return File{}, nil, mfa.Fail(mfa.CodeFileUnreadable).Because(withoutPath(err))
	}
	return f, data, nil
}

// Save writes a file that is whole or not there: a file of that name stays as it was
// until all is written. Others cannot read it. storage-denied, disk-full,
// storage-failed, or what write fails with.
func Save(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".keyferry-*") // mode 0600
	if err != nil {
		return saving(err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriter(f)
	if err := write(w); err != nil {
		return err
	}
	if err := errors.Join(w.Flush(), f.Sync(), f.Close()); err != nil {
		return saving(err)
	}
	return saving(os.Rename(f.Name(), path))
}

// Replace is Save for what makes its own file in a place that must be free: the person
// has said already that a file of that name may go.
func Replace(path string, make func(fresh string) error) error {
	fresh := filepath.Join(filepath.Dir(path), ".keyferry-"+mfa.NewID())
	if err := make(fresh); err != nil {
		os.Remove(fresh)
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		os.Remove(fresh)
		return saving(err)
	}
	return nil
}

func saving(err error) error {
	code := mfa.CodeStorageFailed
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		code = mfa.CodeStorageDenied
	case errors.Is(err, syscall.ENOSPC):
		code = mfa.CodeDiskFull
	}
	return mfa.Fail(code).Because(withoutPath(err))
}

// withoutPath leaves the path out: causes are shown to the page.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
