package hybrid

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"hash"
	"log/slog"

	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// EID is the plaintext of an advert:
//
//	0        reserved, zero
//	1..10    nonce
//	11..13   routing ID
//	14..15   tunnel server ID, little-endian
//
// It salts the PSK, so it is a secret: it prints as nothing.
type EID [eidSize]byte

// NewEID puts an EID together. nonce has 10 bytes, routingID 3.
func NewEID(nonce, routingID []byte, serverID uint16) (EID, error) {
	var e EID
	if len(nonce) != 10 || len(routingID) != routingIDSize {
		return e, errors.New("hybrid: parts of an EID have the wrong length")
	}
	copy(e[1:11], nonce)
	copy(e[11:14], routingID)
	binary.LittleEndian.PutUint16(e[14:], serverID)
	return e, nil
}

// Nonce is 10 random bytes of the phone.
func (e *EID) Nonce() []byte { return e[1:11] }

// RoutingID is 3 bytes, given by the tunnel server.
func (e *EID) RoutingID() []byte { return e[11:14] }

// ServerID names the tunnel server; see TunnelDomain.
func (e *EID) ServerID() uint16 { return binary.LittleEndian.Uint16(e[14:]) }

// String shows nothing.
func (e EID) String() string { return "[EID]" }

// GoString shows nothing.
func (e EID) GoString() string { return "[EID]" }

// LogValue shows nothing.
func (e EID) LogValue() slog.Value { return slog.StringValue("[EID]") }

// EIDCipher tries adverts against one EID key. Every Bluetooth device around
// may send adverts under our UUIDs, so a trial keeps its AES and HMAC state and
// allocates nothing. It is not for concurrent use.
type EIDCipher struct {
	block cipher.Block
	mac   hash.Hash
	sum   [sha256.Size]byte
	plain EID
}

// NewEIDCipher takes the 64-byte EID key: 32 bytes AES, 32 bytes HMAC.
func NewEIDCipher(key []byte) (*EIDCipher, error) {
	if len(key) != eidKeySize {
		return nil, errors.New("hybrid: EID key has the wrong length")
	}
	block, err := aes.NewCipher(key[:keySize])
	if err != nil {
		return nil, err
	}
	return &EIDCipher{block: block, mac: hmac.New(sha256.New, key[keySize:])}, nil
}

// Seal gives the 20 bytes of service data.
func (c *EIDCipher) Seal(e EID) []byte {
	out := make([]byte, eidSize, eidSize+sha256.Size)
	c.block.Encrypt(out, e[:])
	c.mac.Reset()
	c.mac.Write(out)
	return c.mac.Sum(out)[:eidSize+eidTagSize]
}

// Open reports whether service data is an EID under this key, and writes it to
// eid. Whatever fails, the advert is somebody else's and is to be ignored.
// The rest of data, from offset 20 on, is an unauthenticated suffix.
func (c *EIDCipher) Open(eid *EID, data []byte) bool {
	if len(data) < eidSize+eidTagSize {
		return false
	}
	c.mac.Reset()
	c.mac.Write(data[:eidSize])
	sum := c.mac.Sum(c.sum[:0])
	if subtle.ConstantTimeCompare(sum[:eidTagSize], data[eidSize:eidSize+eidTagSize]) != 1 {
		return false
	}
	c.block.Decrypt(c.plain[:], data[:eidSize])
	if c.plain[0] != 0 {
		return false
	}
	*eid = c.plain
	return true
}

// EncryptEID gives the 20 bytes of service data for an EID under a 64-byte key.
func EncryptEID(key []byte, e EID) ([]byte, error) {
	c, err := NewEIDCipher(key)
	if err != nil {
		return nil, err
	}
	return c.Seal(e), nil
}

// DecryptEID tries one advert. linked says that the key is of a linked
// transaction, in which the tunnel exists already and the server ID means
// nothing; otherwise an advert that names an unassigned server is ignored.
func DecryptEID(key, data []byte, linked bool) (eid EID, suffix []byte, ok bool) {
	c, err := NewEIDCipher(key)
	if err != nil || !c.Open(&eid, data) || !linked && !isServerID(eid.ServerID()) {
		return EID{}, nil, false
	}
	return eid, data[eidSize+eidTagSize:], true
}

// ParseSuffix reads what CTAP 2.3 puts behind the 20 bytes: a map with the PSM
// of an L2CAP channel. ok is false when there is none that could be used, for
// whatever reason: the WebSocket is always there.
func ParseSuffix(suffix []byte) (psm uint16, ok bool) {
	if len(suffix) == 0 {
		return 0, false
	}
	var fields map[any]ctapcbor.RawMessage
	if ctapcbor.UnmarshalLoose(suffix, &fields) != nil {
		return 0, false
	}
	if typed(fields[uint64(1)], majorUnsigned, &psm) != nil {
		return 0, false
	}
	return psm, true
}
