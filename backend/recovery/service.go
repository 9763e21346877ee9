package recovery

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Codes is how many there are in a set.
const Codes = 10

// Config is what a Service is made of.
type Config struct {
	Store    mfa.Store
	Accounts *account.Service
	Vault    mfa.Sealer
	Clock    func() time.Time
	Rand     io.Reader
}

// Service makes and takes recovery codes. It is safe for concurrent use.
type Service struct {
	store    mfa.Store
	accounts *account.Service
	vault    mfa.Sealer
	clock    func() time.Time
	rand     io.Reader
}

// New makes the service.
func New(c Config) *Service {
	return &Service{store: c.Store, accounts: c.Accounts, vault: c.Vault, clock: c.Clock, rand: c.Rand}
}

// Make makes ten new codes for root, who is the caller, in the place of all old ones. The
// codes are shown and wiped by whoever gets them; nothing gives them a second time.
//
// As account.May fails (root alone may, and needs an MFA session once there is a
// device); access-denied for users whatever the rules say; vault-locked.
func (s *Service) Make(ctx context.Context, who mfa.Session) (codes []*mfa.Secret, err error) {
	acting, err := s.accounts.May(ctx, who, mfa.OpMakeRecoveryCodes, "")
	if err != nil {
		return nil, err
	}
	if acting.Caller.Kind != mfa.Root {
		return nil, mfa.Fail(mfa.CodeAccessDenied, "operation", string(mfa.OpMakeRecoveryCodes))
	}
	defer func() {
		if err != nil {
			for _, c := range codes {
				c.Wipe()
			}
			codes = nil
		}
	}()
	kept := make([]mfa.RecoveryCode, Codes)
	for i := range kept {
		text, row, err := s.one()
		if err != nil {
			return codes, err
		}
		codes, kept[i] = append(codes, text), row
	}
	event := mfa.Event{At: s.clock(), Kind: mfa.EventRecoveryMade, PrincipalID: acting.Caller.ID,
		Detail: map[string]string{"count": strconv.Itoa(Codes)}}
	return codes, s.store.ReplaceRecoveryCodes(ctx, acting.Caller.ID, kept, event)
}

// one makes a code, and what is kept of it.
func (s *Service) one() (*mfa.Secret, mfa.RecoveryCode, error) {
	b := make([]byte, codeSize)
	if _, err := io.ReadFull(s.rand, b); err != nil {
		return nil, mfa.RecoveryCode{}, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	text := written(b)
	code := mfa.NewSecret(b)
	defer code.Wipe()
	id := mfa.NewID()
	hash := mfa.NewSecret(hashed(id, code))
	defer hash.Wipe()
	sealed, err := s.vault.Seal(mfa.SealRecovery, id, hash)
	if err != nil {
		text.Wipe()
		return nil, mfa.RecoveryCode{}, err
	}
	return text, mfa.RecoveryCode{ID: id, Sealed: sealed}, nil
}

// Use takes one of somebody's codes for good, and writes in the same transaction that
// they signed in with it (signed-in-recovery; detail: left). It is only for signing in.
//
// recovery-code-wrong; recovery-code-used, for one that was right once; vault-locked,
// vault-damaged: nothing was tried.
func (s *Service) Use(ctx context.Context, principalID string, code *mfa.Secret) error {
	kept, err := s.store.RecoveryCodes(ctx, principalID)
	if err != nil {
		return err
	}
	given, ok := read(code)
	defer given.Wipe()
	found, err := s.find(kept, given)
	switch {
	case err != nil:
		return err
	case !ok || found < 0:
		return mfa.Fail(mfa.CodeRecoveryCodeWrong)
	}
	event := mfa.Event{At: s.clock(), Kind: mfa.EventSignInRecovery, PrincipalID: principalID,
		Detail: map[string]string{"left": strconv.Itoa(unused(kept) - 1)}}
	return s.store.UseRecoveryCode(ctx, kept[found].ID, event)
}

// find holds a code against every one that is kept, used ones too, and does not stop at
// the one it is. -1 for none. given may be nil: then all the work is for nothing.
func (s *Service) find(kept []mfa.RecoveryCode, given *mfa.Secret) (int, error) {
	found := -1
	for i, k := range kept {
		hash, err := s.vault.Open(mfa.SealRecovery, k.ID, k.Sealed)
		if err != nil {
			return -1, err
		}
		same := subtle.ConstantTimeCompare(hash.Bytes(), hashed(k.ID, given))
		hash.Wipe()
		found = subtle.ConstantTimeSelect(same, i, found)
	}
	return found, nil
}

// Left is how many codes still work.
func (s *Service) Left(ctx context.Context, principalID string) (int, error) {
	kept, err := s.store.RecoveryCodes(ctx, principalID)
	return unused(kept), err
}

func unused(kept []mfa.RecoveryCode) (n int) {
	for _, k := range kept {
		if k.UsedAt.IsZero() {
			n++
		}
	}
	return n
}

// hashed is SHA-256 of the row's ID, a zero byte and the code.
func hashed(id string, code *mfa.Secret) []byte {
	h := sha256.New()
	h.Write([]byte(id))
	h.Write([]byte{0})
	h.Write(code.Bytes())
	return h.Sum(nil)
}
