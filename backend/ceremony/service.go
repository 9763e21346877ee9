package ceremony

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

// Sweeper deletes the authenticator apps that nobody has.
type Sweeper interface {
	Sweep(ctx context.Context, principalID string) error
}

// Recovery knows the printed codes that stand in for a lost device. Use takes one for
// good and writes that somebody signed in with it: recovery-code-wrong,
// recovery-code-used, vault-locked.
type Recovery interface {
	Use(ctx context.Context, principalID string, code *mfa.Secret) error
	Left(ctx context.Context, principalID string) (int, error)
}

// Config is what a Service is made of.
type Config struct {
	Store     mfa.Store
	Accounts  *account.Service
	Roads     Roads
	Vault     mfa.Sealer // of seeds and links; nil is one that is always locked
	Recovery  Recovery   // nil: no recovery codes
	Metadata  Metadata   // nil: nothing is proven of any authenticator
	Admission Admission  // nil: refusals are not explained
	System    string     // runtime.GOOS
	// Devices sweeps at sign-in; nil does not. IAM sweeps when somebody signs in to its
	// console, and leaves unassigned apps to those who work by commands.
	Devices Sweeper
	Clock   func() time.Time
	Rand    io.Reader
	Log     *slog.Logger
}

// Service runs the ceremonies of one account. It is safe for concurrent use.
type Service struct {
	Config

	mu      sync.Mutex
	parties map[string]*rp.RelyingParty // by RP ID; it changes at most until the first device
	linking sync.WaitGroup              // link records on their way to the store

	oneCode sync.Mutex // lets one code be tried at a time: see tried
	clocks  clocks
}

// New makes the service.
func New(c Config) *Service {
	if c.Vault == nil {
		c.Vault = noVault{}
	}
	return &Service{Config: c, parties: map[string]*rp.RelyingParty{}}
}

// noVault is a vault that nobody has set up.
type noVault struct{}

func (noVault) Seal(mfa.Purpose, string, *mfa.Secret) ([]byte, error) { return nil, noVault{}.locked() }
func (noVault) Open(mfa.Purpose, string, []byte) (*mfa.Secret, error) { return nil, noVault{}.locked() }
func (noVault) locked() error                                         { return mfa.Fail(mfa.CodeVaultLocked, "state", "unset") }

// Close waits until link records that are on their way are stored.
func (s *Service) Close() { s.linking.Wait() }

// relyingParty gives the relying party of the account and its origin.
func (s *Service) relyingParty(ctx context.Context) (*rp.RelyingParty, string, error) {
	a, err := s.Store.Account(ctx)
	if err != nil {
		return nil, "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.parties[a.RPID]; ok {
		return r, a.Origin(), nil
	}
	r, err := rp.New(rp.Config{RPID: a.RPID, Name: a.Alias, Origin: a.Origin(), Clock: s.Clock, Rand: s.Rand})
	if err != nil {
		return nil, "", err
	}
	s.parties[a.RPID] = r
	return r, a.Origin(), nil
}
