package account

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Service answers questions about one account's principals and devices. It is
// safe for concurrent use.
type Service struct {
	store   mfa.Store
	clock   func() time.Time
	rand    io.Reader
	cost    Cost
	unknown *delays // of identities that do not exist, so that they answer alike
	// oneGuess lets one password be checked at a time.
	oneGuess sync.Mutex
}

// New makes the service. cost is the price of new password hashes; DefaultCost
// is right outside of tests.
func New(store mfa.Store, clock func() time.Time, rand io.Reader, cost Cost) *Service {
	return &Service{store: store, clock: clock, rand: rand, cost: cost, unknown: newDelays()}
}

// Account gives the account, or no-account.
func (s *Service) Account(ctx context.Context) (mfa.Account, error) { return s.store.Account(ctx) }
