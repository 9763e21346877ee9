package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Memory is an mfa.Store in memory, safe for concurrent use. Everything that
// goes in or comes out is a copy.
type Memory struct {
	maxVirtual int // mfa.MaxVirtual, outside of the suite
	mu         sync.Mutex
	closed     bool
	account    *mfa.Account
	principals []mfa.Principal
	guesses    []guessed                    // in the order in which they were recorded
	devices    []mfa.Device                 // in the order in which they were added
	drifts     map[string][]mfa.DriftSample // by device ID, oldest first
	links      []mfa.LinkedPhone            // in the order in which they were saved
	groups     []mfa.Group
	members    map[membership]bool
	attached   map[mfa.Attachment]bool // by the policy's name as it was created
	policies   []mfa.Policy
	inline     []mfa.InlinePolicy
	blobs      []keptBlob // by number
	index      []byte     // of the last one
	codes      []recoveryCode
	slots      []mfa.KeySlot      // in the order in which they were added
	passkeys   []mfa.LocalPasskey // of this computer, in the order in which they were put
	local      mfa.LocalState
	events     []mfa.Event
	last       audit.Link
	highest    time.Time
}

var _ mfa.Store = (*Memory)(nil)

// NewMemory makes an empty store.
func NewMemory() mfa.Store { return NewSmall(mfa.MaxVirtual) }

// NewSmall makes an empty store whose account holds fewer virtual devices than IAM's
// quota, for tests that fill it.
func NewSmall(maxVirtual int) mfa.Store {
	return &Memory{maxVirtual: maxVirtual, drifts: map[string][]mfa.DriftSample{}, members: map[membership]bool{},
		attached: map[mfa.Attachment]bool{}, policies: mfa.BuiltInPolicies()}
}

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

// change runs what and appends the event. What must change nothing when it fails:
// there is no way back.
func (m *Memory) change(ctx context.Context, e mfa.Event, what func() error) error {
	return m.changeAs(ctx, &e, what)
}

// changeAs is change with an event that what may add to.
func (m *Memory) changeAs(ctx context.Context, e *mfa.Event, what func() error) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if err := what(); err != nil {
		return err
	}
	m.append(*e)
	return nil
}

// read runs what under the lock.
func read[T any](ctx context.Context, m *Memory, what func() (T, error)) (T, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return *new(T), err
	}
	defer leave()
	return what()
}

// Close implements mfa.Store.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

// whole cuts a time to what a database keeps.
func whole(t time.Time) time.Time { return audit.FromMicros(audit.Micros(t)) }

func notFound(what string) *mfa.Failure { return mfa.Fail(mfa.CodeNotFound, "what", what) }
