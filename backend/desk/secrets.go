package desk

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/vault"
)

// maxRecoveryFile is far above what a recovery file has.
const maxRecoveryFile = 64 << 10

// Unlock opens the vault with the passphrase; an empty one asks the system's secret
// store once more, which may ask the person. Nobody needs to be signed in: codes
// cannot be checked before. The codes are those of vault.Vault.
func (d *Desk) Unlock(ctx context.Context, passphrase *mfa.Secret) (State, error) {
	return d.unlock(ctx, func(v *vault.Vault) error {
		if passphrase.Len() == 0 {
			return v.Retry(ctx)
		}
		return v.Unlock(ctx, passphrase)
	})
}

// UnlockWithFile does the same with a recovery file that was chosen.
func (d *Desk) UnlockWithFile(ctx context.Context, fileID string) (State, error) {
	return d.unlock(ctx, func(v *vault.Vault) error {
		_, text, err := d.ReadFile(fileID, maxRecoveryFile)
		if err != nil {
			return err
		}
		defer clear(text)
		return v.UnlockWithFile(ctx, text)
	})
}

func (d *Desk) unlock(ctx context.Context, open func(*vault.Vault) error) (State, error) {
	house, err := d.House()
	if err != nil {
		return State{}, err
	}
	if err := open(house.Vault); err != nil {
		return State{}, err
	}
	err = d.Refresh(ctx)
	return d.State(), err
}

// SetPassphrase sets or replaces the passphrase; an empty one makes the system's
// secret store a way instead. Without a data key yet, it makes one.
func (d *Desk) SetPassphrase(ctx context.Context, passphrase *mfa.Secret) (State, error) {
	return d.manage(ctx, func(v *vault.Vault, by string) error {
		switch {
		case v.State().Status == vault.Unset && passphrase.Len() == 0:
			return v.SetUp(ctx, by, nil)
		case v.State().Status == vault.Unset:
			return v.SetUp(ctx, by, passphrase)
		case passphrase.Len() == 0:
			return v.UseSystem(ctx, by)
		}
		return v.SetPassphrase(ctx, by, passphrase)
	})
}

// RemoveSlot takes a way to the data key off. vault-last-way.
func (d *Desk) RemoveSlot(ctx context.Context, id string) (State, error) {
	return d.manage(ctx, func(v *vault.Vault, by string) error { return v.RemoveSlot(ctx, by, id) })
}

// MakeRecoveryFile makes a recovery file and hands its text to save; the text is
// wiped afterwards. ask is called once it is clear that the person may do that, and
// says whether to go on.
func (d *Desk) MakeRecoveryFile(ctx context.Context, ask func() (bool, error), save func(*mfa.Secret) error) error {
	_, err := d.manage(ctx, func(v *vault.Vault, by string) error {
		if yes, err := ask(); err != nil || !yes {
			return err
		}
		text, err := v.MakeRecoveryFile(ctx, by)
		if err != nil {
			return err
		}
		defer text.Wipe()
		return save(text)
	})
	return err
}

// manage lets those change the vault who may.
func (d *Desk) manage(ctx context.Context, change func(v *vault.Vault, by string) error) (State, error) {
	house, session, err := d.seated()
	if err != nil {
		return State{}, err
	}
	if _, err := house.Accounts.May(ctx, session, mfa.OpManageVault, ""); err != nil {
		return State{}, err
	}
	if err := change(house.Vault, session.PrincipalID); err != nil {
		return State{}, err
	}
	err = d.Refresh(ctx)
	return d.State(), err
}
