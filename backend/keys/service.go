package keys

import (
	"context"
	"crypto/rand"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// Config is what a Service is made of.
type Config struct {
	Buses []transport.KeyBus
	// Computer is this computer's own authenticator as a bus with one place, nil where it
	// has none. It is looked after like a key and never meant when a key is looked for.
	Computer transport.KeyBus
	Rand     io.Reader // nil: crypto/rand
}

// Service finds keys and looks after them. It is safe for concurrent use.
type Service struct {
	Config

	mu    sync.Mutex
	known map[string]Key      // what was read of the keys that are there, by ID
	open  map[string]*session // keys whose owner gave the PIN, by ID

	closings int // how often Close was called
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

// slotsOf lists what is there. A bus that cannot work takes nothing from the others: a
// computer without card readers has keys. Only when none works there is a failure, the
// first one's.
func slotsOf(ctx context.Context, buses []transport.KeyBus) (out []slot, first error) {
	works := len(buses) == 0
	for i, bus := range buses {
		found, err := bus.List(ctx)
		if err == nil {
			works = true
		} else if first == nil {
			first = err
		}
		for _, f := range found {
			out = append(out, slot{Slot: f, bus: bus, id: strconv.Itoa(i) + ":" + f.ID})
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case works:
		return out, nil
	}
	return out, first
}

// slots lists the keys.
func (s *Service) slots(ctx context.Context) ([]slot, error) { return slotsOf(ctx, s.Buses) }

// everything is the buses of keys, and this computer behind them.
func (s *Service) everything() []transport.KeyBus {
	if s.Computer == nil {
		return s.Buses
	}
	return append(slices.Clone(s.Buses), s.Computer)
}

// IsComputer reports that an ID is this computer's and no key's.
func (s *Service) IsComputer(id string) bool {
	n, _, _ := strings.Cut(id, ":")
	i, err := strconv.Atoi(n)
	return err == nil && s.Computer != nil && i == len(s.Buses)
}

// find gives the slot of an ID: key-lost when the key went away.
func (s *Service) find(ctx context.Context, id string) (slot, error) {
	n, inner, _ := strings.Cut(id, ":")
	i, err := strconv.Atoi(n)
	buses := s.everything()
	if err != nil || i < 0 || i >= len(buses) {
		return slot{}, mfa.Fail(mfa.CodeKeyLost)
	}
	found, err := buses[i].List(ctx)
	if err != nil {
		return slot{}, err
	}
	for _, f := range found {
		if f.ID == inner {
			return slot{Slot: f, bus: buses[i], id: id}, nil
		}
	}
	return slot{}, mfa.Fail(mfa.CodeKeyLost)
}

// Watch calls changed once when it has begun to watch and after each change of what is
// there, from one goroutine at a time, until ctx ends; it then returns ctx.Err(). A bus
// that cannot be watched is tried again after a while: its service may be started later,
// and Windows ends that of card readers with the last reader.
func (s *Service) Watch(ctx context.Context, changed func()) error {
	var turn sync.Mutex
	var watching sync.WaitGroup
	for _, bus := range s.Buses {
		watching.Go(func() {
			for ctx.Err() == nil {
				_ = bus.Watch(ctx, func() { // one that fails has nothing to tell
					turn.Lock()
					defer turn.Unlock()
					changed()
				})
				select {
				case <-time.After(watchAgain):
				case <-ctx.Done():
				}
			}
		})
	}
	<-ctx.Done()
	watching.Wait()
	return ctx.Err()
}

// watchAgain is how long a bus that could not be watched is left alone.
const watchAgain = 5 * time.Second
