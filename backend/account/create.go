package account

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"math/big"

	"github.com/keyferry/keyferry/backend/mfa"
)

// NewAccount is what the person gives to create an account.
type NewAccount struct {
	Alias    string // see mfa.CheckAlias
	Email    string // root's sign-in name
	RPID     string // empty: mfa.DefaultRPID, or mfa.SandboxRPID in the sandbox
	Sandbox  bool
	Password *mfa.Secret // root's; wiped by the caller
}

// userHandleSize is the length WebAuthn recommends at most half of (64 bytes is
// the limit, section 5.4.3); random, so that it says nothing about the person.
const userHandleSize = 32

// Create makes the account and its root user. It fails with alias-invalid,
// email-invalid, rp-id-invalid, password-invalid, password-too-short or
// account-exists, and then nothing was written.
func (s *Service) Create(ctx context.Context, n NewAccount) (mfa.Account, mfa.Principal, error) {
	if n.RPID == "" {
		n.RPID = mfa.DefaultRPID
		if n.Sandbox {
			n.RPID = mfa.SandboxRPID
		}
	}
	fail := func(err error) (mfa.Account, mfa.Principal, error) { return mfa.Account{}, mfa.Principal{}, err }
	for _, check := range []error{mfa.CheckAlias(n.Alias), mfa.CheckEmail(n.Email), mfa.CheckRPID(n.RPID), mfa.CheckPassword(n.Password)} {
		if check != nil {
			return fail(check)
		}
	}
	// What a simulated phone signs must never be worth anything outside.
	if n.Sandbox != (n.RPID == mfa.SandboxRPID) {
		return fail(mfa.Fail(mfa.CodeRPIDInvalid))
	}
	number, err := rand.Int(s.rand, big.NewInt(1e12))
	if err != nil {
		return fail(err)
	}
	handle := make([]byte, userHandleSize)
	if _, err := io.ReadFull(s.rand, handle); err != nil {
		return fail(err)
	}
	hash, err := s.hash(ctx, n.Password)
	if err != nil {
		return fail(err)
	}
	now := s.clock()
	a := mfa.Account{ID: fmt.Sprintf("%012d", number), Alias: n.Alias, RPID: n.RPID, Sandbox: n.Sandbox,
		Settings: mfa.DefaultSettings(), CreatedAt: now, Version: 1}
	root := mfa.Principal{ID: mfa.NewID(), Kind: mfa.Root, Email: n.Email, UserHandle: handle,
		Password: hash, PasswordAt: now, CreatedAt: now, Version: 1}
	event := mfa.Event{At: now, Kind: mfa.EventAccountCreated, PrincipalID: root.ID, Detail: map[string]string{"alias": n.Alias, "rp_id": n.RPID}}
	if err := s.store.CreateAccount(ctx, a, root, event); err != nil {
		return fail(err)
	}
	return a, root, nil
}
