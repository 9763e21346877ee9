package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	keySize   = 32
	nonceSize = 12
	tagSize   = 16
	version   = 1
	// overhead is how much longer sealed bytes are than the secret.
	overhead = 1 + nonceSize + tagSize
	// maxSecret bounds what is sealed: seeds and links have some hundred bytes.
	maxSecret = 64 << 10
)

// errNotOurs says that the key does not open the bytes; it cannot be told whether
// the key is another or the bytes were changed.
var errNotOurs = errors.New("vault: the key does not open it")

// box seals with one key. The cipher is made once, because the key schedule costs
// more than sealing a seed.
type box struct{ aead cipher.AEAD }

func newBox(key []byte) (box, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return box{}, err
	}
	aead, err := cipher.NewGCM(block)
	return box{aead}, err
}

func (b box) seal(rand io.Reader, secret []byte, about ...string) ([]byte, error) {
	out := make([]byte, 1+nonceSize, overhead+len(secret))
	out[0] = version
	if _, err := io.ReadFull(rand, out[1:]); err != nil {
		return nil, err
	}
	return b.aead.Seal(out, out[1:], secret, label(about)), nil
}

func (b box) open(sealed []byte, about ...string) (*mfa.Secret, error) {
	if len(sealed) < overhead || len(sealed) > maxSecret+overhead || sealed[0] != version {
		return nil, errNotOurs
	}
	plain, err := b.aead.Open(nil, sealed[1:1+nonceSize], sealed[1+nonceSize:], label(about))
	if err != nil {
		return nil, errNotOurs
	}
	return mfa.NewSecret(plain), nil
}

// label is the associated data: the version and each part behind its length, so
// that no two lists of parts share one.
func label(parts []string) []byte {
	out := make([]byte, 1, 96)
	out[0] = version
	for _, p := range parts {
		out = binary.AppendUvarint(out, uint64(len(p)))
		out = append(out, p...)
	}
	return out
}

// shared lets many callers read from one source of randomness.
type shared struct {
	mu  sync.Mutex
	src io.Reader
}

func (s *shared) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.src.Read(p)
}

// newKey gives a random key; the caller wipes it.
func newKey(rand io.Reader) (*mfa.Secret, error) {
	b := make([]byte, keySize)
	if _, err := io.ReadFull(rand, b); err != nil {
		return nil, err
	}
	return mfa.NewSecret(b), nil
}
