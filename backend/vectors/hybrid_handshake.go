package vectors

import (
	"bytes"
	"crypto/ecdh"
	"errors"

	"github.com/keyferry/keyferry/backend/transport/hybrid"
)

// The kinds around the handshake and what follows it.

func privateKey(b []byte) (*ecdh.PrivateKey, error) { return ecdh.P256().NewPrivateKey(b) }
func publicKey(b []byte) (*ecdh.PublicKey, error)   { return ecdh.P256().NewPublicKey(b) }

// isLinked tells NKpsk0 from KNpsk0: only there the phone has a static key.
func (in hybridInput) isLinked() bool {
	return in.PhoneStaticPublic != nil || in.PhoneStaticPrivate != nil
}

func (in hybridInput) begin() (*hybrid.Initiator, []byte, error) {
	ephemeral, err := privateKey(in.ClientEphemeralPrivate)
	if err != nil {
		return nil, nil, err
	}
	if in.isLinked() {
		phone, err := in.phoneKey()
		if err != nil {
			return nil, nil, err
		}
		return hybrid.StartLinked(in.PSK, phone, ephemeral)
	}
	identity, err := privateKey(in.ClientStaticPrivate)
	if err != nil {
		return nil, nil, err
	}
	return hybrid.StartQR(in.PSK, identity, ephemeral)
}

func (in hybridInput) phoneKey() (*ecdh.PublicKey, error) {
	if in.PhoneStaticPublic != nil {
		return publicKey(in.PhoneStaticPublic)
	}
	private, err := privateKey(in.PhoneStaticPrivate)
	if err != nil {
		return nil, err
	}
	return private.PublicKey(), nil
}

func (in hybridInput) answer(message1 []byte) ([]byte, *hybrid.Keys, error) {
	ephemeral, err := privateKey(in.PhoneEphemeralPrivate)
	if err != nil {
		return nil, nil, err
	}
	if in.isLinked() {
		identity, err := privateKey(in.PhoneStaticPrivate)
		if err != nil {
			return nil, nil, err
		}
		return hybrid.AnswerLinked(in.PSK, identity, ephemeral, message1)
	}
	client, err := in.clientKey()
	if err != nil {
		return nil, nil, err
	}
	return hybrid.AnswerQR(in.PSK, client, ephemeral, message1)
}

func (in hybridInput) clientKey() (*ecdh.PublicKey, error) {
	if in.ClientStaticPublic != nil {
		return publicKey(in.ClientStaticPublic)
	}
	private, err := privateKey(in.ClientStaticPrivate)
	if err != nil {
		return nil, err
	}
	return private.PublicKey(), nil
}

var errSides = errors.New("vectors: the two sides have different keys")

// handshake plays both sides; a recorded phone gives its message 2 instead of
// its key.
func handshake(in hybridInput) (outputs, error) {
	initiator, message1, err := in.begin()
	if err != nil {
		return nil, err
	}
	message2 := []byte(in.Message2)
	var phone *hybrid.Keys
	if in.PhoneEphemeralPrivate != nil {
		if message2, phone, err = in.answer(message1); err != nil {
			return nil, err
		}
	}
	client, err := initiator.Finish(message2)
	if err != nil {
		return nil, err
	}
	if phone != nil && (!bytes.Equal(phone.Hash, client.Hash) || !bytes.Equal(phone.ClientToPhone, client.ClientToPhone) ||
		!bytes.Equal(phone.PhoneToClient, client.PhoneToClient)) {
		return nil, errSides
	}
	return outputs{
		"message1":            hexBytes(message1),
		"message2":            hexBytes(message2),
		"handshake_hash":      hexBytes(client.Hash),
		"client_to_phone_key": hexBytes(client.ClientToPhone),
		"phone_to_client_key": hexBytes(client.PhoneToClient),
	}, nil
}

// handshakeSide plays one side against a message that was given.
func handshakeSide(in hybridInput) (outputs, error) {
	switch in.Side {
	case "phone":
		message2, _, err := in.answer(in.Message1)
		return outputs{"message2": hexBytes(message2)}, err
	case "client":
		initiator, _, err := in.begin()
		if err == nil {
			_, err = initiator.Finish(in.Message2)
		}
		return outputs{}, err
	}
	return nil, errShape
}

func traffic(in hybridInput) (outputs, error) {
	c, err := hybrid.NewCrypter(in.Key, in.Counter)
	if err != nil {
		return nil, err
	}
	ciphertext, err := c.Seal(in.Message)
	return outputs{"padded": hexBytes(hybrid.Pad(in.Message)), "ciphertext": hexBytes(ciphertext)}, err
}

func trafficOpen(in hybridInput) (outputs, error) {
	c, err := hybrid.NewCrypter(in.Key, in.Counter)
	if err != nil {
		return nil, err
	}
	message, err := c.Open(in.Ciphertext)
	return outputs{"message": hexBytes(message)}, err
}

func unpad(in hybridInput) (outputs, error) {
	message, err := hybrid.Unpad(in.Padded)
	return outputs{"message": hexBytes(message)}, err
}

// linkVerify computes the signature from the client's half, and holds it
// against the one in the vector, if there is one, as the product does.
func linkVerify(in hybridInput) (outputs, error) {
	identity, err := privateKey(in.ClientStaticPrivate)
	if err != nil {
		return nil, err
	}
	phone, err := publicKey(in.PhoneStaticPublic)
	if err != nil {
		return nil, err
	}
	signature, err := hybrid.SignLink(identity, phone, in.HandshakeHash)
	if err != nil {
		return nil, err
	}
	if in.Signature != nil {
		err = hybrid.VerifyLink(identity, &hybrid.Link{PublicKey: in.PhoneStaticPublic, Signature: in.Signature}, in.HandshakeHash)
	}
	return outputs{"signature": hexBytes(signature)}, err
}
