package pinuv

import (
	"crypto/ecdh"
	"fmt"
	"io"
	"time"
)

// Server is what an authenticator keeps between commands: its key agreement key and
// one pinUvAuthToken. It is for one goroutine at a time, and lives from one power-up
// to the next.
type Server struct {
	rand  io.Reader
	clock func() time.Time
	key   *ecdh.PrivateKey
	token token
}

// NewServer makes the state of an authenticator that has just been powered up.
func NewServer(rand io.Reader, clock func() time.Time) (*Server, error) {
	s := &Server{rand: rand, clock: clock}
	return s, s.Regenerate()
}

// KeyAgreement is the public key for getKeyAgreement.
func (s *Server) KeyAgreement() Point { return pointOf(s.key.PublicKey()) }

// Regenerate makes a new key agreement key: after every wrong PIN, so that an
// answer that was listened to is worth nothing.
func (s *Server) Regenerate() error {
	key, err := generate(s.rand)
	if err == nil {
		s.key = key
	}
	return err
}

// Decapsulate gives the secret shared with a platform. ErrProtocol and ErrPoint are
// the platform's faults: CTAP1_ERR_INVALID_PARAMETER.
func (s *Server) Decapsulate(protocol uint64, platform Point) (*Shared, error) {
	if !Supported(protocol) {
		return nil, ErrProtocol
	}
	return agree(protocol, s.key, platform, s.rand)
}

// Issue makes a new token, which ends every token before, and gives it encrypted
// for the platform: 32 bytes. rpID may be empty; then the first relying party for
// which a credential is made or used becomes the only one.
func (s *Server) Issue(shared *Shared, permissions Permission, rpID string) ([]byte, error) {
	s.Revoke()
	t := token{protocol: shared.protocol, permissions: permissions, rpID: rpID, issued: s.clock()}
	defer t.stop()
	if _, err := io.ReadFull(s.rand, t.key[:]); err != nil {
		return nil, fmt.Errorf("pinuv: randomness: %w", err)
	}
	text, err := shared.Encrypt(t.key[:])
	if err != nil {
		return nil, err
	}
	s.token = t
	return text, nil
}

// Use reports that param was made over message with the token, and that the token
// may do one of the permissions for this relying party. An empty rpID asks for no
// relying party in particular; then a token that is bound to one is refused, as a
// list of all of them is more than it may see. false is
// CTAP2_ERR_PIN_AUTH_INVALID.
func (s *Server) Use(protocol uint64, oneOf Permission, rpID string, message, param []byte) bool {
	t := &s.token
	switch {
	case !s.Knows(protocol, message, param),
		t.permissions&oneOf == 0,
		t.rpID != "" && t.rpID != rpID:
		return false
	}
	t.used = true
	if oneOf&(PermissionMakeCredential|PermissionGetAssertion) != 0 {
		t.rpID = rpID // management is for all of them
	}
	return true
}

// Knows reports that param was made over message with the token, whatever it may be
// used for.
func (s *Server) Knows(protocol uint64, message, param []byte) bool {
	return s.token.alive(s.clock()) && s.token.protocol == protocol && Verify(protocol, s.token.key[:], message, param)
}

// Spend takes all permissions but that of writing large blobs, once a credential
// was made or used with a touch: a token is good for one.
func (s *Server) Spend() { s.token.permissions &= PermissionLargeBlobWrite }

// Revoke ends the token: when the PIN changed, at a reset, and when it was taken
// from another transport.
func (s *Server) Revoke() { s.token.stop() }
