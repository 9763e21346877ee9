package virtualauth

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/ctapcbor"
)

const saltSize = 32

// secrets is what the extensions of one getAssertion ask for.
type secrets struct {
	shared       *pinuv.Shared // nil: hmac-secret was not asked for
	salts        []byte        // one or two
	largeBlobKey bool
}

func (s *secrets) wipe() {
	s.shared.Wipe()
	clear(s.salts)
}

// openSecrets reads what the extension inputs ask for besides the request (CTAP 2.2
// sections 12.3 and 12.7).
func (a *Authenticator) openSecrets(in ctap2.ExtensionInputs, up bool) (*secrets, error) {
	s := &secrets{largeBlobKey: in.LargeBlobKey}
	switch {
	case in.Salts == nil:
		return s, nil
	case !up:
		return nil, ctap2.StatusUnsupportedOption
	}
	if err := a.openSalts(s, in.Salts); err != nil {
		s.wipe()
		return nil, err
	}
	return s, nil
}

// openSalts agrees on a secret and decrypts the salts with it.
func (a *Authenticator) openSalts(s *secrets, in *ctap2.HMACSecretInput) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	shared, err := a.server.Decapsulate(in.Protocol, in.KeyAgreement)
	if err != nil {
		return ctap2.StatusInvalidParameter
	}
	s.shared = shared
	if !shared.Verify(in.SaltEnc, in.SaltAuth) {
		return ctap2.StatusPINAuthInvalid
	}
	s.salts, err = shared.Decrypt(in.SaltEnc)
	if err != nil || len(s.salts) != saltSize && len(s.salts) != 2*saltSize {
		return ctap2.StatusInvalidLength
	}
	return nil
}

// output gives the extension outputs of one assertion; nil when there are none.
func (s *secrets) output(c *credential, verified bool) (ctapcbor.RawMessage, error) {
	text, err := s.salted(c, verified)
	if err != nil {
		return nil, err
	}
	return ctap2.EncodeExtensionOutputs(ctap2.ExtensionOutputs{Salted: text})
}

// salted gives the secrets of a credential, encrypted; nil when they were not asked
// for. With user verification they are others than without.
func (s *secrets) salted(c *credential, verified bool) ([]byte, error) {
	if s.shared == nil || len(c.Random) != credRandomSize {
		return nil, nil
	}
	random := c.Random[:credRandomSize/2]
	if verified {
		random = c.Random[credRandomSize/2:]
	}
	out := make([]byte, 0, 2*sha256.Size)
	defer func() { clear(out) }()
	for salts := s.salts; len(salts) > 0; salts = salts[saltSize:] {
		mac := hmac.New(sha256.New, random)
		mac.Write(salts[:saltSize])
		out = mac.Sum(out)
	}
	return s.shared.Encrypt(out)
}
