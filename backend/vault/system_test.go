package vault

import (
	"context"
	"maps"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
)

// fakeStore is a secret store whose mood a test sets.
type fakeStore struct {
	mu      sync.Mutex
	entries map[string][]byte
	fails   error // of everything
	lies    bool  // keeps nothing and says it did
	garbles bool  // keeps something else
	sets    int
	prompt  error // what the person's answer leads to
	asked   int
}

func newFakeStore() *fakeStore { return &fakeStore{entries: map[string][]byte{}} }

func (f *fakeStore) Name() string { return "Fake Store" }

func (f *fakeStore) Get(ctx context.Context, account string) (*mfa.Secret, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails != nil {
		return nil, f.fails
	}
	b, ok := f.entries[account]
	if !ok {
		return nil, mfa.Fail(mfa.CodeNotFound, "what", "key")
	}
	return mfa.NewSecret(append([]byte(nil), b...)), ctx.Err()
}

func (f *fakeStore) Set(_ context.Context, account string, key *mfa.Secret) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails != nil {
		return f.fails
	}
	f.sets++
	if !f.lies {
		f.entries[account] = append([]byte(nil), key.Bytes()...)
	}
	if f.garbles {
		f.entries[account][0] ^= 1
	}
	return nil
}

func (f *fakeStore) Delete(_ context.Context, account string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails != nil {
		return f.fails
	}
	delete(f.entries, account)
	return nil
}

func (f *fakeStore) Unlock(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.prompt == nil {
		f.fails = nil
	}
	return f.prompt
}

func (f *fakeStore) fail(code mfa.Code) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails = nil
	if code != "" {
		f.fails = mfa.Fail(code)
	}
}

// lose empties the store, as a new machine or a new login keyring does.
func (f *fakeStore) lose() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.entries)
}

// swap puts other keys under the same names.
func (f *fakeStore) swap() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range maps.Clone(f.entries) {
		f.entries[name] = make([]byte, keySize)
	}
}
