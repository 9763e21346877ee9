package hybrid

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
)

var errPoint = errors.New("hybrid: not a point on P-256")

// Derive is HKDF-SHA256 with the purpose, four bytes little-endian, as info.
// An empty salt is HKDF's zero salt. n is at most 64 in this protocol; more
// than 255*32 gives nil.
func Derive(ikm, salt []byte, purpose Purpose, n int) []byte {
	info := binary.LittleEndian.AppendUint32(nil, uint32(purpose))
	key, err := hkdf.Key(sha256.New, ikm, salt, string(info), n)
	if err != nil {
		return nil
	}
	return key
}

// newKey makes a P-256 key from random's bytes. crypto/ecdh no longer takes a
// reader for that, so the scalar is drawn here; one draw in 2^32 is not below
// the group order and is drawn again.
func newKey(random io.Reader) (*ecdh.PrivateKey, error) {
	scalar := make([]byte, keySize)
	defer clear(scalar)
	for range 8 {
		if _, err := io.ReadFull(random, scalar); err != nil {
			return nil, err
		}
		if key, err := ecdh.P256().NewPrivateKey(scalar); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("hybrid: no usable randomness")
}

// newBytes draws n bytes.
func newBytes(random io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(random, b)
	return b, err
}

func orRandom(r io.Reader) io.Reader {
	if r == nil {
		return rand.Reader
	}
	return r
}
