package keys

import (
	"context"
	"crypto/rand"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// Config is what a Service is made of.
type Config struct {
	Buses []transport.KeyBus
	Rand  io.Reader // nil: crypto/rand
}

// Service finds keys and looks after them. It is safe for concurrent use.
type Service struct {
	Config

	mu    sync.Mutex
	known map[string]Key      // what was read of the keys that are there, by ID
	open  map[string]*session // keys whose owner gave the PIN, by ID
}

// New makes the service.
func New(c Config) *Service {
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return &Service{Config: c, known: map[string]Key{}, open: map[string]*session{}}
}

// slot is a place on one of the buses. Its ID is unique among all of them.
type slot struct {
	transport.Slot
	bus transport.KeyBus
	id  string
}

// slots lists what is there. A bus that cannot work at all takes nothing from the
// others; its failure is given when nothing else is there.
func (s *Service) slots(ctx context.Context) ([]slot, error) {
	var out []slot
	var first error
	for i, bus := range s.Buses {
		found, err := bus.List(ctx)
		if err != nil && first == nil {
			first = err
		}
		for _, f := range found {
			out = append(out, slot{Slot: f, bus: bus, id: strconv.Itoa(i) + ":" + f.ID})
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return out, first
}

// find gives the slot of an ID: key-lost when the key went away.
func (s *Service) find(ctx context.Context, id string) (slot, error) {
	n, inner, _ := strings.Cut(id, ":")
	i, err := strconv.Atoi(n)
	if err != nil || i < 0 || i >= len(s.Buses) {
		return slot{}, mfa.Fail(mfa.CodeKeyLost)
	}
	found, err := s.Buses[i].List(ctx)
	if err != nil {
		return slot{}, err
	}
	for _, f := range found {
		if f.ID == inner {
			return slot{Slot: f, bus: s.Buses[i], id: id}, nil
		}
	}
	return slot{}, mfa.Fail(mfa.CodeKeyLost)
}

// Watch calls changed once when it has begun to watch and after each change of what is
// there, from one goroutine at a time, until ctx ends; it then returns ctx.Err(). Buses
// that cannot work are left alone.
func (s *Service) Watch(ctx context.Context, changed func()) error {
	var turn sync.Mutex
	var watching sync.WaitGroup
	for _, bus := range s.Buses {
		watching.Go(func() {
			_ = bus.Watch(ctx, func() { // a bus that fails has nothing to tell
				turn.Lock()
				defer turn.Unlock()
				changed()
			})
		})
	}
	<-ctx.Done()
	watching.Wait()
	return ctx.Err()
}

// Close forgets PINs and lets all keys go.
func (s *Service) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, o := range s.open {
		o.close()
		delete(s.open, id)
	}
}
