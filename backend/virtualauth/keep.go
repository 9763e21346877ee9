package virtualauth

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
)

const (
	keepVersion = 1
	maxKept     = 4 << 20
)

// ErrKept says that Import was given something that Export did not write.
var ErrKept = errors.New("virtualauth: not a key store of this version")

type kept struct {
	Version     int           `json:"version"`
	Credentials []*credential `json:"credentials"`
	Security    *security     `json:"security,omitempty"` // nil unless the authenticator has a PIN
}

// Export gives all credentials with their private keys, and the hash of a PIN
// with the tries that are left, as JSON, for a simulated device that survives a
// restart. Whoever has it can sign: the caller writes it
// with mode 0600 and wipes it.
func (a *Authenticator) Export() ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := kept{Version: keepVersion, Credentials: append([]*credential{}, a.store...)}
	if a.cfg.ClientPIN || a.cfg.BuiltInUV {
		k.Security = &a.security
	}
	return json.Marshal(k)
}

// Import replaces all credentials, and the PIN, by exported ones. On an error, which is then
// ErrKept, nothing changes.
func (a *Authenticator) Import(data []byte) error {
	if len(data) > maxKept {
		return ErrKept
	}
	var k kept
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&k); err != nil {
		return fmt.Errorf("%w: it is not the expected JSON", ErrKept) // the cause could quote a key
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%w: trailing data", ErrKept)
	}
	if k.Version != keepVersion || len(k.Credentials) > a.cfg.MaxCredentials {
		return fmt.Errorf("%w: version %d, %d credentials", ErrKept, k.Version, len(k.Credentials))
	}
	if slices.ContainsFunc(k.Credentials, func(c *credential) bool { return !c.usable() }) {
		return fmt.Errorf("%w: a credential that cannot be used", ErrKept)
	}
	if k.Security != nil && !k.Security.usable() {
		return fmt.Errorf("%w: a PIN that cannot be", ErrKept)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return fmt.Errorf("%w: closed", ErrKept)
	}
	for _, c := range a.store {
		c.wipe()
	}
	a.store, a.next = k.Credentials, nil
	if k.Security != nil {
		a.security = *k.Security
	}
	return nil
}

func (c *credential) usable() bool {
	if c == nil || len(c.ID) == 0 || len(c.ID) > 1023 || len(c.UserID) > 64 || c.Protect > 3 {
		return false
	}
	if c.RPIDHash != nil {
		if len(c.RPIDHash) != sha256.Size || c.Discoverable || c.Algorithm != ctap2.ES256 {
			return false
		}
	} else if c.RPID == "" || len(c.UserID) == 0 {
		return false
	}
	if c.Random != nil && len(c.Random) != credRandomSize || c.LargeBlobKey != nil && len(c.LargeBlobKey) != largeBlobKeySize {
		return false
	}
	_, err := c.signer()
	return err == nil
}
