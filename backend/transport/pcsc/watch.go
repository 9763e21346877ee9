package pcsc

import (
	"context"
	"maps"
	"sync"
	"time"
)

const (
	// watchTime is the longest single wait where the service tells of new readers, in case
	// it forgets to, and pollTime where it does not.
	watchTime = 5 * time.Second
	pollTime  = time.Second
	// settleTime is what a card gets to be laid down properly before it is told of.
	settleTime = 20 * time.Millisecond
	// cancelEvery is how often a wait is cancelled until it returns, as a cancel that
	// comes before the wait is lost.
	cancelEvery = 20 * time.Millisecond
)

// Watch calls changed when cards come and go, and when readers do that hold one. Errors
// are ctx.Err() and those of List; on Windows, reader-service-missing also when the
// last reader is unplugged.
func (b *bus) Watch(ctx context.Context, changed func()) error {
	svc, err := b.service()
	if err != nil {
		return err
	}
	session, err := beside(ctx, b, func() (handle, error) {
		h, c := svc.establish()
		return h, c.entrance(svc)
	}, func(h handle) { svc.release(h) })
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return err
	}
	w := &watcher{svc: svc, session: session, changed: changed}
	result := make(chan error, 1)
	go func() {
		defer svc.release(session)
		result <- w.run(ctx)
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	tick := time.NewTicker(cancelEvery)
	defer tick.Stop()
	patience := time.NewTimer(lookTime)
	defer patience.Stop()
	for {
		svc.cancel(session)
		select {
		case <-result:
			return ctx.Err()
		case <-patience.C:
			w.quit() // the service hangs; the wait returns when it likes
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// watcher waits for changes within one context of the service.
type watcher struct {
	svc     service
	session handle
	deaf    bool // to readers that come and go

	mu      sync.Mutex
	changed func() // nil once nobody listens
}

func (w *watcher) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed != nil {
		w.changed()
	}
}

func (w *watcher) quit() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed = nil
}

// run tells once that it has begun, and then of each change.
func (w *watcher) run(ctx context.Context) error {
	pnp := w.probe() // before the first look, so that a reader that comes now is no old one
	states, err := readers(w.svc, w.session)
	if err != nil {
		return err
	}
	seen := cards(states)
	w.tell()
	for ctx.Err() == nil {
		if err := w.wait(ctx, states, &pnp); err != nil {
			return err
		}
		if ctx.Err() != nil {
			break
		}
		if states, err = readers(w.svc, w.session); err != nil {
			return err
		}
		if now := cards(states); !maps.Equal(now, seen) {
			seen = now
			w.tell()
		}
	}
	return ctx.Err()
}

// cards is what List depends on.
func cards(states []readerState) map[lying]bool {
	there := map[lying]bool{}
	for _, s := range states {
		if s.candidate() {
			there[s.lying()] = s.event&stateExclusive != 0
		}
	}
	return there
}

// probe asks whether the service knows the reader that stands for all readers.
func (w *watcher) probe() readerState {
	states := []readerState{{name: plugged}}
	c := w.svc.wait(w.session, 0, states)
	w.deaf = c != codeOK && c != codeTimeout || states[0].event&stateUnknown != 0
	return states[0]
}

// wait returns when something is not any more as states say, and never at once: a
// service that always has news must not keep a processor busy.
func (w *watcher) wait(ctx context.Context, states []readerState, pnp *readerState) error {
	await := make([]readerState, 0, len(states)+1)
	for _, s := range states {
		s.current = s.event &^ stateChanged
		await = append(await, s)
	}
	limit := pollTime
	if !w.deaf {
		limit = watchTime
		p := *pnp
		p.current = p.event &^ stateChanged
		await = append(await, p)
	}
	rest := settleTime
	if len(await) == 0 {
		rest = pollTime
	} else {
		switch c := w.svc.wait(w.session, limit, await); c {
		case codeOK, codeTimeout, codeCancelled:
			if !w.deaf {
				*pnp = await[len(await)-1]
			}
		case codeUnknownReader, codeReaderUnavailable, codeNoReaders:
			rest = pollTime
		default:
			return c.failure()
		}
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}
