package account

import (
	"context"
	"io"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Service answers questions about one account's principals and devices. It is
// safe for concurrent use.
type Service struct {
	store mfa.Store
	clock func() time.Time
	rand  io.Reader
	cost  Cost
	// idKey is argon2.IDKey; tests count how often it is called.
	idKey func(password, salt []byte, time, memoryKiB uint32, threads uint8, size uint32) []byte
	// oneGuess lets one password be checked at a time.
	oneGuess sync.Mutex
}

// New makes the service. cost is the price of new password hashes; DefaultCost
// is right outside of tests.
func New(store mfa.Store, clock func() time.Time, rand io.Reader, cost Cost) *Service {
	return &Service{store: store, clock: clock, rand: rand, cost: cost, idKey: argon2.IDKey}
}

// Account gives the account, or no-account.
func (s *Service) Account(ctx context.Context) (mfa.Account, error) { return s.store.Account(ctx) }
