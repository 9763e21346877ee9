package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Target is where a backup is restored to.
type Target struct {
	Database  string // path; it must be closed
	AccountID string // of what is there; "" when there is none
	Sandbox   bool   // the folder's sandbox: only backups of sandboxes go there, and nowhere else
	// ReplaceOther lets a backup of another account take the place.
	ReplaceOther bool
	Clock        func() time.Time // nil: time.Now
}

func databaseIn(folder string) string { return filepath.Join(folder, databaseName) }

// Restore puts the backup in the place of the database, with an event that says so,
// and gives the data key, or nil when the account had none; the caller opens the
// database, hands the key to the vault and wipes it. The old database stays beside as
// <database>.replaced.<UTC time>.bak. Whenever it fails, the old one is where it was.
//
// The codes of Rehearse but chain-broken: a trail that was broken when the backup was
// made is restored as it was, and the event names the place (detail: broken).
// backup-other-account (params: alias, id, of the backup) unless ReplaceOther is set,
// and always between sandbox and account. storage-denied, storage-failed, disk-full.
func Restore(ctx context.Context, path string, passphrase *mfa.Secret, target Target, open Opener) (Summary, *mfa.Secret, error) {
	return restore(ctx, path, passphrase, target, open, func(string) error { return nil })
}

// restore tells at of each step before it is made, and stops there when at fails.
func restore(ctx context.Context, path string, passphrase *mfa.Secret, target Target, open Opener, at func(step string) error) (_ Summary, _ *mfa.Secret, err error) {
	if target.Clock == nil {
		target.Clock = time.Now
	}
	fail := func(err error) (Summary, *mfa.Secret, error) { return Summary{}, nil, err }
	folder, err := target.folder()
	if err != nil {
		return fail(failed(err))
	}
	defer os.RemoveAll(folder)
	if err := at("read"); err != nil {
		return fail(err)
	}
	m, key, err := unpack(ctx, path, passphrase, folder, target.accept)
	if err != nil {
		return fail(err)
	}
	defer func() {
		if err != nil {
			key.Wipe()
		}
	}()
	if err := at("check"); err != nil {
		return fail(err)
	}
	s, _, err := inspect(ctx, databaseIn(folder), m, key, open, func(store mfa.Store, c counted) error {
		// What is in the file was in the account; one secret that had gone bad there
		// must not keep the person from all the rest. A key that opens none is wrong.
		if c.unopened > 0 && c.unopened == c.sealed {
			return c.unopenedFailure()
		}
		e := mfa.Event{At: target.Clock(), Kind: mfa.EventBackupRestored, Detail: map[string]string{"made": m.MadeAt.Format(time.RFC3339)}}
		if c.unopened > 0 {
			e.Detail["unopened"] = fmt.Sprint(c.unopened)
		}
		if c.brokenAt > 0 {
			e.Detail["broken"] = fmt.Sprint(c.brokenAt)
		}
		return store.AddEvent(ctx, e)
	})
	if err != nil {
		return fail(err)
	}
	s.Events++
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	if err := swap(ctx, databaseIn(folder), target, open, at); err != nil {
		return fail(stopped(ctx, failed(err)))
	}
	return s, key, nil
}

// accept refuses the wrong account before a byte of its database is read.
func (t Target) accept(m manifest) error {
	other := t.AccountID != "" && m.Account != t.AccountID && !t.ReplaceOther
	if other || m.Sandbox != t.Sandbox {
		return mfa.Fail(mfa.CodeBackupOther, "alias", m.Alias, "id", m.Account)
	}
	return nil
}

// folder makes a folder beside the database, so that a rename leads out of it, and
// sweeps those that dead restores left.
func (t Target) folder() (string, error) {
	if t.Database == "" {
		return "", errors.New("archive: no database named")
	}
	dir, name := filepath.Dir(t.Database), filepath.Base(t.Database)+restoreFolder
	for _, path := range lying(dir, true, name) {
		_ = os.RemoveAll(path)
	}
	return os.MkdirTemp(dir, name)
}
