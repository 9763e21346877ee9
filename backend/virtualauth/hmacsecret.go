package virtualauth

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/ctapcbor"
)

const (
	saltSize   = 32
	coordinate = 32
)

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

// openSecrets reads the extension inputs of getAssertion (CTAP 2.2 sections 12.3
// and 12.5).
func (a *Authenticator) openSecrets(raw ctapcbor.RawMessage, up bool) (*secrets, error) {
	in, err := a.cfg.inputs(raw)
	if err != nil {
		return nil, err
	}
	s := &secrets{}
	wanted, given, err := input[bool](in, extensionLargeBlobKey)
	if err != nil {
		return nil, err
	}
	if given && !wanted {
		return nil, ctap2.StatusInvalidOption
	}
	s.largeBlobKey = wanted
	m, given, err := input[map[any]any](in, extensionHMACSecret)
	switch {
	case err != nil:
		return nil, err
	case !given:
		return s, nil
	case !up:
		return nil, ctap2.StatusUnsupportedOption
	}
	return s, a.openSalts(s, m)
}

// openSalts agrees on a secret and decrypts the salts with it.
func (a *Authenticator) openSalts(s *secrets, m map[any]any) error {
	cose, isMap := m[uint64(1)].(map[any]any)
	saltEnc, isEnc := m[uint64(2)].([]byte)
	saltAuth, isAuth := m[uint64(3)].([]byte)
	if !isMap || !isEnc || !isAuth {
		return ctap2.StatusMissingParameter
	}
	x, _ := cose[int64(-2)].([]byte)
	y, _ := cose[int64(-3)].([]byte)
	if len(x) != coordinate || len(y) != coordinate {
		return ctap2.StatusInvalidParameter
	}
	protocol := pinuv.One
	if p, given := m[uint64(4)]; given {
		protocol, _ = p.(uint64)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server == nil {
		return ctap2.StatusInvalidParameter
	}
	shared, err := a.server.Decapsulate(protocol, pinuv.Point{X: [coordinate]byte(x), Y: [coordinate]byte(y)})
	if err != nil {
		return ctap2.StatusInvalidParameter
	}
	s.shared = shared
	if !shared.Verify(saltEnc, saltAuth) {
		return ctap2.StatusPINAuthInvalid
	}
	s.salts, err = shared.Decrypt(saltEnc)
	if err != nil || len(s.salts) != saltSize && len(s.salts) != 2*saltSize {
		return ctap2.StatusInvalidLength
	}
	return nil
}

// output gives the extension outputs of one assertion; nil when there are none.
// With user verification the secrets are others than without.
func (s *secrets) output(c *credential, verified bool) (ctapcbor.RawMessage, error) {
	if s.shared == nil || len(c.Random) != credRandomSize {
		return nil, nil
	}
	random := c.Random[:credRandomSize/2]
	if verified {
		random = c.Random[credRandomSize/2:]
	}
	var out []byte
	defer func() { clear(out) }()
	for salts := s.salts; len(salts) > 0; salts = salts[saltSize:] {
		mac := hmac.New(sha256.New, random)
		mac.Write(salts[:saltSize])
		out = mac.Sum(out)
	}
	text, err := s.shared.Encrypt(out)
	if err != nil {
		return nil, err
	}
	return ctapcbor.Marshal(map[string]any{extensionHMACSecret: text})
}
