package assembly

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/keyferry/keyferry/backend/activity"
	"github.com/keyferry/keyferry/backend/archive"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/vault"
)

// Rehearse opens a backup and says what is in it: see archive.Rehearse.
func (d doors) Rehearse(ctx context.Context, path string, passphrase *mfa.Secret) (archive.Summary, error) {
	return archive.Rehearse(ctx, path, passphrase, d.home.Dir(), openCopy)
}

// Restore puts a backup in the place of a database that nobody has open: see
// archive.Restore. The checkpoints of the trail that was there are set aside, as they
// would call the other one changed.
func (d doors) Restore(ctx context.Context, sandbox bool, r desk.Restoring) (archive.Summary, *mfa.Secret, error) {
	return restore(ctx, d.database(sandbox), d.checkpoints(sandbox), sandbox, r)
}

// Restore does the same for a folder that is not at a desk.
func Restore(ctx context.Context, c Config, r desk.Restoring) (archive.Summary, *mfa.Secret, error) {
	folder, err := openHome(c.Home)
	if err != nil {
		return archive.Summary{}, nil, err
	}
	s, key, err := newDoors(folder, c).Restore(ctx, c.Sandbox, r)
	return s, key, errors.Join(err, folder.Close())
}

// Rehearse is archive.Rehearse with the product's own store and vault. It needs no data
// folder, so the copy lies in the system's folder for such files.
func Rehearse(ctx context.Context, path string, passphrase *mfa.Secret) (archive.Summary, error) {
	return archive.Rehearse(ctx, path, passphrase, "", openCopy)
}

func restore(ctx context.Context, database, checkpoints string, sandbox bool, r desk.Restoring) (archive.Summary, *mfa.Secret, error) {
	target := archive.Target{Database: database, AccountID: r.AccountID, Sandbox: sandbox, ReplaceOther: r.ReplaceOther, Clock: time.Now}
	s, key, err := archive.Restore(ctx, r.Path, r.Passphrase, target, openCopy)
	if err != nil {
		return s, key, err
	}
	return s, key, activity.SetAside(checkpoints, time.Now())
}

// openCopy opens a database that is not the one in use: see archive.Opener.
func openCopy(ctx context.Context, database string, key *mfa.Secret) (mfa.Store, mfa.Sealer, error) {
	store, err := sqlite.Open(ctx, database)
	if err != nil {
		return nil, nil, err
	}
	c := opened{Store: store, vault: vault.New(vault.Config{Store: store, Clock: time.Now, Rand: rand.Reader})}
	if err := c.adopt(ctx, key); err != nil {
		return nil, nil, errors.Join(err, c.Close())
	}
	return c, c.vault, nil
}

// opened is a copy with a vault that no system's store knows of.
type opened struct {
	*sqlite.Store
	vault *vault.Vault
}

func (c opened) adopt(ctx context.Context, key *mfa.Secret) error {
	if key == nil {
		return nil
	}
	a, err := c.Account(ctx)
	if err != nil {
		return err
	}
	if err := c.vault.Start(ctx, a.ID); err != nil {
		return err
	}
	if err := c.vault.Adopt(ctx, "", key); !mfa.IsCode(err, mfa.CodeVaultNoStore) {
		return err
	}
	return nil // it is open
}

// Close wipes the key, too.
func (c opened) Close() error {
	c.vault.Close()
	return c.Store.Close()
}
