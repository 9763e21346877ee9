package main

import (
	"context"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// noStore is a system without a secret store. Taking the bus out of the environment
// would not do: the Secret Service is also looked for at /run/user/UID/bus, and the
// stores of macOS and Windows need no bus.
type noStore struct{}

func (noStore) Name() string { return "none" }

func (noStore) Get(context.Context, string) (*mfa.Secret, error) {
	return nil, mfa.Fail(mfa.CodeVaultNoStore)
}

func (noStore) Set(context.Context, string, *mfa.Secret) error {
	return mfa.Fail(mfa.CodeVaultNoStore)
}
func (noStore) Delete(context.Context, string) error { return mfa.Fail(mfa.CodeVaultNoStore) }

// The tests make real accounts. Their keys must not get into the secret store of the
// person who runs them.
func TestNobodysSecretStoreIsTouched(t *testing.T) {
	if got := (&houseFlags{}).config(&globals{}).Secrets; got != (noStore{}) {
		t.Fatalf("the tests use %T", got)
	}
}
