package hybrid

import (
	"crypto/ecdh"
	"errors"
)

// The two patterns (CTAP 2.2 section 11.5.1). The client always begins.
//
//	KNpsk0, after a code              NKpsk0, linked
//	-> s  (the code's key)            <- s  (the link's key)
//	...                               ...
//	-> psk, e                         -> psk, e, es
//	<- e, ee, se                      <- e, ee
const (
	nameQR         = "Noise_KNpsk0_P256_AESGCM_SHA256"
	nameLinked     = "Noise_NKpsk0_P256_AESGCM_SHA256"
	prologueQR     = 1
	prologueLinked = 0
)

var errHandshake = errors.New("hybrid: handshake message does not open")

// Keys are what a handshake leaves behind.
type Keys struct {
	ClientToPhone []byte // 32 bytes
	PhoneToClient []byte // 32 bytes
	Hash          []byte // 32 bytes, the handshake hash, which links are signed over
}

// Wipe forgets the traffic keys. The hash is no secret.
func (k *Keys) Wipe() {
	clear(k.ClientToPhone)
	clear(k.PhoneToClient)
}

// Initiator is the client between message 1 and message 2.
type Initiator struct {
	state     *symmetricState
	ephemeral *ecdh.PrivateKey
	identity  *ecdh.PrivateKey // KNpsk0 only
}

// StartQR writes message 1 of KNpsk0. identity is the key whose public half
// stands in the code; ephemeral must be fresh.
func StartQR(psk []byte, identity, ephemeral *ecdh.PrivateKey) (*Initiator, []byte, error) {
	s := newSymmetricState(nameQR, prologueQR)
	s.mixHash(identity.PublicKey().Bytes())
	return start(s, psk, nil, &Initiator{ephemeral: ephemeral, identity: identity})
}

// StartLinked writes message 1 of NKpsk0. phone is the key of the link.
func StartLinked(psk []byte, phone *ecdh.PublicKey, ephemeral *ecdh.PrivateKey) (*Initiator, []byte, error) {
	s := newSymmetricState(nameLinked, prologueLinked)
	s.mixHash(phone.Bytes())
	return start(s, psk, phone, &Initiator{ephemeral: ephemeral})
}

func start(s *symmetricState, psk []byte, phone *ecdh.PublicKey, i *Initiator) (*Initiator, []byte, error) {
	i.state = s
	s.mixKeyAndHash(psk)
	point := i.ephemeral.PublicKey().Bytes()
	s.mixPoint(point)
	if phone != nil {
		if err := s.mixDH(i.ephemeral, phone); err != nil {
			return nil, nil, err
		}
	}
	return i, s.seal(point), nil
}

// Finish reads message 2. It fails when the phone does not hold the PSK, that
// is: was not near, or is another phone. An Initiator is used up by it.
func (i *Initiator) Finish(message2 []byte) (*Keys, error) {
	s := i.state
	defer s.wipe()
	theirs, err := ephemeralOf(message2)
	if err != nil {
		return nil, err
	}
	s.mixPoint(message2[:pointSize])
	if err := s.mixDH(i.ephemeral, theirs); err != nil {
		return nil, err
	}
	if i.identity != nil {
		if err := s.mixDH(i.identity, theirs); err != nil {
			return nil, err
		}
	}
	if s.open(message2[pointSize:]) != nil {
		return nil, errHandshake
	}
	return s.split(), nil
}

// AnswerQR is the phone's half of KNpsk0: message 1 in, message 2 out. It fails
// when the client does not hold the PSK, and then nothing may be sent.
func AnswerQR(psk []byte, client *ecdh.PublicKey, ephemeral *ecdh.PrivateKey, message1 []byte) ([]byte, *Keys, error) {
	s := newSymmetricState(nameQR, prologueQR)
	s.mixHash(client.Bytes())
	return answer(s, psk, nil, client, ephemeral, message1)
}

// AnswerLinked is the phone's half of NKpsk0. identity is the key of the link.
func AnswerLinked(psk []byte, identity, ephemeral *ecdh.PrivateKey, message1 []byte) ([]byte, *Keys, error) {
	s := newSymmetricState(nameLinked, prologueLinked)
	s.mixHash(identity.PublicKey().Bytes())
	return answer(s, psk, identity, nil, ephemeral, message1)
}

func answer(s *symmetricState, psk []byte, identity *ecdh.PrivateKey, client *ecdh.PublicKey,
	ephemeral *ecdh.PrivateKey, message1 []byte) ([]byte, *Keys, error) {
	defer s.wipe()
	theirs, err := ephemeralOf(message1)
	if err != nil {
		return nil, nil, err
	}
	s.mixKeyAndHash(psk)
	s.mixPoint(message1[:pointSize])
	if identity != nil {
		if err := s.mixDH(identity, theirs); err != nil {
			return nil, nil, err
		}
	}
	if s.open(message1[pointSize:]) != nil {
		return nil, nil, errHandshake
	}
	point := ephemeral.PublicKey().Bytes()
	s.mixPoint(point)
	if err := s.mixDH(ephemeral, theirs); err != nil {
		return nil, nil, err
	}
	if client != nil {
		if err := s.mixDH(ephemeral, client); err != nil {
			return nil, nil, err
		}
	}
	message2 := s.seal(point)
	return message2, s.split(), nil
}

// ephemeralOf checks the length of a handshake message and the point in it.
func ephemeralOf(message []byte) (*ecdh.PublicKey, error) {
	if len(message) != handshakeSize {
		return nil, errHandshake
	}
	point, err := ecdh.P256().NewPublicKey(message[:pointSize])
	if err != nil {
		return nil, errPoint
	}
	return point, nil
}

func (s *symmetricState) split() *Keys {
	out := s.expand(nil, 2)
	return &Keys{ClientToPhone: out[:32:32], PhoneToClient: out[32:], Hash: append([]byte(nil), s.hash[:]...)}
}
