package seedfile

import (
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestPadding(t *testing.T) {
	key := make([]byte, 16)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	for padding, ok := range map[byte]bool{0: false, 1: true, 15: true, 16: true, 17: false, 255: false} {
		sealed := make([]byte, 2*aes.BlockSize)
		sealed[len(sealed)-1] = padding
		cipher.NewCBCEncrypter(block, sealed[:aes.BlockSize]).CryptBlocks(sealed[aes.BlockSize:], sealed[aes.BlockSize:])
		plain, got := decryptCBC(mfa.NewSecret(make([]byte, 16)), sealed)
		if got != ok || ok && len(plain) != aes.BlockSize-int(padding) {
			t.Errorf("padding %d: %v, %d bytes", padding, got, len(plain))
		}
	}
	for _, length := range []int{0, 15, 16, 31, 33} {
		if _, ok := decryptCBC(mfa.NewSecret(make([]byte, 16)), make([]byte, length)); ok {
			t.Errorf("%d bytes are taken", length)
		}
	}
}
