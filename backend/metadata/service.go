package metadata

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Store is what is needed of mfa.Store.
type Store interface {
	mfa.MetadataStore
	Overviews(ctx context.Context) ([]mfa.Overview, error)
	Devices(ctx context.Context, principalID string) ([]mfa.Device, error)
	Account(ctx context.Context) (mfa.Account, error)
}

// Config is what a Service is made of.
type Config struct {
	Store    Store
	Accounts *account.Service
	Anchors  mds.Anchors       // mds.FIDO(), but for tests
	Address  string            // Address, but for tests
	HTTP     http.RoundTripper // nil: the default one
	Clock    func() time.Time
}

// Service keeps the metadata of one account. It is safe for concurrent use.
type Service struct {
	Config

	importing sync.Mutex // one BLOB at a time: each is large
	mu        sync.Mutex
	loaded    *mds.Metadata // of current; nil before the first use, or when there is none
	current   mfa.Blob
	looked    bool
}

// New makes the service. It reads nothing yet.
func New(c Config) *Service { return &Service{Config: c} }

// Current gives the newest metadata and where it came from: nil and a zero Blob when
// nothing was imported. The first call reads the index out of the store.
func (s *Service) Current(ctx context.Context) (*mds.Metadata, mfa.Blob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.looked {
		return s.loaded, s.current, nil
	}
	blob, index, err := s.Store.MetadataIndex(ctx)
	if mfa.IsCode(err, mfa.CodeNotFound) {
		s.looked = true
		return nil, mfa.Blob{}, nil
	}
	if err != nil {
		return nil, mfa.Blob{}, err
	}
	m, err := mds.Load(index)
	if err != nil { // written by another version of this program
		if m, err = s.rebuild(ctx, blob); err != nil {
			return nil, mfa.Blob{}, err
		}
	}
	s.loaded, s.current, s.looked = m, blob, true
	return m, blob, nil
}

// rebuild makes the index once more out of the kept file.
func (s *Service) rebuild(ctx context.Context, blob mfa.Blob) (*mds.Metadata, error) {
	m, err := s.Open(ctx, blob)
	if err != nil {
		return nil, err
	}
	return m, s.Store.ReplaceIndex(ctx, blob.Number, m.Index())
}

// Open reads a kept BLOB, an older one perhaps. It is verified as it was when it came:
// what was accepted then is not refused later because a certificate has expired.
func (s *Service) Open(ctx context.Context, blob mfa.Blob) (*mds.Metadata, error) {
	raw, err := s.bytes(ctx, blob)
	if err != nil {
		return nil, err
	}
	return mds.Open(raw, s.Anchors, blob.ImportedAt)
}

// use makes m the newest.
func (s *Service) use(m *mds.Metadata, blob mfa.Blob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loaded, s.current, s.looked = m, blob, true
}
