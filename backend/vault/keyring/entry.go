package keyring

import (
	"context"
	"errors"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	// service groups our entries in every store.
	service = "io.github.keyferry"
	// maxKey bounds what a store may hand us.
	maxKey = 1 << 10
	// callTimeout is for one answer of the store. A service that the bus has to start
	// first takes a second or two.
	callTimeout = 5 * time.Second
)

// Store is what the system has: a vault.System, and a vault.Prompter.
type Store interface {
	Name() string
	Get(ctx context.Context, account string) (*mfa.Secret, error)
	Set(ctx context.Context, account string, key *mfa.Secret) error
	Delete(ctx context.Context, account string) error
	Unlock(ctx context.Context) error
}

func label(account string) string { return "Keyferry: key of the secrets of account " + account }

func notFound() error            { return mfa.Fail(mfa.CodeNotFound, "what", "key") }
func missing(cause error) error  { return mfa.Fail(mfa.CodeVaultNoStore).Because(cause) }
func isLocked(cause error) error { return mfa.Fail(mfa.CodeVaultStoreLocked).Because(cause) }

// checkKey refuses what no vault ever gave us.
func checkKey(key *mfa.Secret) error {
	if n := key.Len(); n == 0 || n > maxKey {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "key")
	}
	return nil
}

var errAnswer = errors.New("keyring: the store's answer cannot be read")
