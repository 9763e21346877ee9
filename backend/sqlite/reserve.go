package sqlite

import "os"

// walReserve holds the header of the WAL and all frames up to a checkpoint, with
// room for the change that goes over the mark.
const walReserve = 32 + (checkpointPages+40)*(24+pageSize)

// reserveWAL writes zeros behind what is in the WAL, so that commits write over
// blocks that the file has already. A commit that makes the file longer makes the
// file system write its own journal too, and takes twice as long.
//
// Zeros are no frames: whoever recovers a WAL stops at the first frame whose salt
// and checksum are wrong (SQLite file format, section 4.1). The file goes away on
// Close. When there is no room for zeros there is none, and nothing else changes.
func reserveWAL(path string) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() >= walReserve {
		return
	}
	zeros := make([]byte, 32*pageSize) // not all at once: they would stay in memory
	for at := info.Size(); at < walReserve && err == nil; {
		var n int
		n, err = f.WriteAt(zeros[:min(int64(len(zeros)), walReserve-at)], at)
		at += int64(n)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		f.Truncate(info.Size())
	}
}
