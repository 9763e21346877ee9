package desk

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Touch is a sign of life: it puts the idle lock off, unless it is due already.
func (d *Desk) Touch() {
	d.mu.Lock()
	over := d.idle()
	if !over {
		d.touched = d.clock.Now()
	}
	d.mu.Unlock()
	if over {
		d.expire()
	}
}

// limit is how long nothing may happen; 0 is for ever. With mu held.
func (d *Desk) limit() time.Duration {
	if d.account == nil || d.visit == nil && d.pending == nil {
		return 0
	}
	return time.Duration(d.account.Settings.IdleMinutes) * time.Minute
}

// idle reports that nothing has happened for too long. Both of the clock's hands
// count: a sleeping machine stops the monotonic one, and the other one can be set.
// With mu held.
func (d *Desk) idle() bool {
	limit := d.limit()
	return limit > 0 && d.quiet() >= limit
}

func (d *Desk) quiet() time.Duration { // with mu held
	now := d.clock.Now()
	return max(now.Sub(d.touched), now.Round(0).Sub(d.touched.Round(0)))
}

// watch sets the timer of the idle lock anew. With mu held.
func (d *Desk) watch() {
	d.unwatched()
	if limit := d.limit(); limit > 0 {
		// Not under a millisecond: a clock that stands still must not make it spin.
		d.unwatch = d.clock.After(max(limit-d.quiet(), time.Millisecond), d.expire)
	}
}

func (d *Desk) unwatched() { // with mu held
	if d.unwatch != nil {
		d.unwatch()
		d.unwatch = nil
	}
}

// expire ends the session if it is time, or waits on.
func (d *Desk) expire() {
	d.moving.Lock()
	defer d.moving.Unlock()
	d.mu.Lock()
	if !d.idle() {
		d.watch()
		d.mu.Unlock()
		return
	}
	house, v := d.house, d.visit
	d.mu.Unlock()
	d.endRun()
	if house != nil && v != nil {
		ctx := context.WithoutCancel(d.ctx)
		// The session ends whether that can be written or not.
		_ = house.Store.AddEvent(ctx, mfa.Event{At: d.clock.Now(), Kind: mfa.EventSessionExpired, PrincipalID: v.Session.PrincipalID})
		_ = house.Activity.Checkpoint(ctx)
	}
	d.part(EndedIdle)
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.state()
	d.emit(Event{State: &s})
}
