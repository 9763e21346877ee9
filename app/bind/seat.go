package bind

import (
	"context"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Seat is where the page's calls wait until the back end is open, so that the
// page can load meanwhile.
//
//	empty --Take--> taken --Close--> closed
//	  '----Refuse--> refused           ^
//	  '---------------Close------------'
type Seat struct {
	mu      sync.Mutex
	settled chan struct{}
	backend Backend
	failure *mfa.Failure
	closed  bool
}

// NewSeat makes an empty seat.
func NewSeat() *Seat { return &Seat{settled: make(chan struct{})} }

// Take seats the back end. A back end that comes after Close is closed at once.
func (s *Seat) Take(b Backend) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		b.Close()
		return
	}
	s.backend = b
	close(s.settled)
}

// Refuse says why there will be no back end; every call then fails with it.
func (s *Seat) Refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.failure = mfa.AsFailure(err)
		close(s.settled)
	}
}

// Close closes the back end and reports whether there was one.
func (s *Seat) Close() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.closed = true
	if s.backend == nil {
		return false
	}
	s.backend.Close()
	return true
}

// wait gives the back end, or why there is none.
func (s *Seat) wait(ctx context.Context) (Backend, error) {
	select {
	case <-s.settled:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.failure != nil:
		return nil, s.failure
	case s.closed:
		return nil, context.Canceled
	}
	return s.backend, nil
}
