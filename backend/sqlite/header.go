package sqlite

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// applicationID is "KFry" and marks a database as Keyferry's.
const applicationID = 0x4b467279

// The database header (SQLite file format, section 1.3).
const (
	headerSize          = 100
	headerMagic         = "SQLite format 3\x00"
	offsetUserVersion   = 60
	offsetApplicationID = 68
)

// inspect reads the header of the file and says which schema version it has; 0
// means that there is no file; an empty one is damaged (see create). Nothing is written, not even the -wal and
// -shm files that opening the database would leave.
//
// The header is the truth although a WAL may lie beside it, because both fields
// change in migrations only, and those run without a WAL (see migrate).
//
// It fails with database-damaged, database-foreign, database-newer,
// storage-denied or storage-failed.
func inspect(path string, known int) (version int, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, failure(err)
	}
	defer f.Close()
	header := make([]byte, headerSize)
	n, err := io.ReadFull(f, header)
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return 0, failure(err)
	case n < headerSize || string(header[:len(headerMagic)]) != headerMagic:
		return 0, mfa.Fail(mfa.CodeDatabaseDamaged).Because(errors.New("no SQLite header"))
	}
	application := binary.BigEndian.Uint32(header[offsetApplicationID:])
	version = int(int32(binary.BigEndian.Uint32(header[offsetUserVersion:])))
	return version, judge(int64(application), version, known)
}

// judge decides whether a database with these marks is ours to open.
func judge(application int64, version, known int) error {
	switch {
	case application != applicationID:
		return mfa.Fail(mfa.CodeDatabaseForeign)
	case version > known:
		return mfa.Fail(mfa.CodeDatabaseNewer, "found", strconv.Itoa(version), "known", strconv.Itoa(known))
	case version < 1:
		return mfa.Fail(mfa.CodeDatabaseDamaged).Because(errors.New("schema version " + strconv.Itoa(version)))
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
