package vault

import (
	"context"
	"errors"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Unlock opens the vault with the passphrase, and then gives a store that lost the
// key, or holds another, a new one. vault-passphrase-wrong, vault-damaged, not-found
// (what passphrase) when there is no such slot.
func (v *Vault) Unlock(ctx context.Context, passphrase *mfa.Secret) error {
	return v.inTurn(ctx, func() error {
		account, slots, err := v.fresh(ctx)
		if err != nil {
			return err
		}
		data, err := byPassphrase(ctx, account, slots, passphrase)
		if err != nil {
			return err
		}
		return v.opened(ctx, account, slots, data)
	})
}

// UnlockWithFile does the same with a recovery file. recovery-file-invalid (params:
// why, one of unreadable, line, other-account, unknown), vault-damaged.
func (v *Vault) UnlockWithFile(ctx context.Context, file []byte) error {
	return v.inTurn(ctx, func() error {
		account, slots, err := v.fresh(ctx)
		if err != nil {
			return err
		}
		data, err := byFile(account, slots, file)
		if err != nil {
			return err
		}
		return v.opened(ctx, account, slots, data)
	})
}

// Adopt takes the data key that came out of a backup, and puts it into this
// machine's store if the backup relied on one. The vault is open afterwards even
// when it gives secret-store-missing or secret-store-locked, which say that no way
// works here yet: a passphrase must be set now. vault-damaged when it is open with
// another key.
func (v *Vault) Adopt(ctx context.Context, by string, key *mfa.Secret) error {
	if key.Len() != keySize {
		return damaged("the data key has a wrong size")
	}
	return v.inTurn(ctx, func() error {
		account, slots, err := v.fresh(ctx)
		if err != nil && !mfa.IsCode(err, mfa.CodeVaultLocked) {
			return err
		}
		if account == "" {
			return err
		}
		if err := v.matches(key); err != nil {
			return err
		}
		if v.State().Status == Open {
			return nil
		}
		if err := v.unlocked(copyOf(key)); err != nil {
			return err
		}
		if len(slots) > 0 && len(of(slots, mfa.SlotSystem)) == 0 {
			return nil // its owner did without
		}
		err = v.renewSystem(ctx, by, account, slots, key)
		if err != nil && storeOnly(err) != nil && len(slots) > len(of(slots, mfa.SlotSystem)) {
			return nil // State says it, and another way is there
		}
		return err
	})
}

// opened takes the data key over, and repairs the system's slot when the store
// answered and had nothing for it. A store that is only locked is left alone.
func (v *Vault) opened(ctx context.Context, account string, slots []mfa.KeySlot, data *mfa.Secret) error {
	if err := v.matches(data); err != nil {
		data.Wipe()
		return err
	}
	mine := copyOf(data) // Close may wipe the vault's own while we wrap it anew
	defer mine.Wipe()
	if err := v.unlocked(data); err != nil {
		return err
	}
	if len(of(slots, mfa.SlotSystem)) == 0 {
		return nil
	}
	wait, cancel := context.WithTimeout(ctx, quick)
	defer cancel()
	found, err := v.bySystem(wait, account, slots)
	found.Wipe()
	if mfa.IsCode(err, mfa.CodeVaultStoreChanged) || mfa.IsCode(err, mfa.CodeVaultDamaged) {
		// What fails here fails again next time: the person is in, and State says it.
		if err = v.renewSystem(wait, "", account, slots, mine); err == nil {
			return nil
		}
	}
	v.mu.Lock()
	v.trouble = codeOf(err)
	v.mu.Unlock()
	return nil
}

// matches refuses a second key for an open vault.
func (v *Vault) matches(data *mfa.Secret) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.status == Open && !v.key.Equal(data) {
		return damaged("the slot holds another data key")
	}
	return nil
}

func byPassphrase(ctx context.Context, account string, slots []mfa.KeySlot, passphrase *mfa.Secret) (*mfa.Secret, error) {
	var last error = mfa.Fail(mfa.CodeNotFound, "what", "passphrase")
	for _, s := range of(slots, mfa.SlotPassphrase) {
		if last = checkSlot(account, s); last != nil {
			continue
		}
		p, err := readPassphraseParams(s.Params)
		if last = err; err != nil {
			continue
		}
		key, err := p.key(ctx, passphrase)
		if err != nil {
			return nil, err
		}
		data, err := unwrap(account, s, key)
		key.Wipe()
		if err == nil {
			return data, nil
		}
		if last = err; errors.Is(err, errNotOurs) {
			last = mfa.Fail(mfa.CodeVaultPassphrase).Because(err)
		}
	}
	return nil, last
}

func byFile(account string, slots []mfa.KeySlot, file []byte) (*mfa.Secret, error) {
	key, err := readRecoveryFile(account, file)
	if err != nil {
		return nil, err
	}
	defer key.Wipe()
	broken := false
	for _, s := range of(slots, mfa.SlotRecovery) {
		data, err := unwrap(account, s, key)
		if err == nil {
			return data, nil
		}
		broken = broken || mfa.IsCode(err, mfa.CodeVaultDamaged)
	}
	if broken {
		return nil, damaged("a recovery slot was changed")
	}
	return nil, recoveryFile("unknown") // it was taken off, or is of another time
}
