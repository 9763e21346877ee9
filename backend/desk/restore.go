package desk

import (
	"context"
	"errors"

	"github.com/keyferry/keyferry/backend/archive"
	"github.com/keyferry/keyferry/backend/mfa"
)

// RehearseBackup opens a backup that was chosen and says what is in it. Nothing is
// changed, and nobody needs to be signed in: whoever has the passphrase may look.
func (d *Desk) RehearseBackup(ctx context.Context, fileID string, passphrase *mfa.Secret) (archive.Summary, error) {
	_, path, err := d.File(fileID)
	if err != nil {
		return archive.Summary{}, err
	}
	return d.doors.Rehearse(ctx, path, passphrase)
}

// RestoreBackup puts a backup that was chosen in the place of the account. It needs
// nobody when there is no account or it cannot be opened, and otherwise somebody who
// may make backups. What was there is kept beside it.
//
// A backup that cannot be restored is found out before anything happens, and whoever
// is signed in stays so: a wrong passphrase, a damaged file, a backup of another
// account without replaceOther. After that everybody is signed out, whether it works
// or not.
//
// The state afterwards is that of the restored account. When its vault has no way
// that works on this machine, it is open all the same, until the app is closed:
// State.Vault says so.
func (d *Desk) RestoreBackup(ctx context.Context, fileID string, passphrase *mfa.Secret, replaceOther bool) (State, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	_, path, err := d.File(fileID)
	if err != nil {
		return State{}, err
	}
	accountID, sandbox, err := d.mayRestore(ctx)
	if err != nil {
		return State{}, err
	}
	r := Restoring{Path: path, Passphrase: passphrase, AccountID: accountID, ReplaceOther: replaceOther}
	if err := d.rehearse(ctx, sandbox, r); err != nil {
		return State{}, err
	}
	d.endRun()
	// A checkpoint that no longer fits is one of the reasons for restoring.
	if err := d.leave(ctx); err != nil && !mfa.IsCode(err, mfa.CodeCheckpoint) {
		d.enter(ctx, sandbox)
		return State{}, err
	}
	_, key, err := d.doors.Restore(ctx, sandbox, r)
	defer key.Wipe()
	d.enter(ctx, sandbox)
	if key != nil {
		err = errors.Join(err, d.adopt(ctx, key))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.state()
	d.emit(Event{State: &s})
	return s, err
}

// rehearse finds out what Restore would refuse, while nothing has happened yet.
func (d *Desk) rehearse(ctx context.Context, sandbox bool, r Restoring) error {
	s, err := d.doors.Rehearse(ctx, r.Path, r.Passphrase)
	switch {
	case err != nil && !mfa.IsCode(err, mfa.CodeChainBroken): // that one is restored as it is
		return err
	case s.Sandbox != sandbox, r.AccountID != "" && s.Account != r.AccountID && !r.ReplaceOther:
		return mfa.Fail(mfa.CodeBackupOther, "alias", s.Alias, "id", s.Account)
	}
	return nil
}

// mayRestore gives the account that is there, if one can be read. With moving held.
func (d *Desk) mayRestore(ctx context.Context) (accountID string, sandbox bool, err error) {
	d.mu.Lock()
	sandbox = d.sandbox
	there, broken := d.account, d.failure != nil
	d.mu.Unlock()
	if there == nil || broken {
		return "", sandbox, nil
	}
	house, session, err := d.seated()
	if err != nil {
		return "", sandbox, err
	}
	_, err = house.Accounts.May(ctx, session, mfa.OpBackUp, "")
	return there.ID, sandbox, err
}

// adopt hands the restored data key to the vault.
func (d *Desk) adopt(ctx context.Context, key *mfa.Secret) error {
	house, err := d.House()
	if err != nil {
		return err
	}
	err = house.Vault.Adopt(ctx, "", key)
	if mfa.IsCode(err, mfa.CodeVaultNoStore) || mfa.IsCode(err, mfa.CodeVaultStoreLocked) {
		err = nil // it is open, and its state says what is missing
	}
	return errors.Join(err, d.refresh(ctx))
}
