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
	rules mfa.Rules
	clock func() time.Time
	rand  io.Reader
	cost  Cost
	// idKey is argon2.IDKey; tests count how often it is called.
	idKey func(password, salt []byte, time, memoryKiB uint32, threads uint8, size uint32) []byte
	// oneGuess lets one password be checked at a time.
	oneGuess sync.Mutex
	// adding lets users be counted and added at once.
	adding  sync.Mutex
	waits   *Waits
	managed Managed
}

// Config is what a Service is made of.
type Config struct {
	Store mfa.Store
	Rules mfa.Rules
	Clock func() time.Time
	Rand  io.Reader
	Cost  Cost // of new password hashes; DefaultCost is right outside of tests
	// Waits remembers waits beyond the life of this service; nil: it does not.
	Waits *Waits
	// Managed is asked by what may leave nobody but root; nil: nobody is.
	Managed Managed
}

// New makes the service.
func New(c Config) *Service {
	if c.Waits == nil {
		c.Waits = NewWaits()
	}
	return &Service{waits: c.Waits, managed: c.Managed, store: c.Store, rules: c.Rules, clock: c.Clock, rand: c.Rand, cost: c.Cost, idKey: argon2.IDKey}
}

// Account gives the account, or no-account.
func (s *Service) Account(ctx context.Context) (mfa.Account, error) { return s.store.Account(ctx) }
