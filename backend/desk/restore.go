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
// may make backups. Everybody is signed out, whether it works or not; what was there
// is kept beside it.
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
	d.endRun()
	if err := d.leave(ctx); err != nil && !mfa.IsCode(err, mfa.CodeCheckpoint) {
		d.enter(ctx, sandbox)
		return State{}, err
	}
	_, key, err := d.doors.Restore(ctx, sandbox, Restoring{Path: path, Passphrase: passphrase, AccountID: accountID, ReplaceOther: replaceOther})
	defer key.Wipe()
	d.enter(ctx, sandbox)
	if err == nil {
		err = d.adopt(ctx, key)
	}
	d.mu.Lock()
	s := d.state()
	d.emit(Event{State: &s})
	d.mu.Unlock()
	return s, err
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
	if err != nil || key.Len() == 0 {
		return err
	}
	err = house.Vault.Adopt(ctx, "", key)
	if mfa.IsCode(err, mfa.CodeVaultNoStore) || mfa.IsCode(err, mfa.CodeVaultStoreLocked) {
		err = nil // it is open, and its state says what is missing
	}
	return errors.Join(err, d.refresh(ctx))
}
