package events

import (
	"log/slog"
	"sync"

	"github.com/keyferry/keyferry/backend/desk"
)

// Convert gives the page's name for an event and its DTO; bind.Event is one.
type Convert func(desk.Event) (name string, dto any, err error)

// Emit sends one event to the page. It may block for as long as the window does.
type Emit func(name string, dto any)

// Sender passes events on in order, from a goroutine of its own: the desk calls
// Send while it holds its lock, and a window that is closing does not answer.
type Sender struct {
	convert Convert
	emit    Emit
	log     *slog.Logger

	mu      sync.Mutex
	waiting []desk.Event
	more    *sync.Cond
	closed  bool
}

// New starts a sender. Close ends it.
func New(convert Convert, emit Emit, log *slog.Logger) *Sender {
	s := &Sender{convert: convert, emit: emit, log: log}
	s.more = sync.NewCond(&s.mu)
	go s.run()
	return s
}

// Send queues an event and returns at once.
func (s *Sender) Send(e desk.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.waiting = append(s.waiting, e)
		s.more.Signal()
	}
}

// Close drops what waits; nothing is emitted that was not begun before.
func (s *Sender) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.waiting = true, nil
	s.more.Signal()
}

func (s *Sender) run() {
	for {
		e, ok := s.next()
		if !ok {
			return
		}
		name, dto, err := s.convert(e)
		if err != nil {
			s.log.Error("an event could not be shown", "cause", err)
			continue
		}
		s.emit(name, dto)
	}
}

func (s *Sender) next() (desk.Event, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) == 0 && !s.closed {
		s.more.Wait()
	}
	if s.closed {
		return desk.Event{}, false
	}
	e := s.waiting[0]
	s.waiting = s.waiting[1:]
	return e, true
}
