package bind

import (
	"context"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Seat is where the page's calls wait until the back end is open, so that the
// page can load meanwhile.
//
//	empty --Open--> taken ----Close--> closed
//	  |       '---> refused --Close------^
//	  |               | ^  Again
//	  |               '-'
//	  '-----------------------Close------^
type Seat struct {
	open    func() (Backend, error)
	settled chan struct{} // closed by the first Open

	opening sync.Mutex // held while open runs
	mu      sync.Mutex // guards what is below
	backend Backend
	failure *mfa.Failure
	closed  bool
}

// NewSeat makes an empty seat for what open will give.
func NewSeat(open func() (Backend, error)) *Seat {
	return &Seat{open: open, settled: make(chan struct{})}
}

// Open opens the back end for the first time. It is called once.
func (s *Seat) Open() {
	s.attempt()
	close(s.settled)
}

// Again tries once more where there is no back end yet: the other window may be
// closed by now, or the folder writable.
func (s *Seat) Again() {
	select {
	case <-s.settled:
		s.attempt()
	default: // the first attempt still runs
	}
}

func (s *Seat) attempt() {
	s.opening.Lock()
	defer s.opening.Unlock()
	s.mu.Lock()
	over := s.closed || s.backend != nil
	s.mu.Unlock()
	if over {
		return
	}
	backend, err := s.open()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.failure = mfa.AsFailure(err)
	case s.closed: // meanwhile
		backend.Close()
	default:
		s.backend, s.failure = backend, nil
	}
}

// Close closes the back end and reports whether there was one. One that is
// still being opened is closed as soon as it is open.
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

// Backend waits for the back end, or says why there is none.
func (s *Seat) Backend(ctx context.Context) (Backend, error) { return s.wait(ctx) }

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

// isRefused reports that the back end could not be opened.
func (s *Seat) isRefused() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure != nil
}
