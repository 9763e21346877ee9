package archive

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// What lies about while a file is made or read. os.MkdirTemp and os.CreateTemp put a
// number in the place of the star, or behind the name.
const (
	makeFolder      = "keyferry-backup-"
	rehearsalFolder = "keyferry-rehearsal-"
	restoreFolder   = ".restore-" // behind the database's name
	partFile        = ".keyferry-backup-*.part"
)

// tooOld is what nobody can be using any more, in a folder that is not ours alone.
const tooOld = 24 * time.Hour

// Sweep deletes the copies of databases that a killed backup, rehearsal or restore left
// in folder, which is the data folder, at a time when nobody else uses it. Only folders
// whose whole name is one that this package gives are touched. What cannot be deleted
// stays until the next time.
func Sweep(folder string, databases ...string) {
	names := []string{makeFolder, rehearsalFolder}
	for _, d := range databases {
		names = append(names, filepath.Base(d)+restoreFolder)
	}
	for _, path := range lying(folder, true, names...) {
		_ = os.RemoveAll(path)
	}
}

// sweepOld does the same, for those that are older than a day, where others may be at work.
func sweepOld(folder string, folders bool, name string) {
	for _, path := range lying(folder, folders, name) {
		if info, err := os.Lstat(path); err == nil && time.Since(info.ModTime()) > tooOld {
			_ = os.RemoveAll(path)
		}
	}
}

// lying gives the folders, or else the files, whose names are one of names with digits
// for the star. Links are neither.
func lying(folder string, folders bool, names ...string) (found []string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if right := folders && e.IsDir() || !folders && e.Type().IsRegular(); !right {
			continue
		}
		if slices.ContainsFunc(names, func(n string) bool { return numbered(e.Name(), n) }) {
			found = append(found, filepath.Join(folder, e.Name()))
		}
	}
	return found
}

// numbered reports whether a name is that of a temporary file or folder: at most 20 digits for the star.
func numbered(name, pattern string) bool {
	before, after, _ := strings.Cut(pattern, "*")
	rest, starts := strings.CutPrefix(name, before)
	digits, ends := strings.CutSuffix(rest, after)
	return starts && ends && 0 < len(digits) && len(digits) <= 20 && strings.Trim(digits, "0123456789") == ""
}
