package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/keyferry/keyferry/backend/mfa"
)

// MinPassphrase is the least number of characters of a passphrase.
const MinPassphrase = 10

// maxPassphrase is in bytes.
const maxPassphrase = 1024

// Cost is the price of deriving a key from a passphrase with argon2id.
type Cost struct {
	Time      uint32 // passes
	MemoryKiB uint32
	Threads   uint8
}

// DefaultCost is the second recommended option of RFC 9106 section 4: three passes
// over 64 MiB with four lanes.
var DefaultCost = Cost{Time: 3, MemoryKiB: 64 << 10, Threads: 4}

const (
	saltSize = 16
	// What a changed slot can make us spend at most.
	maxTime      = 16
	maxMemoryKiB = 1 << 20
	maxThreads   = 16
)

// passphraseParams is what stands in a passphrase slot.
type passphraseParams struct {
	Salt      []byte `json:"salt"`
	Time      uint32 `json:"time"`
	MemoryKiB uint32 `json:"memory_kib"`
	Threads   uint8  `json:"threads"`
}

// CheckPassphrase holds a passphrase against the rules: passphrase-too-short (params:
// min), invalid-input (field passphrase) beyond 1,024 bytes.
func CheckPassphrase(p *mfa.Secret) error {
	switch {
	case utf8.RuneCount(p.Bytes()) < MinPassphrase:
		return mfa.Fail(mfa.CodePassphraseShort, "min", fmt.Sprint(MinPassphrase))
	case p.Len() > maxPassphrase:
		return mfa.Fail(mfa.CodeInvalidInput, "field", "passphrase")
	}
	return nil
}

func newPassphraseParams(rand io.Reader, c Cost) (passphraseParams, error) {
	p := passphraseParams{Salt: make([]byte, saltSize), Time: c.Time, MemoryKiB: c.MemoryKiB, Threads: c.Threads}
	_, err := io.ReadFull(rand, p.Salt)
	return p, err
}

// readPassphraseParams bounds what it reads. vault-damaged.
func readPassphraseParams(data []byte) (passphraseParams, error) {
	var p passphraseParams
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if len(data) > maxParams || d.Decode(&p) != nil {
		return passphraseParams{}, damaged("a passphrase slot has no readable parameters")
	}
	sane := len(p.Salt) == saltSize && p.Time >= 1 && p.Time <= maxTime && p.Threads >= 1 && p.Threads <= maxThreads &&
		p.MemoryKiB >= 8*uint32(p.Threads) && p.MemoryKiB <= maxMemoryKiB
	if !sane {
		return passphraseParams{}, damaged("a passphrase slot has parameters out of bounds")
	}
	return p, nil
}

// key derives; it takes about as long as a sign-in, and cannot be stopped on the way.
func (p passphraseParams) key(ctx context.Context, passphrase *mfa.Secret) (*mfa.Secret, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return mfa.NewSecret(argon2.IDKey(passphrase.Bytes(), p.Salt, p.Time, p.MemoryKiB, p.Threads, keySize)), nil
}
