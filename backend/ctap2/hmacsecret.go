package ctap2

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/mfa"
)

const saltSize = 32

// PRFSalt is the salt that WebAuthn's prf extension makes of a relying party's
// input (WebAuthn Level 3 section 10.1.4), so that a website cannot reach the
// salts of other uses of the same credential.
func PRFSalt(input []byte) [saltSize]byte {
	return sha256.Sum256(append([]byte("WebAuthn PRF\x00"), input...))
}

// HMACSecret is one use of the extension hmac-secret (CTAP 2.2 section 12.7). It
// holds a key agreement, which a wrong PIN makes worthless: make it after the token,
// just before the request.
type HMACSecret struct {
	shared *pinuv.Shared
	key    pinuv.Point
}

// NewHMACSecret agrees on a secret with the authenticator. The caller wipes it.
func NewHMACSecret(ctx context.Context, ch Channel, info Info, rand io.Reader) (*HMACSecret, error) {
	shared, key, err := agree(ctx, ch, info, rand)
	if err != nil {
		return nil, err
	}
	return &HMACSecret{shared: shared, key: key}, nil
}

// Input encrypts one salt of 32 bytes, or two; salt2 is nil for one. Another length
// is invalid-input.
func (h *HMACSecret) Input(salt1, salt2 []byte) (*HMACSecretInput, error) {
	if len(salt1) != saltSize || salt2 != nil && len(salt2) != saltSize {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", "salt")
	}
	salts := append(append(make([]byte, 0, 2*saltSize), salt1...), salt2...)
	defer clear(salts)
	text, err := h.shared.Encrypt(salts)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	return &HMACSecretInput{KeyAgreement: h.key, SaltEnc: text, SaltAuth: h.shared.Authenticate(text), Protocol: h.shared.Protocol()}, nil
}

// Output decrypts ExtensionOutputs.Salted: 32 bytes for each salt, second nil when
// there was one. The caller wipes them. Another length is authenticator-protocol.
func (h *HMACSecret) Output(salted []byte) (first, second []byte, err error) {
	plain, err := h.shared.Decrypt(salted)
	if err == nil && len(plain) != saltSize && len(plain) != 2*saltSize {
		clear(plain)
		err = fmt.Errorf("ctap2: hmac-secret gave %d bytes", len(plain))
	}
	if err != nil {
		return nil, nil, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(err)
	}
	if len(plain) == 2*saltSize {
		second = plain[saltSize:]
	}
	return plain[:saltSize:saltSize], second, nil
}

// Wipe zeroes the shared secret. It may be called twice, and on nil.
func (h *HMACSecret) Wipe() {
	if h != nil {
		h.shared.Wipe()
	}
}
