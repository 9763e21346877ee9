package archive

import (
	"context"
	"fmt"
	"os"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Rehearse does all of restoring but the swap, in a folder that is gone afterwards,
// also when ctx ends: the file opens, it is whole, its database works, the audit trail
// holds, and every sealed secret opens with the key that came with it.
//
// file-unreadable, backup-unreadable, backup-passphrase-wrong, backup-damaged (also
// when a secret does not open), backup-newer, chain-broken (params: seq; the Summary
// is good all the same), disk-full.
//
// The copy lies in a new folder below where, which is the data folder, or empty for the
// system's folder for such files; what a killed rehearsal left there a day ago goes.
func Rehearse(ctx context.Context, path string, passphrase *mfa.Secret, where string, open Opener) (Summary, error) {
	if where == "" {
		where = os.TempDir()
	}
	sweepOld(where, true, rehearsalFolder)
	folder, err := os.MkdirTemp(where, rehearsalFolder) // mode 0700
	if err != nil {
		return Summary{}, failed(err)
	}
	defer os.RemoveAll(folder)
	m, key, err := unpack(ctx, path, passphrase, folder, func(manifest) error { return nil })
	if err != nil {
		return Summary{}, err
	}
	defer key.Wipe()
	s, _, err := inspect(ctx, databaseIn(folder), m, key, open, func(_ mfa.Store, c counted) error {
		switch {
		case c.unopened > 0:
			return c.unopenedFailure()
		case c.brokenAt > 0:
			return mfa.Fail(mfa.CodeChainBroken, "seq", fmt.Sprint(c.brokenAt))
		}
		return nil
	})
	return s, err
}
