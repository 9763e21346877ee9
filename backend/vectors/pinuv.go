package vectors

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/mfa"
)

// pinItem is an item of a PIN protocol, of the rules of PINs or of the extension
// prf. Its expected outputs stand beside its inputs.
type pinItem struct {
	Protocol    uint64   `json:"protocol"`
	Op          string   `json:"op"`
	PrivateKey  hexBytes `json:"platform_private_key"`
	PRFKey      hexBytes `json:"platform_key_agreement_private_key"`
	PeerX       hexBytes `json:"peer_x"`
	PeerY       hexBytes `json:"peer_y"`
	Secret      hexBytes `json:"shared_secret"`
	OldPIN      string   `json:"old_pin"`
	PIN         string   `json:"pin"`
	CredRandom  hexBytes `json:"authenticator_cred_random"`
	Eval        hexBytes `json:"prf_eval_first"`
	SaltEnc     hexBytes `json:"salt_enc"`
	OutputEnc   hexBytes `json:"output_enc"`
	expectation map[string]json.RawMessage
}

// runner gives the check of an item, nil when there is none.
func (p pinItem) runner(kind string) func() verdict {
	switch {
	case kind == "pin_protocol" && p.Op == "shared_secret":
		return p.sharedSecret
	case kind == "pin_protocol" && p.Op == "change_pin":
		return p.changePIN
	case kind == "pin_rule":
		return p.rule
	case kind == "prf":
		return p.prf
	}
	return nil
}

func parsePINItem(raw json.RawMessage) (p pinItem, err error) {
	if err = json.Unmarshal(raw, &p); err == nil {
		err = json.Unmarshal(raw, &p.expectation)
	}
	return p, err
}

// hold compares the named outputs with the members of the item that have the same
// names and are there.
func (p pinItem) hold(got outputs) verdict {
	want := map[string]json.RawMessage{}
	for name := range got {
		if raw, there := p.expectation[name]; there {
			want[name] = raw
		}
	}
	return verdict{wrong: got.differ(want)}
}

// agreed runs the platform's key agreement with the item's private key.
func (p pinItem) agreed(private hexBytes) (*pinuv.Shared, pinuv.Point, error) {
	var peer pinuv.Point
	if len(p.PeerX) != len(peer.X) || len(p.PeerY) != len(peer.Y) {
		return nil, peer, pinuv.ErrPoint
	}
	copy(peer.X[:], p.PeerX)
	copy(peer.Y[:], p.PeerY)
	shared, own, err := pinuv.Agree(p.Protocol, peer, bytes.NewReader(private))
	if err != nil {
		return nil, own, err
	}
	if len(p.Secret) > 0 {
		listed, err := pinuv.Restore(p.Protocol, p.Secret, nil)
		if err != nil {
			return nil, own, err
		}
		if !shared.Equal(listed) {
			return nil, own, errors.New("vectors: another shared secret")
		}
	}
	return shared, own, nil
}

func (p pinItem) sharedSecret() verdict {
	_, own, err := p.agreed(p.PrivateKey)
	if err != nil {
		return refusedProtocol(err)
	}
	return p.hold(outputs{"platform_public_x": hexBytes(own.X[:]), "platform_public_y": hexBytes(own.Y[:])})
}

func (p pinItem) changePIN() verdict {
	shared, err := pinuv.Restore(p.Protocol, p.Secret, bytes.NewReader(nil))
	if err != nil {
		return refusedProtocol(err)
	}
	pin, err := pinuv.Normalise(mfa.NewSecret([]byte(p.PIN)), pinuv.MinPIN, pinuv.MaxPIN)
	if err != nil {
		return refused(err)
	}
	padded, old := pinuv.Pad(pin), pinuv.PINHash([]byte(p.OldPIN))
	text, err := shared.Encrypt(padded[:])
	if err != nil {
		return refusedProtocol(err)
	}
	hash, err := shared.Encrypt(old[:])
	if err != nil {
		return refusedProtocol(err)
	}
	return p.hold(outputs{"ciphertext": hexBytes(text), "pin_hash_enc": hexBytes(hash),
		"auth_param": hexBytes(shared.Authenticate(append(bytes.Clone(text), hash...)))})
}

func (p pinItem) rule() verdict {
	if _, err := pinuv.Normalise(mfa.NewSecret([]byte(p.PIN)), pinuv.MinPIN, pinuv.MaxPIN); err != nil {
		return refused(err)
	}
	return accepted()
}

// prf runs one evaluation, the platform's part and the authenticator's.
func (p pinItem) prf() verdict {
	const iv = 16
	if len(p.SaltEnc) < iv {
		return refusedProtocol(pinuv.ErrCiphertext)
	}
	// The item's initialisation vector is drawn after its private key.
	shared, _, err := p.agreed(append(bytes.Clone(p.PRFKey), p.SaltEnc[:iv]...))
	if err != nil {
		return refusedProtocol(err)
	}
	salt := ctap2.PRFSalt(p.Eval)
	text, err := shared.Encrypt(salt[:])
	if err != nil {
		return refusedProtocol(err)
	}
	result, err := shared.Decrypt(p.OutputEnc)
	if err != nil {
		return refusedProtocol(err)
	}
	mac := hmac.New(sha256.New, p.CredRandom)
	mac.Write(salt[:])
	return p.hold(outputs{"salt1": hexBytes(salt[:]), "salt_enc": hexBytes(text),
		"output1": hexBytes(mac.Sum(nil)), "prf_results_first": hexBytes(result)})
}

func refusedProtocol(err error) verdict { return refused(withCode(err, mfa.CodeAuthenticatorProtocol)) }
