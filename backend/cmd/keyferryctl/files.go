package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keyferry/keyferry/backend/mfa"
)

// writePrivately replaces a file in one step, so that a reader who waits for it
// never sees half of it. The code holds the secret of the transaction: 0600.
func writePrivately(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".keyferryctl-*") // mode 0600
	if err != nil {
		return mfa.Fail(mfa.CodeStorageDenied).Because(err)
	}
	_, err = f.Write(content)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return mfa.Fail(mfa.CodeStorageFailed).Because(err)
	}
	return nil
}

// newFile is a file that was not there before, for its owner alone. A nil one is none.
type newFile struct {
	path string
	file *os.File // nil: it is filled
}

// create takes the place of a file, so that it is known to be free and writable before
// there is something to write. file-exists, storage-denied.
func create(path string) (*newFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, mfa.Fail(mfa.CodeFileExists)
	case err != nil:
		return nil, mfa.Fail(mfa.CodeStorageDenied).Because(errors.Unwrap(err))
	}
	return &newFile{path, f}, nil
}

// createIfGiven is create for a flag that may be left out.
func createIfGiven(path string) (*newFile, error) {
	if path == "" {
		return nil, nil
	}
	return create(path)
}

// fill writes the content, all or nothing.
func (n *newFile) fill(content []byte) error {
	_, err := n.file.Write(content)
	if err = errors.Join(err, n.file.Sync(), n.file.Close()); err != nil {
		err = mfa.Fail(mfa.CodeStorageFailed).Because(err)
		os.Remove(n.path)
	}
	n.file = nil
	return err
}

// drop takes the file away again if it was not filled.
func (n *newFile) drop() {
	if n != nil && n.file != nil {
		n.remove()
	}
}

// remove takes the file away again, filled or not.
func (n *newFile) remove() {
	if n == nil {
		return
	}
	if n.file != nil {
		n.file.Close()
		n.file = nil
	}
	os.Remove(n.path)
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, content []byte) error {
	f, err := create(path)
	if err != nil {
		return err
	}
	return f.fill(content)
}
