package hybrid

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
)

var (
	errPadding = errors.New("hybrid: padding is longer than the message")
	errTraffic = errors.New("hybrid: message does not open")
	errUsedUp  = errors.New("hybrid: traffic key is used up")
)

// Crypter seals or opens the messages of one direction after the handshake:
// AES-256-GCM, the nonce a counter from 0, no additional data. It is not for
// concurrent use.
type Crypter struct {
	aead    cipher.AEAD
	counter uint32
}

// NewCrypter takes a 32-byte traffic key and the counter of the next message,
// which is 0 outside of tests.
func NewCrypter(key []byte, counter uint32) (*Crypter, error) {
	if len(key) != keySize {
		return nil, errors.New("hybrid: traffic key has the wrong length")
	}
	return &Crypter{aead: newGCM(key), counter: counter}, nil
}

// Seal pads and encrypts one message.
func (c *Crypter) Seal(message []byte) ([]byte, error) {
	nonce, err := c.nonce()
	if err != nil {
		return nil, err
	}
	padded := Pad(message)
	return c.aead.Seal(padded[:0], nonce[:], padded, nil), nil
}

// Open decrypts one message and takes the padding off. Any failure is the end
// of the session.
func (c *Crypter) Open(ciphertext []byte) ([]byte, error) {
	nonce, err := c.nonce()
	if err != nil {
		return nil, err
	}
	padded, err := c.aead.Open(nil, nonce[:], ciphertext, nil)
	if err != nil {
		return nil, errTraffic
	}
	return Unpad(padded)
}

func (c *Crypter) nonce() (n [12]byte, err error) {
	if c.counter >= maxCounter {
		return n, errUsedUp
	}
	binary.BigEndian.PutUint32(n[8:], c.counter)
	c.counter++
	return n, nil
}

// Pad appends zeros and their number, so that the length is a multiple of 32.
// A message that is one already gets a whole block.
func Pad(message []byte) []byte {
	size := (len(message)/paddingBlock + 1) * paddingBlock
	padded := make([]byte, size, size+tagSize)
	copy(padded, message)
	padded[size-1] = byte(size - len(message) - 1)
	return padded
}

// Unpad takes the padding off. It asks neither for zeros nor for a multiple of
// 32: libwebauthn puts the type byte in front after padding.
func Unpad(padded []byte) ([]byte, error) {
	if len(padded) == 0 {
		return nil, errPadding
	}
	n := int(padded[len(padded)-1]) + 1
	if n > len(padded) {
		return nil, errPadding
	}
	return padded[:len(padded)-n], nil
}
