package vaulttest

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/vault"
)

// Adopted is a vault over a copy of an account's database and the data key that came
// with it. It takes its own copy of the key; with nil it stays locked. vault-damaged when
// the key has a wrong size.
func Adopted(ctx context.Context, store mfa.Store, key *mfa.Secret) (*vault.Vault, error) {
	v := vault.New(vault.Config{Store: store, Clock: time.Now, Rand: rand.Reader})
	if key == nil {
		return v, nil
	}
	a, err := store.Account(ctx)
	if err != nil {
		return nil, err
	}
	if err := v.Start(ctx, a.ID); err != nil {
		return nil, err
	}
	if err := v.Adopt(ctx, "", key); err != nil && !mfa.IsCode(err, mfa.CodeVaultNoStore) { // it is open all the same
		return nil, err
	}
	return v, nil
}
