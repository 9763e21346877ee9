package account

import (
	"context"
	"crypto/subtle"
	"io"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Cost is the price of one argon2id hash.
type Cost struct {
	Time      uint32
	MemoryKiB uint32
	Threads   uint8
}

// DefaultCost is the second recommended option of RFC 9106 section 4: three
// passes over 64 MiB with four lanes.
var DefaultCost = Cost{Time: 3, MemoryKiB: 64 << 10, Threads: 4}

const (
	saltSize = 16
	hashSize = 32
	// maxMemoryKiB bounds what a damaged or forged row can make us allocate.
	maxMemoryKiB = 1 << 20
	maxTime      = 16
)

func (s *Service) hash(ctx context.Context, password *mfa.Secret) (mfa.PasswordHash, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(s.rand, salt); err != nil {
		return mfa.PasswordHash{}, err
	}
	if err := ctx.Err(); err != nil {
		return mfa.PasswordHash{}, err
	}
	return mfa.PasswordHash{
		Salt: salt, Hash: s.idKey(password.Bytes(), salt, s.cost.Time, s.cost.MemoryKiB, s.cost.Threads, hashSize),
		Time: s.cost.Time, MemoryKiB: s.cost.MemoryKiB, Threads: s.cost.Threads,
	}, nil
}

// matches compares in constant time, at the price the hash was made with.
func (s *Service) matches(h mfa.PasswordHash, password *mfa.Secret) bool {
	sane := h.Time >= 1 && h.Time <= maxTime && h.Threads >= 1 && h.MemoryKiB <= maxMemoryKiB && len(h.Hash) == hashSize
	if !sane {
		return false
	}
	got := s.idKey(password.Bytes(), h.Salt, h.Time, h.MemoryKiB, h.Threads, hashSize)
	defer clear(got)
	return subtle.ConstantTimeCompare(got, h.Hash) == 1
}

// decoy is what an unknown name is compared with: it costs what a real one
// costs and matches nothing.
func (s *Service) decoy() mfa.PasswordHash {
	return mfa.PasswordHash{Salt: make([]byte, saltSize), Hash: make([]byte, hashSize),
		Time: s.cost.Time, MemoryKiB: s.cost.MemoryKiB, Threads: s.cost.Threads}
}
