package activity

import (
	"context"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Service reads the trail of one account.
type Service struct {
	store    mfa.Store
	accounts *account.Service
	clock    func() time.Time
	marks    marks
	marking  sync.Mutex // one checkpoint at a time
}

// Config is what a Service is made of.
type Config struct {
	Store       mfa.Store
	Accounts    *account.Service
	Checkpoints string           // path of the file outside of the database; "": none are kept
	Clock       func() time.Time // time.Now if nil
}

// New makes the service.
func New(c Config) *Service {
	s := &Service{store: c.Store, accounts: c.Accounts, clock: c.Clock, marks: marks{path: c.Checkpoints}}
	if s.clock == nil {
		s.clock = time.Now
	}
	return s
}

// MaxFound is how many events Find gives at once; EventFilter.Before asks for more.
const MaxFound = 1000

// Entry is an event with the name of the principal that it names.
type Entry struct {
	mfa.Event
	Principal string // empty: none, or not there any more
}

// Find gives the events that the filter chooses, newest first, MaxFound at most; a
// Limit of 0 means MaxFound. It needs keyferry:ReadActivity and fails as
// account.Service.May does.
func (s *Service) Find(ctx context.Context, who mfa.Session, f mfa.EventFilter) ([]Entry, error) {
	if _, err := s.accounts.May(ctx, who, mfa.OpReadActivity, ""); err != nil {
		return nil, err
	}
	if f.Limit < 1 || f.Limit > MaxFound {
		f.Limit = MaxFound
	}
	events, err := s.store.FindEvents(ctx, f)
	if err != nil {
		return nil, err
	}
	names := map[string]string{"": ""}
	entries := make([]Entry, len(events))
	for i, e := range events {
		name, known := names[e.PrincipalID]
		if !known {
			p, err := s.store.Principal(ctx, e.PrincipalID)
			if err != nil && !mfa.IsCode(err, mfa.CodeNotFound) {
				return nil, err
			}
			name = p.Label()
			names[e.PrincipalID] = name
		}
		entries[i] = Entry{Event: e, Principal: name}
	}
	return entries, nil
}
