package phonesim

import (
	"bytes"
	"crypto/ecdh"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
)

// memory is what the phone remembers: the passkeys, and how it can be rung. It
// is as secret as a phone is, therefore the file has mode 0600.
type memory struct {
	Version  int    `json:"version"`
	Passkeys []byte `json:"passkeys"` // as virtualauth exports them
	Contact  []byte `json:"contact"`  // 32 random bytes: where the relay finds this phone
	Identity []byte `json:"identity"` // P-256 scalar of every link, so that a computer knows the phone again
	Links    []link `json:"links"`    // oldest first

	identity *ecdh.PrivateKey
}

type link struct {
	ID     []byte `json:"id"`
	Secret []byte `json:"secret"`
}

const (
	memoryVersion = 1
	maxMemory     = 8 << 20 // bytes of the file
	maxLinks      = 32      // computers that can ring the phone; the oldest is forgotten
	contactSize   = 32
)

// recall reads the memory, or makes a fresh one when there is no file.
func recall(path string, random io.Reader) (memory, error) {
	if path == "" {
		return fresh(random)
	}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fresh(random)
	case errors.Is(err, fs.ErrPermission):
		return memory{}, mfa.Fail(mfa.CodeStorageDenied).Because(err)
	case err != nil:
		return memory{}, mfa.Fail(mfa.CodeStorageFailed).Because(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxMemory+1))
	if err != nil {
		return memory{}, mfa.Fail(mfa.CodeStorageFailed).Because(err)
	}
	defer clear(data)
	var m memory
	if err := json.Unmarshal(data, &m); err != nil || len(data) > maxMemory || m.Version != memoryVersion || len(m.Contact) != contactSize {
		return memory{}, mfa.Fail(mfa.CodeDatabaseDamaged).Because(errors.New("phonesim: not a phone's memory"))
	}
	if m.identity, err = ecdh.P256().NewPrivateKey(m.Identity); err != nil {
		return memory{}, mfa.Fail(mfa.CodeDatabaseDamaged).Because(err)
	}
	return m, nil
}

func fresh(random io.Reader) (memory, error) {
	contact := make([]byte, contactSize)
	if _, err := io.ReadFull(random, contact); err != nil {
		return memory{}, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	l, err := hybrid.NewPhoneLink(random, contact, "")
	if err != nil {
		return memory{}, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	return memory{Version: memoryVersion, Contact: contact, Identity: l.Identity.Bytes(), identity: l.Identity}, nil
}

func (m memory) link(l link, name string) *hybrid.PhoneLink {
	return &hybrid.PhoneLink{ContactID: m.Contact, LinkID: l.ID, Secret: l.Secret, Identity: m.identity, Name: name}
}

// newLink makes a link for one computer and remembers it.
func (p *Phone) newLink() (*hybrid.PhoneLink, error) {
	made, err := hybrid.NewPhoneLink(p.c.Rand, nil, p.c.Name)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	l := link{ID: made.LinkID, Secret: made.Secret}
	err = p.remember(func(m *memory) {
		m.Links = append(m.Links, l)
		m.Links = slices.Clone(m.Links[max(0, len(m.Links)-maxLinks):])
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.memory.link(l, p.c.Name), err
}

func (p *Phone) forgetLink(id []byte) error {
	return p.remember(func(m *memory) {
		m.Links = slices.DeleteFunc(slices.Clone(m.Links), func(l link) bool { return bytes.Equal(l.ID, id) })
	})
}

func (p *Phone) contactID() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.memory.Contact
}

// remember changes the memory and writes the file: what the phone has answered
// with must survive it. Only the running transaction calls it.
func (p *Phone) remember(change func(*memory)) error {
	p.mu.Lock()
	change(&p.memory)
	data, err := json.Marshal(p.memory)
	p.mu.Unlock()
	defer clear(data)
	if err != nil {
		return mfa.Fail(mfa.CodeInternal).Because(err)
	}
	if p.c.Path == "" {
		return nil
	}
	return replace(p.c.Path, data)
}

// replace writes a file of mode 0600 in one step.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err == nil {
		_, err = f.Write(data)
		if err == nil {
			err = f.Sync()
		}
		err = errors.Join(err, f.Close())
		if err == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil {
			os.Remove(f.Name())
		}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return mfa.Fail(mfa.CodeStorageDenied).Because(err)
	default:
		return mfa.Fail(mfa.CodeStorageFailed).Because(err)
	}
}
