package pcsc

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/nfc"
)

const (
	// listTime bounds how long the service may take to tell of its readers, and lookTime
	// the selection in each card, which run side by side.
	listTime = 2 * time.Second
	lookTime = time.Second
	// openTime bounds Open, and turnTime the wait for another program's transaction.
	openTime = 10 * time.Second
	turnTime = 5 * time.Second
	// maxStuck is how many calls may be under way that nobody waits for any more.
	maxStuck = 8
)

var errStuck = errors.New("pcsc: the service does not answer")

// bus is the readers of this computer.
type bus struct {
	load  func() (service, error)
	stuck atomic.Int32

	mu     sync.Mutex
	loaded service
	keys   map[lying]bool           // what was found out about cards that lie on readers
	gates  map[string]chan struct{} // by reader, each holds one token while somebody connects
}

// System is the readers of this computer. Beside the failures of transport.KeyBus, of
// which it gives reader-service-missing (param system), reader-denied, key-failed and
// key-unsupported, List gives no error where no reader is plugged in.
func System() transport.KeyBus { return newBus(load) }

func newBus(load func() (service, error)) *bus {
	return &bus{load: load, keys: map[lying]bool{}, gates: map[string]chan struct{}{}}
}

// service gives the library. One that was not there is looked for again, as it may be
// installed while the program runs.
func (b *bus) service() (service, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loaded == nil {
		var err error
		if b.loaded, err = b.load(); err != nil {
			return nil, err
		}
	}
	return b.loaded, nil
}

// beside runs a function that blocks and gives what it gives, or the cause of ctx when
// that ends first. What comes too late is given to drop.
func beside[T any](ctx context.Context, b *bus, call func() (T, error), drop func(T)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if b.stuck.Load() >= maxStuck {
		return none, noService(errStuck)
	}
	type result struct {
		value T
		err   error
	}
	done, left := make(chan result), make(chan struct{})
	go func() {
		value, err := call()
		select {
		case done <- result{value, err}:
		case <-left:
			b.stuck.Add(-1)
			if err == nil && drop != nil {
				drop(value)
			}
		}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		b.stuck.Add(1)
		close(left)
		return none, context.Cause(ctx)
	}
}

// bounded runs use with a time limit, whose passing is failure.
func bounded[T any](ctx context.Context, limit time.Duration, failure error, use func(context.Context) (T, error)) (T, error) {
	inner, stop := context.WithTimeoutCause(ctx, limit, failure)
	defer stop()
	v, err := use(inner)
	if err != nil && inner.Err() != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		err = context.Cause(inner)
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return v, err
}

// List gives the readers on which a key lies, in the service's order.
func (b *bus) List(ctx context.Context) ([]transport.Slot, error) {
	svc, err := b.service()
	if err != nil {
		return nil, err
	}
	states, err := bounded(ctx, listTime, noService(errStuck), func(ctx context.Context) ([]readerState, error) {
		return beside(ctx, b, func() ([]readerState, error) { return survey(svc) }, nil)
	})
	if err != nil {
		return nil, err
	}
	b.forget(states)
	keys := make([]bool, len(states))
	var looks sync.WaitGroup
	for i, s := range states {
		looks.Go(func() { keys[i] = b.isKey(ctx, svc, s) })
	}
	looks.Wait()
	var slots []transport.Slot
	for i, s := range states {
		if keys[i] {
			slots = append(slots, slot(s))
		}
	}
	return slots, ctx.Err()
}

// Open opens the key on a reader and begins the transaction. Failures: key-lost,
// reader-missing (it was pulled out, then and later), key-busy, key-cannot (param what: fido), key-protocol, key-silent, key-failed, and
// those of List.
func (b *bus) Open(ctx context.Context, slotID string) (transport.Key, error) {
	svc, err := b.service()
	if err != nil {
		return nil, err
	}
	reader, count, ok := placed(slotID)
	if !ok {
		return nil, mfa.Fail(mfa.CodeKeyLost)
	}
	return bounded(ctx, openTime, mfa.Fail(mfa.CodeKeySilent).Because(errStuck), func(ctx context.Context) (transport.Key, error) {
		c, err := b.connect(ctx, svc, reader, turnTime)
		if err != nil {
			return nil, err
		}
		if err := c.isStill(ctx, count); err != nil {
			c.Close()
			return nil, err
		}
		k, err := nfc.Open(ctx, c)
		if err != nil {
			return nil, err // not k: a nil *Channel is no nil Key
		}
		return k, nil
	})
}
