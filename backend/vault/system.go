package vault

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// System is the operating system's secret store. It must not ask the person
// anything; see Prompter. All three fail with secret-store-missing (there is none),
// secret-store-locked (it is there and does not answer as long as it is locked), Get
// and Delete with not-found.
type System interface {
	// Name is what people call the store.
	Name() string
	// Get gives what was set for the account's entry; the caller wipes it.
	Get(ctx context.Context, account string) (*mfa.Secret, error)
	// Set keeps key, 32 bytes, under the account's entry.
	Set(ctx context.Context, account string, key *mfa.Secret) error
	// Delete forgets the entry.
	Delete(ctx context.Context, account string) error
}

// Prompter is a System that can ask the person to unlock it.
type Prompter interface {
	// Unlock asks until the person has answered or ctx ends. secret-store-missing,
	// secret-store-locked.
	Unlock(ctx context.Context) error
}

const (
	// quick is how long starting and sealing wait for the store: it answers at once,
	// or it hangs.
	quick = 5 * time.Second
	// patient is how long the person may take to answer the store's own question.
	patient = 2 * time.Minute
)

// entry names a slot's key in the store. The slot's ID is part of it, so that no
// slot ever overwrites the key of another.
func entry(account, slotID string) string { return account + "." + slotID }

// bySystem opens the data key with the newest system slot that opens. The failure
// says why none does: secret-store-missing, secret-store-locked, secret-store-changed
// (it is there, but what it holds is not ours), vault-damaged.
func (v *Vault) bySystem(ctx context.Context, account string, slots []mfa.KeySlot) (*mfa.Secret, error) {
	if v.system == nil {
		return nil, mfa.Fail(mfa.CodeVaultNoStore)
	}
	var first error
	for _, s := range of(slots, mfa.SlotSystem) {
		data, err := v.bySystemSlot(ctx, account, s)
		if err == nil {
			return data, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = mfa.Fail(mfa.CodeVaultStoreChanged)
	}
	return nil, first
}

func (v *Vault) bySystemSlot(ctx context.Context, account string, s mfa.KeySlot) (*mfa.Secret, error) {
	if err := checkSlot(account, s); err != nil {
		return nil, err
	}
	key, err := v.system.Get(ctx, entry(account, s.ID))
	if mfa.IsCode(err, mfa.CodeNotFound) {
		return nil, mfa.Fail(mfa.CodeVaultStoreChanged).Because(err)
	}
	if err != nil {
		return nil, storeFailure(err)
	}
	defer key.Wipe()
	data, err := unwrap(account, s, key)
	if errors.Is(err, errNotOurs) {
		return nil, mfa.Fail(mfa.CodeVaultStoreChanged).Because(err)
	}
	return data, err
}

// newSystemSlot puts a new random key into the store and reads it back, because a
// slot whose key was not kept would be a way in that leads nowhere.
func (v *Vault) newSystemSlot(ctx context.Context, account string, data *mfa.Secret) (mfa.KeySlot, error) {
	none := mfa.KeySlot{}
	if v.system == nil {
		return none, mfa.Fail(mfa.CodeVaultNoStore)
	}
	key, err := newKey(v.rand)
	if err != nil {
		return none, err
	}
	defer key.Wipe()
	params, err := json.Marshal(map[string]string{"store": v.system.Name()})
	if err != nil {
		return none, err
	}
	id := mfa.NewID()
	s, err := newSlot(v.rand, account, mfa.SlotSystem, params, v.clock(), id, key, data)
	if err != nil {
		return none, err
	}
	if err := v.system.Set(ctx, entry(account, id), key); err != nil {
		return none, storeFailure(err)
	}
	kept, err := v.system.Get(ctx, entry(account, id))
	if err != nil {
		return none, storeFailure(err)
	}
	defer kept.Wipe()
	if !kept.Equal(key) {
		return none, mfa.Fail(mfa.CodeVaultStoreLocked).Because(errors.New("vault: the store gives back something else"))
	}
	return s, nil
}

// probe says whether the store answers, before anything was put into it.
func (v *Vault) probe(ctx context.Context, account string) mfa.Code {
	if v.system == nil {
		return mfa.CodeVaultNoStore
	}
	found, err := v.system.Get(ctx, entry(account, "none"))
	found.Wipe()
	if err == nil || mfa.IsCode(err, mfa.CodeNotFound) {
		return ""
	}
	return codeOf(storeFailure(err))
}

// prompt lets the store ask the person, if it can.
func (v *Vault) prompt(ctx context.Context) error {
	p, can := v.system.(Prompter)
	if !can {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	return storeFailure(p.Unlock(ctx))
}

// storeFailure leaves what a store is known to answer, and takes anything else, a
// store that does not answer in time among it, for one that is locked: trying again
// is what helps.
func storeFailure(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled), mfa.IsCode(err, mfa.CodeVaultNoStore),
		mfa.IsCode(err, mfa.CodeVaultStoreLocked), mfa.IsCode(err, mfa.CodeVaultDamaged):
		return err
	}
	return mfa.Fail(mfa.CodeVaultStoreLocked).Because(err)
}

func codeOf(err error) mfa.Code {
	if err == nil {
		return ""
	}
	return mfa.AsFailure(err).Code
}
