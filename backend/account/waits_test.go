package account

import (
	"context"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// start has a monotonic reading, and keeps it as long as it is only added to. A clock on
// the wall that was set by d is a wait whose stored end is d the other way.
var start = time.Now()

func after(d time.Duration) time.Time { return start.Add(d) }

func TestWaits(t *testing.T) {
	five := mfa.Guesses{Count: freeFailures + 5} // 16 seconds
	five.LockedTill = after(16 * time.Second).Round(0)
	stale := func(g mfa.Guesses, by time.Duration) mfa.Guesses { g.LockedTill = g.LockedTill.Add(by); return g }
	key := []byte("key")
	for name, row := range map[string]struct {
		before func(w *Waits)
		g      mfa.Guesses
		at     time.Duration
		want   time.Duration
	}{
		"nothing counted":         {nil, mfa.Guesses{}, 0, 0},
		"begun here":              {func(w *Waits) { w.begin(key, five, after(0)) }, five, 6 * time.Second, 10 * time.Second},
		"begun here, and over":    {func(w *Waits) { w.begin(key, five, after(0)) }, five, 17 * time.Second, 0},
		"the clock was set on":    {func(w *Waits) { w.begin(key, five, after(0)) }, stale(five, -time.Hour), time.Second, 15 * time.Second},
		"the clock was set back":  {func(w *Waits) { w.begin(key, five, after(0)) }, stale(five, time.Hour), 17 * time.Second, 0},
		"of another process":      {nil, five, 6 * time.Second, 10 * time.Second},
		"of another, set on":      {nil, stale(five, -time.Hour), 6 * time.Second, 0}, // nothing here can know
		"of another, set back":    {nil, stale(five, 365*24*time.Hour), 0, 16 * time.Second},
		"of another, seen before": {func(w *Waits) { w.left(key, stale(five, time.Hour), after(0)) }, stale(five, time.Hour), 16 * time.Second, 0},
		"forgotten meanwhile":     {func(w *Waits) { w.begin(key, five, after(0)) }, mfa.Guesses{}, time.Second, 0},
		"counted again elsewhere": {func(w *Waits) { w.begin(key, mfa.Guesses{Count: freeFailures + 1}, after(0)) }, five, 6 * time.Second, 10 * time.Second},
		"another key":             {func(w *Waits) { w.begin([]byte("other"), five, after(0)) }, mfa.Guesses{}, time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := NewWaits()
			if row.before != nil {
				row.before(w)
			}
			if got := max(0, w.left(key, row.g, after(row.at))); got != row.want {
				t.Errorf("%v left, want %v", got, row.want)
			}
		})
	}
}

func TestWaitsForgetWhatIsOver(t *testing.T) {
	w := NewWaits()
	for i := range 100 {
		w.begin([]byte{byte(i)}, mfa.Guesses{Count: 99}, after(time.Duration(i)*time.Minute))
	}
	if n := len(w.of); n != 16 { // the last, and those begun in the 15 minutes before it
		t.Errorf("%d are remembered", n)
	}
}

// setOn is a store as it looks to a clock that was set on.
type setOn struct {
	mfa.Store
	by *time.Duration
}

func (s setOn) Guesses(ctx context.Context, key []byte) (mfa.Guesses, error) {
	g, err := s.Store.Guesses(ctx, key)
	g.LockedTill = g.LockedTill.Add(-*s.by)
	return g, err
}

// A wrong answer through the service, a clock set on, another service over the same
// account: the wait goes on.
func TestSettingTheClockDoesNotShortenTheWait(t *testing.T) {
	b := newBench(t)
	id := b.create(t).ID
	waits := NewWaits()
	var passed, set time.Duration
	serve := func() *Service {
		return New(Config{Store: setOn{b.store, &set}, Rules: b.rules, Rand: b.rand, Cost: cheap, Waits: waits, Clock: func() time.Time { return after(passed) }})
	}
	s := serve()
	for range freeFailures + 6 {
		if _, err := s.WrongCode(t.Context(), id, wrongCode(id)); err != nil {
			t.Fatal(err)
		}
	}
	set = time.Hour
	for _, who := range []*Service{s, serve()} {
		_, err := who.GuessGate(t.Context(), id)
		if f := wants(t, err, mfa.CodeSignInDelayed); f.Params["seconds"] != "32" {
			t.Errorf("%v", f.Params)
		}
	}
	passed = 32 * time.Second
	if _, err := s.GuessGate(t.Context(), id); err != nil {
		t.Error(err)
	}
}
