package vault

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Status says whether secrets can be sealed and opened.
type Status string

const (
	Unset  Status = "unset"  // there is no key yet, and nothing sealed
	Locked Status = "locked" // there is a key, and none of its slots was opened
	Open   Status = "open"
)

// State is what a person may know of the vault.
type State struct {
	Status Status
	System string // what the system's secret store is called; "" when there is none
	// Store is "" when the store serves, or why it does not: secret-store-missing,
	// secret-store-locked, secret-store-changed (it does not hold this account's key any
	// more), vault-damaged.
	Store mfa.Code
	Slots []mfa.KeySlot // without Wrapped, oldest first
}

// Config is what a Vault is made of.
type Config struct {
	Store  mfa.VaultStore
	System System // nil: this machine has none
	Clock  func() time.Time
	Rand   io.Reader
	Cost   Cost // of new passphrase slots; zero: DefaultCost
}

// Vault implements mfa.Sealer. It is safe for concurrent use.
type Vault struct {
	store  mfa.VaultStore
	system System
	clock  func() time.Time
	rand   io.Reader
	cost   Cost

	turn chan struct{} // holds one token while nobody changes slots

	mu      sync.RWMutex
	account string
	status  Status
	trouble mfa.Code
	slots   []mfa.KeySlot
	key     *mfa.Secret
	box     box
}

var _ mfa.Sealer = (*Vault)(nil)

// New makes a vault; Start opens it.
func New(c Config) *Vault {
	if c.Cost == (Cost{}) {
		c.Cost = DefaultCost
	}
	v := &Vault{store: c.Store, system: c.System, clock: c.Clock, rand: &shared{src: c.Rand}, cost: c.Cost,
		turn: make(chan struct{}, 1), status: Unset}
	v.turn <- struct{}{}
	return v
}

// Start loads the slots and tries the system's store, without asking the person
// anything. That the vault stays locked is no failure: State says so, and why. It may
// be called again, and for another account.
func (v *Vault) Start(ctx context.Context, accountID string) error {
	if accountID == "" {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "account")
	}
	return v.inTurn(ctx, func() error { return v.load(ctx, accountID) })
}

// Retry is Start for a person who wants to open the system's store now: the store
// may ask for its own password. secret-store-missing, secret-store-locked,
// secret-store-changed, vault-damaged, vault-locked when the store was never a way;
// nil when there is no key yet.
func (v *Vault) Retry(ctx context.Context) error {
	return v.inTurn(ctx, func() error {
		account, status := v.whose()
		if account == "" || status == Open {
			return nil
		}
		if err := v.prompt(ctx); err != nil {
			return err
		}
		if err := v.load(ctx, account); err != nil {
			return err
		}
		switch s := v.State(); {
		case s.Store != "":
			return mfa.Fail(s.Store)
		case s.Status == Locked:
			return v.notReady()
		}
		return nil
	})
}

// load reads the slots and tries to open the system's.
func (v *Vault) load(ctx context.Context, account string) error {
	slots, err := v.store.KeySlots(ctx)
	if err != nil {
		return err
	}
	if was, status := v.whose(); was == account && status == Open {
		v.mu.Lock()
		v.slots = slots
		v.mu.Unlock()
		return nil
	}
	wait, cancel := context.WithTimeout(ctx, quick)
	defer cancel()
	if len(slots) == 0 {
		gone, err := v.slotsAreGone(ctx)
		if err != nil {
			return err
		}
		if gone {
			v.become(account, Locked, mfa.CodeVaultDamaged, nil)
			return nil
		}
		v.become(account, Unset, v.probe(wait, account), nil)
		return ctx.Err()
	}
	if len(of(slots, mfa.SlotSystem)) == 0 { // its owner does without
		v.become(account, Locked, v.probe(wait, account), slots)
		return ctx.Err()
	}
	data, err := v.bySystem(wait, account, slots)
	if ctx.Err() != nil {
		data.Wipe()
		return ctx.Err()
	}
	if err != nil {
		v.become(account, Locked, codeOf(err), slots)
		return nil
	}
	v.become(account, Locked, "", slots)
	return v.unlocked(data)
}

// slotsAreGone reports that there were slots once. A new key would then stand over
// an old one, and what that sealed would never open again.
func (v *Vault) slotsAreGone(ctx context.Context) (bool, error) {
	trail, ok := v.store.(interface {
		FindEvents(context.Context, mfa.EventFilter) ([]mfa.Event, error)
	})
	if !ok {
		return false, nil
	}
	found, err := trail.FindEvents(ctx, mfa.EventFilter{Kinds: []mfa.EventKind{mfa.EventVaultChanged}, Limit: 1})
	return len(found) > 0, err
}

// State gives a copy.
func (v *Vault) State() State {
	v.mu.RLock()
	defer v.mu.RUnlock()
	s := State{Status: v.status, Store: v.trouble}
	if v.system != nil {
		s.System = v.system.Name()
	}
	for _, slot := range v.slots {
		slot.Wrapped = nil
		s.Slots = append(s.Slots, slot)
	}
	return s
}

// Seal seals with the data key. When there is no key yet and the system has a secret
// store, the vault sets itself up. vault-locked (params: state, unset or locked;
// store, why the system's store does not serve).
func (v *Vault) Seal(p mfa.Purpose, id string, secret *mfa.Secret) ([]byte, error) {
	if p == "" || id == "" || secret.Len() == 0 || secret.Len() > maxSecret {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", "secret")
	}
	b, err := v.ready()
	if err != nil {
		if v.mayBegin() {
			if err := v.begin(); err != nil {
				return nil, err
			}
		}
		b, err = v.ready() // whoever was first may have set it up by now
	}
	if err != nil {
		return nil, err
	}
	return b.seal(v.rand, secret.Bytes(), string(p), id)
}

// Open opens what Seal sealed for this purpose and row; the caller wipes it.
// vault-locked, vault-damaged.
func (v *Vault) Open(p mfa.Purpose, id string, sealed []byte) (*mfa.Secret, error) {
	b, err := v.ready()
	if err != nil {
		return nil, err
	}
	secret, err := b.open(sealed, string(p), id)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeVaultDamaged).Because(err)
	}
	return secret, nil
}

// Key lends a copy of the data key, for a backup; the caller wipes it. vault-locked.
func (v *Vault) Key() (*mfa.Secret, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.status != Open {
		return nil, v.locked()
	}
	return copyOf(v.key), nil
}

// Close wipes the key; the vault stays locked until Start or Unlock. It may be
// called twice.
func (v *Vault) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.forget()
	if v.status == Open {
		v.status = Locked
	}
}

func (v *Vault) ready() (box, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.status != Open {
		return box{}, v.locked()
	}
	return v.box, nil
}

// locked is the failure of whoever needs the key now. The caller holds mu.
func (v *Vault) locked() error {
	f := mfa.Fail(mfa.CodeVaultLocked, "state", string(v.status))
	if v.trouble != "" {
		f = mfa.Fail(mfa.CodeVaultLocked, "state", string(v.status), "store", string(v.trouble)).Because(mfa.Fail(v.trouble))
	}
	return f
}

func (v *Vault) mayBegin() bool {
	account, status := v.whose()
	return account != "" && status == Unset && v.system != nil
}

// begin sets the vault up for the first secret that is sealed.
func (v *Vault) begin() error {
	ctx, cancel := context.WithTimeout(context.Background(), quick)
	defer cancel()
	return v.inTurn(ctx, func() error {
		if !v.mayBegin() { // somebody else was first
			return nil
		}
		err := v.setUp(ctx, "", nil)
		if err == nil || mfa.IsCode(err, mfa.CodeConflict) {
			return nil // a conflict has loaded the slots that are there
		}
		if storeOnly(err) == nil {
			return err
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.trouble = codeOf(err)
		return v.locked()
	})
}

// storeOnly keeps what is wrong with the store out of what is wrong with the database.
func storeOnly(err error) error {
	for _, c := range []mfa.Code{mfa.CodeVaultNoStore, mfa.CodeVaultStoreLocked, mfa.CodeVaultStoreChanged, mfa.CodeVaultDamaged} {
		if mfa.IsCode(err, c) {
			return mfa.Fail(c)
		}
	}
	return nil
}

// become takes over what was loaded, and forgets any key of before.
func (v *Vault) become(account string, s Status, trouble mfa.Code, slots []mfa.KeySlot) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.forget()
	v.account, v.status, v.trouble, v.slots = account, s, trouble, slots
}

// unlocked takes the data key over.
func (v *Vault) unlocked(data *mfa.Secret) error {
	b, err := newBox(data.Bytes())
	if err != nil {
		data.Wipe()
		return damaged("the data key has a wrong size")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.key != data {
		v.key.Wipe()
	}
	v.key, v.box, v.status = data, b, Open
	return nil
}

// forget wipes the key. The caller holds mu.
func (v *Vault) forget() {
	v.key.Wipe()
	v.key, v.box = nil, box{}
}

func (v *Vault) whose() (string, Status) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.account, v.status
}

// inTurn lets one caller at a time change slots or derive a key.
func (v *Vault) inTurn(ctx context.Context, what func() error) error {
	select {
	case <-v.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { v.turn <- struct{}{} }()
	if err := ctx.Err(); err != nil {
		return err
	}
	return what()
}

func copyOf(s *mfa.Secret) *mfa.Secret { return mfa.NewSecret(append([]byte(nil), s.Bytes()...)) }
