package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/keyferry/keyferry/backend/mfa"
)

// failure turns what SQLite or the file system said into a code. A Failure
// passes unchanged; nil gives nil. SQLite's messages name tables and columns,
// never values, so they can be kept as the cause.
func failure(err error) error {
	var f *mfa.Failure
	var s *sqlite.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return mfa.AsFailure(err)
	case errors.As(err, &s):
		return mfa.Fail(codeOf(s.Code())).Because(err)
	case errors.Is(err, syscall.ENOSPC):
		return mfa.Fail(mfa.CodeDiskFull).Because(err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return mfa.Fail(mfa.CodeStorageDenied).Because(err)
	default:
		return mfa.Fail(mfa.CodeStorageFailed).Because(err)
	}
}

// codeOf maps a result code (https://sqlite.org/rescode.html), extended or not.
func codeOf(result int) mfa.Code {
	switch result {
	case sqlite3.SQLITE_IOERR_SHMSIZE: // the -shm file could not grow
		return mfa.CodeDiskFull
	case sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS:
		return mfa.CodeDatabaseDamaged
	}
	switch result & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return mfa.CodeDatabaseDamaged
	case sqlite3.SQLITE_FULL:
		return mfa.CodeDiskFull
	case sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH:
		return mfa.CodeStorageDenied
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED: // and the busy timeout has passed
		return mfa.CodeAlreadyRunning
	}
	return mfa.CodeStorageFailed
}

// isUnique reports that a UNIQUE index refused a row.
func isUnique(err error) bool {
	var s *sqlite.Error
	return errors.As(err, &s) && s.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}
