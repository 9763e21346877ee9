package rp

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// challengeSize is twice what WebAuthn section 13.4.3 asks for.
const challengeSize = 32

// ceremonyKind keeps a registration's challenge from serving a sign-in.
type ceremonyKind uint8

const (
	registration ceremonyKind = iota + 1
	authentication
	discoverable // nobody has said who they are
)

// ceremonyKey is what a challenge is bound to. Two ceremonies of one person run side by
// side, whatever they are for: which of two devices gets a name both want is decided when
// the device is written.
type ceremonyKey struct {
	kind        ceremonyKind
	principalID string // empty: discoverable
	ceremonyID  string
}

type openCeremony struct {
	challenge []byte
	road      mfa.Road
	issuedAt  time.Time
}

// challengeBook holds the challenges that wait for an answer.
type challengeBook struct {
	life  time.Duration
	max   int
	clock func() time.Time
	rand  io.Reader

	mu   sync.Mutex
	open map[ceremonyKey]openCeremony
}

func newChallengeBook(cfg Config) *challengeBook {
	return &challengeBook{life: cfg.ChallengeLife, max: cfg.MaxOpen, clock: cfg.Clock, rand: cfg.Rand,
		open: make(map[ceremonyKey]openCeremony)}
}

// issue writes a fresh challenge into the book.
func (b *challengeBook) issue(key ceremonyKey, road mfa.Road) ([]byte, error) {
	challenge := make([]byte, challengeSize)
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := io.ReadFull(b.rand, challenge); err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(fmt.Errorf("challenge: %w", err))
	}
	now := b.clock()
	b.makeRoom(now)
	b.open[key] = openCeremony{challenge: challenge, road: road, issuedAt: now}
	return challenge, nil
}

// makeRoom drops what has expired and then the oldest, until one more fits.
func (b *challengeBook) makeRoom(now time.Time) {
	for len(b.open) >= b.max {
		var oldest ceremonyKey
		first := true
		for key, c := range b.open {
			if b.expired(c, now) {
				delete(b.open, key)
			} else if first || c.issuedAt.Before(b.open[oldest].issuedAt) {
				oldest, first = key, false
			}
		}
		if len(b.open) >= b.max {
			delete(b.open, oldest)
		}
	}
}

func (b *challengeBook) expired(c openCeremony, now time.Time) bool {
	return now.Sub(c.issuedAt) > b.life+Lateness
}

// take strikes the ceremony out, whatever will come of it, so that no challenge
// is judged twice. challenge-unknown, challenge-expired.
func (b *challengeBook) take(key ceremonyKey) (openCeremony, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, isOpen := b.open[key]
	if !isOpen {
		return openCeremony{}, mfa.Fail(mfa.CodeChallengeUnknown).Because(errorf("no such ceremony is open for this person"))
	}
	delete(b.open, key)
	if b.expired(c, b.clock()) {
		return openCeremony{}, mfa.Fail(mfa.CodeChallengeExpired).Because(errorf("no answer within %v", b.life+Lateness))
	}
	return c, nil
}
