package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/keyferry/keyferry/backend/durable"
	"github.com/keyferry/keyferry/backend/mfa"
)

// failed says what became of a file we write. Failures and the caller's own end pass.
func failed(err error) error {
	var f *mfa.Failure
	switch {
	case err == nil, errors.As(err, &f), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, syscall.ENOSPC):
		return mfa.Fail(mfa.CodeDiskFull).Because(err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return mfa.Fail(mfa.CodeStorageDenied).Because(err)
	}
	return mfa.Fail(mfa.CodeStorageFailed).Because(err)
}

func unreadable(err error) error { return mfa.Fail(mfa.CodeBackupUnreadable).Because(err) }
func damaged(err error) error    { return mfa.Fail(mfa.CodeBackupDamaged).Because(err) }

// patient stops reading when ctx ends, so that a copy of gigabytes can be cancelled.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}

// publish gives a finished file its name, and never takes the name of another:
// file-exists. A link is the only way that cannot lose a race; on a stick that knows
// none (FAT) looking first has to do.
func publish(part, path string) error {
	err := os.Link(part, path)
	if errors.Is(err, fs.ErrExist) {
		return mfa.Fail(mfa.CodeFileExists)
	}
	if err != nil {
		if _, err := os.Lstat(path); err == nil {
			return mfa.Fail(mfa.CodeFileExists)
		}
		if err := os.Rename(part, path); err != nil {
			return err
		}
	}
	return durable.SyncFolder(filepath.Dir(path))
}

// duplicate gives a file a second name, or copies it where there are no links.
func duplicate(ctx context.Context, from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	part := to + ".part"
	if err := write(part, patient{ctx, src}); err != nil {
		return err
	}
	return os.Rename(part, to)
}

// write makes a new file of mode 0600 and has it on the disk, or leaves none.
func write(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}

// free gives path, or path with -2, -3 and so on before its end, whichever is free.
func free(path, end string) (string, error) {
	for i := 1; i < 1000; i++ {
		name := path + end
		if i > 1 {
			name = fmt.Sprintf("%s-%d%s", path, i, end)
		}
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
	}
	return "", mfa.Fail(mfa.CodeFileExists)
}
