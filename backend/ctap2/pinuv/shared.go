package pinuv

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// What protocol two derives its two keys with (CTAP 2.2 section 6.5.7).
const (
	infoHMAC = "CTAP2 HMAC key"
	infoAES  = "CTAP2 AES key"
)

const (
	keySize   = 32
	shortAuth = 16 // protocol one sends half of the HMAC
)

// ErrCiphertext says that a text to be encrypted or decrypted is not made of whole
// blocks, or that an initialisation vector is missing.
var ErrCiphertext = errors.New("pinuv: not whole blocks")

// Shared is the secret of one key agreement. Its methods are for one goroutine.
type Shared struct {
	protocol uint64
	hmacKey  []byte
	aesKey   []byte // the same bytes as hmacKey in protocol one
	rand     io.Reader
}

// derive is kdf: Z is the x-coordinate of the agreed point.
func derive(protocol uint64, z []byte, rand io.Reader) (*Shared, error) {
	if protocol == One {
		key := sha256.Sum256(z)
		defer clear(key[:])
		return Restore(protocol, key[:], rand)
	}
	salt := make([]byte, sha256.Size)
	keys := make([]byte, 0, 2*keySize)
	for _, info := range []string{infoHMAC, infoAES} {
		key, err := hkdf.Key(sha256.New, z, salt, info, keySize)
		if err != nil {
			return nil, fmt.Errorf("pinuv: HKDF: %w", err)
		}
		keys = append(keys, key...)
		clear(key)
	}
	defer clear(keys)
	return Restore(protocol, keys, rand)
}

// Restore makes a Shared of a secret that is known: 32 bytes in protocol one, 64 in
// protocol two (the HMAC key, then the AES key). The bytes are copied. rand gives
// the initialisation vectors of protocol two.
func Restore(protocol uint64, secret []byte, rand io.Reader) (*Shared, error) {
	s := &Shared{protocol: protocol, rand: rand}
	switch {
	case protocol == One && len(secret) == keySize:
		s.hmacKey = append([]byte(nil), secret...)
		s.aesKey = s.hmacKey
	case protocol == Two && len(secret) == 2*keySize:
		s.hmacKey = append([]byte(nil), secret[:keySize]...)
		s.aesKey = append([]byte(nil), secret[keySize:]...)
	case Supported(protocol):
		return nil, fmt.Errorf("pinuv: a shared secret of %d bytes", len(secret))
	default:
		return nil, ErrProtocol
	}
	return s, nil
}

// Protocol is One or Two.
func (s *Shared) Protocol() uint64 { return s.protocol }

// Equal compares two secrets in constant time.
func (s *Shared) Equal(o *Shared) bool {
	return s.protocol == o.protocol && subtle.ConstantTimeCompare(s.hmacKey, o.hmacKey)&subtle.ConstantTimeCompare(s.aesKey, o.aesKey) == 1
}

// Encrypt encrypts whole blocks of 16 bytes with AES-256-CBC: in protocol one with
// a vector of zeros, in protocol two with a random one, which stands before the
// ciphertext. There is no padding and no authentication: see Authenticate.
func (s *Shared) Encrypt(plain []byte) ([]byte, error) {
	block, err := s.cipher()
	if err != nil {
		return nil, err
	}
	if len(plain)%aes.BlockSize != 0 {
		return nil, ErrCiphertext
	}
	iv := make([]byte, aes.BlockSize, aes.BlockSize+len(plain))
	if s.protocol == Two {
		if _, err := io.ReadFull(s.rand, iv); err != nil {
			return nil, fmt.Errorf("pinuv: randomness: %w", err)
		}
	}
	out := append(iv, plain...)
	text := out[aes.BlockSize:]
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
	if s.protocol == One {
		return text, nil
	}
	return out, nil
}

// Decrypt is the reverse of Encrypt; the caller wipes what comes out. It cannot
// tell whether the text was changed or the key was another.
func (s *Shared) Decrypt(text []byte) ([]byte, error) {
	block, err := s.cipher()
	if err != nil {
		return nil, err
	}
	iv := make([]byte, aes.BlockSize)
	if s.protocol == Two {
		if len(text) < aes.BlockSize {
			return nil, ErrCiphertext
		}
		iv, text = text[:aes.BlockSize], text[aes.BlockSize:]
	}
	if len(text)%aes.BlockSize != 0 {
		return nil, ErrCiphertext
	}
	plain := make([]byte, len(text))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, text)
	return plain, nil
}

func (s *Shared) cipher() (cipher.Block, error) {
	block, err := aes.NewCipher(s.aesKey) // fails after Wipe: there is no key of 0 bytes
	if err != nil {
		return nil, fmt.Errorf("pinuv: %w", err)
	}
	return block, nil
}

// Authenticate signs a message with the shared secret: 16 bytes in protocol one, 32
// in protocol two.
func (s *Shared) Authenticate(message []byte) []byte {
	return Authenticate(s.protocol, s.hmacKey, message)
}

// Verify checks what Authenticate gave, in constant time.
func (s *Shared) Verify(message, param []byte) bool {
	return len(s.hmacKey) > 0 && Verify(s.protocol, s.hmacKey, message, param)
}

// Wipe zeroes the keys. It may be called twice, and on nil.
func (s *Shared) Wipe() {
	if s == nil {
		return
	}
	clear(s.hmacKey)
	clear(s.aesKey)
	s.hmacKey, s.aesKey = nil, nil
}

// LogValue never shows the keys.
func (s *Shared) LogValue() slog.Value { return slog.StringValue("[secret]") }

// Format never shows the keys.
func (Shared) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[secret]") }

// Authenticate signs a message with a pinUvAuthToken or another key: HMAC-SHA-256,
// of which protocol one keeps the first 16 bytes.
func Authenticate(protocol uint64, key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	sum := mac.Sum(nil)
	if protocol == One {
		return sum[:shortAuth]
	}
	return sum
}

// Verify checks what Authenticate gave, in constant time. Protocol one's parameter
// has exactly 16 bytes and protocol two's exactly 32.
func Verify(protocol uint64, key, message, param []byte) bool {
	return hmac.Equal(Authenticate(protocol, key, message), param)
}
