package hybrid

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
)

// symmetricState is the Noise object of that name (Noise revision 34, section
// 5.2), for AES-256-GCM and SHA-256.
//
// There is no nonce counter: with psk0 every encrypted part of these two
// patterns follows a MixKey that has just set the counter back to zero.
type symmetricState struct {
	hash     [sha256.Size]byte
	chaining [sha256.Size]byte
	key      [keySize]byte
}

// newSymmetricState starts a protocol whose name has at most 32 bytes.
func newSymmetricState(name string, prologue byte) *symmetricState {
	s := new(symmetricState)
	copy(s.hash[:], name)
	s.chaining = s.hash
	s.mixHash([]byte{prologue})
	return s
}

func (s *symmetricState) mixHash(data []byte) {
	h := sha256.New()
	h.Write(s.hash[:])
	h.Write(data)
	h.Sum(s.hash[:0])
}

// expand is Noise's HKDF with n outputs of 32 bytes.
func (s *symmetricState) expand(input []byte, n int) []byte {
	out, err := hkdf.Key(sha256.New, input, s.chaining[:], "", n*sha256.Size)
	if err != nil {
		panic("hybrid: HKDF refuses a constant size: " + err.Error())
	}
	return out
}

func (s *symmetricState) mixKey(input []byte) {
	out := s.expand(input, 2)
	copy(s.chaining[:], out)
	copy(s.key[:], out[32:])
	clear(out)
}

func (s *symmetricState) mixKeyAndHash(input []byte) {
	out := s.expand(input, 3)
	copy(s.chaining[:], out)
	s.mixHash(out[32:64])
	copy(s.key[:], out[64:])
	clear(out)
}

// mixDH mixes the x coordinate of a Diffie-Hellman result.
func (s *symmetricState) mixDH(private *ecdh.PrivateKey, public *ecdh.PublicKey) error {
	shared, err := private.ECDH(public)
	if err != nil {
		return err
	}
	s.mixKey(shared)
	clear(shared)
	return nil
}

// mixPoint is the token "e" where a PSK is used: the key goes into the hash and
// into the chaining key.
func (s *symmetricState) mixPoint(point []byte) {
	s.mixHash(point)
	s.mixKey(point)
}

// seal appends the encryption of an empty payload: its tag alone.
func (s *symmetricState) seal(dst []byte) []byte {
	n := len(dst)
	dst = s.aead().Seal(dst, make([]byte, 12), nil, s.hash[:])
	s.mixHash(dst[n:])
	return dst
}

// open checks the tag of an empty payload.
func (s *symmetricState) open(tag []byte) error {
	if _, err := s.aead().Open(nil, make([]byte, 12), tag, s.hash[:]); err != nil {
		return err
	}
	s.mixHash(tag)
	return nil
}

func (s *symmetricState) aead() cipher.AEAD { return newGCM(s.key[:]) }

func (s *symmetricState) wipe() { *s = symmetricState{} }

// newGCM takes a key of keySize bytes; nothing else can make it fail.
func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("hybrid: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("hybrid: " + err.Error())
	}
	return aead
}
