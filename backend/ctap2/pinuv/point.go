package pinuv

import (
	"crypto/ecdh"
	"errors"
	"fmt"
	"io"
)

// The protocols (CTAP 2.2 section 6.5.4).
const (
	One uint64 = 1
	Two uint64 = 2
)

// Supported reports that the protocol is one of those here.
func Supported(protocol uint64) bool { return protocol == One || protocol == Two }

const coordinate = 32 // bytes of a P-256 coordinate

// Point is a public P-256 key. On the wire it is a COSE_Key, which package ctap2
// writes and reads. A Point that was received need not lie on the curve; Agree and
// Decapsulate find out.
type Point struct {
	X, Y [coordinate]byte
}

var (
	// ErrProtocol says that a protocol is neither One nor Two.
	ErrProtocol = errors.New("pinuv: unknown PIN/UV auth protocol")
	// ErrPoint says that a peer's key is no point of P-256.
	ErrPoint = errors.New("pinuv: not a point of P-256")
)

func (p Point) key() (*ecdh.PublicKey, error) {
	raw := make([]byte, 0, 1+2*coordinate)
	raw = append(append(append(raw, 4), p.X[:]...), p.Y[:]...)
	key, err := ecdh.P256().NewPublicKey(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPoint, err)
	}
	return key, nil
}

func pointOf(key *ecdh.PublicKey) (p Point) {
	raw := key.Bytes() // 04, X, Y
	copy(p.X[:], raw[1:])
	copy(p.Y[:], raw[1+coordinate:])
	return p
}

// generate makes a key pair from the given randomness alone, which the library's
// own generator does not: a recorded exchange can be repeated byte for byte.
func generate(rand io.Reader) (*ecdh.PrivateKey, error) {
	scalar := make([]byte, coordinate)
	defer clear(scalar)
	for range 8 { // one try in 2^32 is out of range
		if _, err := io.ReadFull(rand, scalar); err != nil {
			return nil, fmt.Errorf("pinuv: randomness: %w", err)
		}
		if key, err := ecdh.P256().NewPrivateKey(scalar); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("pinuv: randomness that gives no key")
}

// Agree is the platform's part of a key agreement ("encapsulate"): it makes a key
// pair of its own, gives its public half for the authenticator, and the secret that
// both then share. Use it for one command and wipe it.
func Agree(protocol uint64, authenticator Point, rand io.Reader) (*Shared, Point, error) {
	if !Supported(protocol) {
		return nil, Point{}, ErrProtocol
	}
	own, err := generate(rand)
	if err != nil {
		return nil, Point{}, err
	}
	shared, err := agree(protocol, own, authenticator, rand)
	if err != nil {
		return nil, Point{}, err
	}
	return shared, pointOf(own.PublicKey()), nil
}

func agree(protocol uint64, own *ecdh.PrivateKey, peer Point, rand io.Reader) (*Shared, error) {
	theirs, err := peer.key()
	if err != nil {
		return nil, err
	}
	z, err := own.ECDH(theirs)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPoint, err)
	}
	defer clear(z)
	return derive(protocol, z, rand)
}
