package account

import (
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Waits remembers since when somebody waits after a wrong answer, in this process. The
// store knows only when the wait ends by the clock on the wall, and whoever sets that
// clock on would not wait. Times of time.Now keep a monotonic reading, which nobody sets.
// One Waits outlives the services of one account; it is safe for concurrent use.
type Waits struct {
	mu sync.Mutex
	of map[string]wait // by guess key
}

type wait struct {
	since time.Time
	long  time.Duration
	count int // of wrong answers, which led to it
}

// NewWaits makes one that remembers nothing.
func NewWaits() *Waits { return &Waits{of: map[string]wait{}} }

// left is how long a key still has to wait; not above zero when it need not.
func (w *Waits) left(key []byte, g mfa.Guesses, now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	known, ok := w.of[string(key)]
	if !ok || known.count != g.Count {
		// Another process counted this. More than was ever given for so many comes from a
		// clock that was set back since.
		known = wait{now, min(g.LockedTill.Sub(now), delayAfter(g.Count)), g.Count}
		w.keep(key, known)
	}
	return known.long - now.Sub(known.since)
}

// begin notes that a wait begins.
func (w *Waits) begin(key []byte, g mfa.Guesses, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keep(key, wait{now, delayAfter(g.Count), g.Count})
}

// keep remembers a wait, and forgets those that are long over. With mu held.
func (w *Waits) keep(key []byte, one wait) {
	for k, other := range w.of {
		if one.since.Sub(other.since) > maxDelay {
			delete(w.of, k)
		}
	}
	delete(w.of, string(key))
	if one.long > 0 {
		w.of[string(key)] = one
	}
}
