package virtualauth

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
)

// credential is one credential with its key. The members are exported for keep.go.
type credential struct {
	ID              []byte    `json:"id"`
	RPID            string    `json:"rpId"`
	RPName          string    `json:"rpName,omitempty"`
	UserID          []byte    `json:"userId"`
	UserName        string    `json:"userName,omitempty"`
	UserDisplayName string    `json:"userDisplayName,omitempty"`
	Algorithm       int64     `json:"algorithm"`
	Key             []byte    `json:"key"` // secret, in the form of keys.go
	Counter         uint32    `json:"counter,omitempty"`
	Discoverable    bool      `json:"discoverable"`
	BackupEligible  bool      `json:"backupEligible"`
	BackupState     bool      `json:"backupState"`
	Created         time.Time `json:"created"`

	RPIDHash     []byte `json:"rpIdHash,omitempty"`     // instead of RPID when U2F made it
	Protect      uint64 `json:"credProtect,omitempty"`  // 0 (nobody said) to 3
	Random       []byte `json:"credRandom,omitempty"`   // secret, hmac-secret: 32 bytes without and 32 with user verification
	LargeBlobKey []byte `json:"largeBlobKey,omitempty"` // secret
}

// Credential is what may be seen of a credential: everything but its key.
type Credential struct {
	ID              []byte
	RPID            string
	UserID          []byte
	UserName        string
	UserDisplayName string
	Algorithm       int64
	Counter         uint32
	Discoverable    bool
	Created         time.Time
	Protect         uint64 // credProtect: 0 (nobody said) to 3
	U2F             bool   // made by U2F: RPID is not known
}

func (c *credential) signer() (crypto.Signer, error) { return parseKey(c.Algorithm, c.Key) }

// signer reads a key under the lock: Close may be wiping it.
func (a *Authenticator) signer(c *credential) (crypto.Signer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, errClosed
	}
	return c.signer()
}

func (c *credential) wipe() {
	clear(c.Key)
	clear(c.Random)
	clear(c.LargeBlobKey)
}

// hash is the SHA-256 of the relying party's ID.
func (c *credential) hash() [sha256.Size]byte {
	if len(c.RPIDHash) == sha256.Size {
		return [sha256.Size]byte(c.RPIDHash)
	}
	return sha256.Sum256([]byte(c.RPID))
}

// of reports that the credential is a relying party's.
func (c *credential) of(rpID string) bool {
	if c.RPIDHash != nil {
		return c.hash() == sha256.Sum256([]byte(rpID))
	}
	return c.RPID == rpID
}

func (c *credential) backupFlags() (f ctap2.Flags) {
	if c.BackupEligible {
		f |= ctap2.FlagBE
	}
	if c.BackupState {
		f |= ctap2.FlagBS
	}
	return f
}

// Credentials lists what the authenticator holds, oldest first.
func (a *Authenticator) Credentials() []Credential {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]Credential, len(a.store))
	for i, c := range a.store {
		out[i] = Credential{ID: bytes.Clone(c.ID), RPID: c.RPID, UserID: bytes.Clone(c.UserID), UserName: c.UserName,
			UserDisplayName: c.UserDisplayName, Algorithm: c.Algorithm, Counter: c.Counter, Discoverable: c.Discoverable, Created: c.Created,
			Protect: c.Protect, U2F: c.RPIDHash != nil}
	}
	return out
}

// find gives the credentials of a list that are here, newest first.
func (a *Authenticator) find(rpID string, listed []ctap2.PublicKeyCredentialDescriptor) []*credential {
	return a.matching(func(c *credential) bool {
		return c.of(rpID) && slices.ContainsFunc(listed, func(d ctap2.PublicKeyCredentialDescriptor) bool {
			return d.Type == ctap2.PublicKeyType && bytes.Equal(d.ID, c.ID)
		})
	})
}

// discoverable gives the discoverable credentials of a relying party, newest first.
func (a *Authenticator) discoverable(rpID string) []*credential {
	return a.matching(func(c *credential) bool { return c.RPID == rpID && c.Discoverable })
}

func (a *Authenticator) matching(fits func(*credential) bool) []*credential {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []*credential
	for _, c := range slices.Backward(a.store) {
		if fits(c) {
			out = append(out, c)
		}
	}
	return out
}

// add keeps a new credential. A discoverable one takes the place of the one that
// the same user has at the same relying party (CTAP 2.2 section 6.1.2, step 17).
func (a *Authenticator) add(c *credential) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		c.wipe()
		return errClosed
	}
	replaced := func(o *credential) bool {
		return c.Discoverable && o.Discoverable && o.RPID == c.RPID && bytes.Equal(o.UserID, c.UserID)
	}
	if len(a.store) >= a.cfg.MaxCredentials && !slices.ContainsFunc(a.store, replaced) {
		c.wipe()
		return ctap2.StatusKeyStoreFull
	}
	a.store = slices.DeleteFunc(a.store, func(o *credential) bool {
		if replaced(o) {
			o.wipe()
			return true
		}
		return false
	})
	a.store = append(a.store, c)
	return nil
}
