package home

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The files in the data folder.
const (
	databaseName = "keyferry.db"
	sandboxName  = "sandbox.db"
	phoneName    = "simulated-phone.json"
	keyName      = "simulated-key.json"
	marksName    = "keyferry.checkpoints"
	boxMarksName = "sandbox.checkpoints"
	boxKeysName  = "sandbox.keys"
	windowName   = "window.json"
	lockName     = "lock"
)

// Home is an open data folder. It is this process's alone until Close.
type Home struct {
	dir  string
	lock *os.File
}

// DefaultDir is the data folder of the person who runs the program: "keyferry" in
// the system's folder for settings (~/.config, %AppData%, ~/Library/Application
// Support). It fails with storage-failed when the system names none.
func DefaultDir() (string, error) {
	base, err := os.UserConfigDir()
	if err != nil {
		return "", mfa.Fail(mfa.CodeStorageFailed).Because(err)
	}
	return filepath.Join(base, "keyferry"), nil
}

// Open makes the folder if it is missing and takes the lock without waiting. It
// fails with already-running when another process (or another Home of this one)
// has it, with storage-denied, disk-full or storage-failed.
func Open(dir string) (*Home, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, failure(err)
	}
	if err := os.MkdirAll(absolute, 0o700); err != nil {
		return nil, failure(err)
	}
	if err := closeToOthers(absolute); err != nil {
		return nil, failure(err)
	}
	f, err := os.OpenFile(filepath.Join(absolute, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, failure(err)
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, failure(err)
	}
	return &Home{dir: absolute, lock: f}, nil
}

// errHeld is what lock gives when somebody else has it.
var errHeld = errors.New("the lock is held")

// closeToOthers takes away from an existing folder what group and others may do.
// Names in it say that there is an account, and a writable folder lets others
// replace the database.
func closeToOthers(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(dir, info.Mode().Perm()&0o700)
}

func failure(err error) error {
	code := mfa.CodeStorageFailed
	switch {
	case errors.Is(err, errHeld):
		code = mfa.CodeAlreadyRunning
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR):
		code = mfa.CodeStorageDenied
	case errors.Is(err, syscall.ENOSPC):
		code = mfa.CodeDiskFull
	}
	return mfa.Fail(code).Because(err)
}

// Dir is the folder, as an absolute path.
func (h *Home) Dir() string { return h.dir }

// Database is the real account.
func (h *Home) Database() string { return filepath.Join(h.dir, databaseName) }

// SandboxDatabase is the evaluation sandbox, which shares nothing with the account.
func (h *Home) SandboxDatabase() string { return filepath.Join(h.dir, sandboxName) }

// Phone is what the simulated phone keeps.
func (h *Home) Phone() string { return filepath.Join(h.dir, phoneName) }

// Key is what the simulated security key keeps.
func (h *Home) Key() string { return filepath.Join(h.dir, keyName) }

// Checkpoints is where the audit trail's newest hash is kept, outside of the database.
func (h *Home) Checkpoints() string { return filepath.Join(h.dir, marksName) }

// SandboxCheckpoints is the same for the sandbox.
func (h *Home) SandboxCheckpoints() string { return filepath.Join(h.dir, boxMarksName) }

// SandboxKeys stands in for the system's secret store in the sandbox.
func (h *Home) SandboxKeys() string { return filepath.Join(h.dir, boxKeysName) }

// Window is the window's place and size.
func (h *Home) Window() string { return filepath.Join(h.dir, windowName) }

// Close gives the lock back. It may be called twice. The lock file stays: taking
// it away would let two processes lock two different files of the same name.
func (h *Home) Close() error {
	err := h.lock.Close()
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}
