package vault

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// keptFiles is how many recovery files work at a time; a new one beyond takes the
// place of the oldest.
const keptFiles = 3

// SetUp makes the data key with a slot in the system's store, one for the passphrase,
// or both; with a passphrase, it does without a store that does not serve. by is the
// principal who does it. concurrent-modification when there is a key already,
// passphrase-too-short, and without a passphrase secret-store-missing or
// secret-store-locked.
func (v *Vault) SetUp(ctx context.Context, by string, passphrase *mfa.Secret) error {
	if passphrase != nil {
		if err := CheckPassphrase(passphrase); err != nil {
			return err
		}
	}
	return v.inTurn(ctx, func() error {
		if s := v.State(); s.Status == Unset && s.Store == mfa.CodeVaultStoreLocked {
			// Refusing the store's question leaves the passphrase.
			if err := v.prompt(ctx); err != nil && passphrase == nil {
				return err
			}
		}
		return v.setUp(ctx, by, passphrase)
	})
}

func (v *Vault) setUp(ctx context.Context, by string, passphrase *mfa.Secret) error {
	account, status := v.whose()
	if account == "" {
		return v.notReady()
	}
	if status == Unset { // look again: nothing may stand over a key
		if err := v.load(ctx, account); err != nil {
			return err
		}
		_, status = v.whose()
	}
	if status != Unset {
		return mfa.Fail(mfa.CodeConflict)
	}
	data, err := newKey(v.rand)
	if err != nil {
		return err
	}
	var slots []mfa.KeySlot
	s, trouble := v.newSystemSlot(ctx, account, data)
	if trouble == nil {
		slots = append(slots, s)
	}
	if passphrase != nil {
		p, err := v.newPassphraseSlot(ctx, account, passphrase, data)
		if err != nil {
			data.Wipe()
			return err
		}
		slots = append(slots, p)
	}
	if len(slots) == 0 {
		data.Wipe()
		return trouble
	}
	if err := v.replace(ctx, by, nil, slots); err != nil {
		data.Wipe()
		v.discard(ctx, account, slots)
		return err
	}
	v.mu.Lock()
	v.trouble = codeOf(trouble)
	v.mu.Unlock()
	return v.unlocked(data)
}

// SetPassphrase puts a passphrase in the place of the one there was. vault-locked,
// passphrase-too-short, concurrent-modification.
func (v *Vault) SetPassphrase(ctx context.Context, by string, passphrase *mfa.Secret) error {
	if err := CheckPassphrase(passphrase); err != nil {
		return err
	}
	return v.changing(ctx, func(account string, slots []mfa.KeySlot, data *mfa.Secret) error {
		s, err := v.newPassphraseSlot(ctx, account, passphrase, data)
		if err != nil {
			return err
		}
		return v.replace(ctx, by, of(slots, mfa.SlotPassphrase), []mfa.KeySlot{s})
	})
}

// UseSystem adds the system's store as a way, or renews it. vault-locked,
// secret-store-missing, secret-store-locked.
func (v *Vault) UseSystem(ctx context.Context, by string) error {
	return v.changing(ctx, func(account string, slots []mfa.KeySlot, data *mfa.Secret) error {
		if err := v.prompt(ctx); err != nil {
			return err
		}
		return v.renewSystem(ctx, by, account, slots, data)
	})
}

// MakeRecoveryFile adds a recovery file and gives its text; the caller saves and
// wipes it. Three files work at a time. vault-locked.
func (v *Vault) MakeRecoveryFile(ctx context.Context, by string) (text *mfa.Secret, err error) {
	err = v.changing(ctx, func(account string, slots []mfa.KeySlot, data *mfa.Secret) error {
		key, err := newKey(v.rand)
		if err != nil {
			return err
		}
		defer key.Wipe()
		now, id := v.clock(), mfa.NewID()
		s, err := newSlot(v.rand, account, mfa.SlotRecovery, []byte("{}"), now, id, key, data)
		if err != nil {
			return err
		}
		old := of(slots, mfa.SlotRecovery)
		if err := v.replace(ctx, by, old[min(len(old), keptFiles-1):], []mfa.KeySlot{s}); err != nil {
			return err
		}
		text = writeRecoveryFile(account, id, now, key)
		return nil
	})
	return text, err
}

// RemoveSlot takes a way off. The last one stays: vault-last-way, and a system slot
// counts only if it opens now. vault-locked, not-found (what slot).
func (v *Vault) RemoveSlot(ctx context.Context, by, id string) error {
	return v.changing(ctx, func(account string, slots []mfa.KeySlot, _ *mfa.Secret) error {
		at := slices.IndexFunc(slots, func(s mfa.KeySlot) bool { return s.ID == id })
		if at < 0 {
			return mfa.Fail(mfa.CodeNotFound, "what", "slot")
		}
		gone := slots[at]
		rest := slices.Delete(slices.Clone(slots), at, at+1)
		if !v.opens(ctx, account, rest) {
			return mfa.Fail(mfa.CodeVaultLastWay)
		}
		if err := v.replace(ctx, by, []mfa.KeySlot{gone}, nil); err != nil {
			return err
		}
		v.discard(ctx, account, []mfa.KeySlot{gone})
		return nil
	})
}

// fresh reads the slots anew. vault-locked while there is none.
func (v *Vault) fresh(ctx context.Context) (string, []mfa.KeySlot, error) {
	account, _ := v.whose()
	if account == "" {
		return "", nil, v.notReady()
	}
	slots, err := v.store.KeySlots(ctx)
	if err != nil {
		return "", nil, err
	}
	v.mu.Lock()
	v.slots = slots
	v.mu.Unlock()
	if len(slots) == 0 {
		return account, nil, v.notReady()
	}
	return account, slots, nil
}

// changing runs what with the open vault's slots and key.
func (v *Vault) changing(ctx context.Context, what func(account string, slots []mfa.KeySlot, data *mfa.Secret) error) error {
	return v.inTurn(ctx, func() error {
		data, err := v.Key()
		if err != nil {
			return err
		}
		defer data.Wipe()
		account, slots, err := v.fresh(ctx)
		if err != nil {
			return err
		}
		return what(account, slots, data)
	})
}

// renewSystem puts one new system slot in the place of all there were. Their entries
// stay in the store: an older copy of the database may need them.
func (v *Vault) renewSystem(ctx context.Context, by, account string, slots []mfa.KeySlot, data *mfa.Secret) error {
	s, err := v.newSystemSlot(ctx, account, data)
	if err == nil {
		if err = v.replace(ctx, by, of(slots, mfa.SlotSystem), []mfa.KeySlot{s}); err != nil {
			v.discard(ctx, account, []mfa.KeySlot{s})
		}
	}
	if err == nil || storeOnly(err) != nil {
		v.mu.Lock()
		v.trouble = codeOf(err)
		v.mu.Unlock()
	}
	return err
}

// opens reports whether one of slots still leads to the key.
func (v *Vault) opens(ctx context.Context, account string, slots []mfa.KeySlot) bool {
	for _, s := range slots {
		if s.Kind != mfa.SlotSystem && checkSlot(account, s) == nil {
			return true
		}
	}
	data, err := v.bySystem(ctx, account, slots)
	data.Wipe()
	return err == nil
}

// replace changes slots in one transaction with its event, and then in memory.
func (v *Vault) replace(ctx context.Context, by string, gone, added []mfa.KeySlot) error {
	v.mu.RLock()
	rest := slices.DeleteFunc(slices.Clone(v.slots), func(s mfa.KeySlot) bool { return slices.Contains(ids(gone), s.ID) })
	v.mu.RUnlock()
	rest = append(rest, added...)
	kinds := make([]string, len(rest))
	for i, s := range rest {
		kinds[i] = string(s.Kind)
	}
	slices.Sort(kinds)
	e := mfa.Event{At: v.clock(), Kind: mfa.EventVaultChanged, PrincipalID: by, Detail: map[string]string{"slots": strings.Join(kinds, " ")}}
	if err := v.store.ReplaceKeySlots(ctx, ids(gone), added, e); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.slots = rest
	return nil
}

// discard takes what nobody needs any more out of the system's store, as far as it
// lets us: an entry that stays opens nothing.
func (v *Vault) discard(ctx context.Context, account string, gone []mfa.KeySlot) {
	for _, s := range of(gone, mfa.SlotSystem) {
		if v.system != nil {
			_ = v.system.Delete(context.WithoutCancel(ctx), entry(account, s.ID))
		}
	}
}

func (v *Vault) newPassphraseSlot(ctx context.Context, account string, passphrase, data *mfa.Secret) (mfa.KeySlot, error) {
	none := mfa.KeySlot{}
	p, err := newPassphraseParams(v.rand, v.cost)
	if err != nil {
		return none, err
	}
	params, err := json.Marshal(p)
	if err != nil {
		return none, err
	}
	key, err := p.key(ctx, passphrase)
	if err != nil {
		return none, err
	}
	defer key.Wipe()
	return newSlot(v.rand, account, mfa.SlotPassphrase, params, v.clock(), mfa.NewID(), key, data)
}

// notReady is vault-locked for who comes before there is an account or a key.
func (v *Vault) notReady() error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.locked()
}
