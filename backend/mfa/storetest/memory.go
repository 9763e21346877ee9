package storetest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Memory is an mfa.Store in memory, safe for concurrent use. Everything that
// goes in or comes out is a copy.
type Memory struct {
	mu         sync.Mutex
	closed     bool
	account    *mfa.Account
	principals []mfa.Principal
	guesses    []guessed         // in the order in which they were recorded
	devices    []mfa.Device      // in the order in which they were added
	links      []mfa.LinkedPhone // in the order in which they were saved
	events     []mfa.Event
	last       audit.Link
}

var _ mfa.Store = (*Memory)(nil)

// NewMemory makes an empty store.
func NewMemory() mfa.Store { return &Memory{} }

// enter takes the lock unless the context has ended or the store was closed.
func (m *Memory) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, mfa.AsFailure(err)
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil, mfa.Fail(mfa.CodeStorageFailed).Because(errors.New("store is closed"))
	}
	return m.mu.Unlock, nil
}

func (m *Memory) append(e mfa.Event) {
	e, m.last = m.last.Next(e)
	m.events = append(m.events, e)
}

// Close implements mfa.Store.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.links {
		l.Secret.Wipe()
	}
	m.closed = true
	return nil
}

// CreateAccount implements mfa.AccountStore.
func (m *Memory) CreateAccount(ctx context.Context, a mfa.Account, root mfa.Principal, e mfa.Event) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if m.account != nil {
		return mfa.Fail(mfa.CodeAccountExists)
	}
	a.FrozenAt, a.CreatedAt, a.Version = whole(a.FrozenAt), whole(a.CreatedAt), 1
	m.account = &a
	m.principals = append(m.principals, newPrincipal(root))
	m.append(e)
	return nil
}

// Account implements mfa.AccountStore.
func (m *Memory) Account(ctx context.Context) (mfa.Account, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return mfa.Account{}, err
	}
	defer leave()
	if m.account == nil {
		return mfa.Account{}, mfa.Fail(mfa.CodeNoAccount)
	}
	return *m.account, nil
}

// UpdateAccount implements mfa.AccountStore.
func (m *Memory) UpdateAccount(ctx context.Context, a mfa.Account, e mfa.Event) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	switch now := m.account; {
	case now == nil:
		return mfa.Fail(mfa.CodeNoAccount)
	case a.RPID != now.RPID && !now.FrozenAt.IsZero():
		return mfa.Fail(mfa.CodeRPIDFrozen)
	case a.Version != now.Version:
		return mfa.Fail(mfa.CodeConflict)
	}
	m.account.Alias, m.account.RPID = a.Alias, a.RPID
	m.account.Version++
	m.append(e)
	return nil
}

// AddPrincipal implements mfa.PrincipalStore.
func (m *Memory) AddPrincipal(ctx context.Context, p mfa.Principal, e mfa.Event) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if p.Kind != mfa.User {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "kind")
	}
	if m.account == nil {
		return mfa.Fail(mfa.CodeNoAccount)
	}
	if slices.ContainsFunc(m.principals, isIdentity(mfa.Identity{Kind: mfa.User, Name: p.Name})) {
		return mfa.Fail(mfa.CodeNameTaken, "name", p.Name)
	}
	m.principals = append(m.principals, newPrincipal(p))
	m.append(e)
	return nil
}

// Principal implements mfa.PrincipalStore.
func (m *Memory) Principal(ctx context.Context, id string) (mfa.Principal, error) {
	return m.findPrincipal(ctx, func(p mfa.Principal) bool { return p.ID == id })
}

// PrincipalByIdentity implements mfa.PrincipalStore.
func (m *Memory) PrincipalByIdentity(ctx context.Context, who mfa.Identity) (mfa.Principal, error) {
	return m.findPrincipal(ctx, isIdentity(who))
}

// PrincipalByHandle implements mfa.PrincipalStore.
func (m *Memory) PrincipalByHandle(ctx context.Context, handle []byte) (mfa.Principal, error) {
	return m.findPrincipal(ctx, func(p mfa.Principal) bool { return bytes.Equal(p.UserHandle, handle) })
}

// UpdatePrincipal implements mfa.PrincipalStore.
func (m *Memory) UpdatePrincipal(ctx context.Context, p mfa.Principal, e mfa.Event) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	i := slices.IndexFunc(m.principals, func(q mfa.Principal) bool { return q.ID == p.ID })
	if i < 0 {
		return mfa.Fail(mfa.CodeNotFound, "what", "principal")
	}
	q := &m.principals[i]
	if q.Version != p.Version {
		return mfa.Fail(mfa.CodeConflict)
	}
	q.Password = clonePassword(p.Password)
	q.Version++
	m.append(e)
	return nil
}

// AddEvent implements mfa.EventStore.
func (m *Memory) AddEvent(ctx context.Context, e mfa.Event) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	m.append(e)
	return nil
}

// Events implements mfa.EventStore.
func (m *Memory) Events(ctx context.Context, after int64, limit int) ([]mfa.Event, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var found []mfa.Event
	for _, e := range m.events {
		if e.Seq > after && len(found) < limit {
			e.Detail, e.Hash = maps.Clone(e.Detail), bytes.Clone(e.Hash)
			found = append(found, e)
		}
	}
	return found, nil
}

func (m *Memory) findPrincipal(ctx context.Context, fits func(mfa.Principal) bool) (mfa.Principal, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return mfa.Principal{}, err
	}
	defer leave()
	i := slices.IndexFunc(m.principals, fits)
	if i < 0 {
		return mfa.Principal{}, mfa.Fail(mfa.CodeNotFound, "what", "principal")
	}
	return clonePrincipal(m.principals[i]), nil
}

func isIdentity(who mfa.Identity) func(mfa.Principal) bool {
	return func(p mfa.Principal) bool {
		return p.Kind == who.Kind && mfa.FoldName(p.Label()) == mfa.FoldName(who.Name)
	}
}

func newPrincipal(p mfa.Principal) mfa.Principal {
	p = clonePrincipal(p)
	p.CreatedAt, p.Version = whole(p.CreatedAt), 1
	return p
}

func clonePrincipal(p mfa.Principal) mfa.Principal {
	p.UserHandle, p.Password = bytes.Clone(p.UserHandle), clonePassword(p.Password)
	return p
}

func clonePassword(h mfa.PasswordHash) mfa.PasswordHash {
	h.Salt, h.Hash = bytes.Clone(h.Salt), bytes.Clone(h.Hash)
	return h
}

// whole cuts a time to what a database keeps.
func whole(t time.Time) time.Time { return audit.FromMicros(audit.Micros(t)) }
