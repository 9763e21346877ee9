package desk

import (
	"context"
	"time"
)

// The audit trail is marked outside of the database when somebody signs out and when the
// house is shut. A program that is killed does neither, and one that is never closed
// rarely does: so soon after the start, and once a day.
const (
	markSoon  = time.Minute // the start itself is to be quick
	markLook  = time.Hour   // a machine that sleeps stops the timer; the clock goes on
	markEvery = 24 * time.Hour
)

// mark writes a checkpoint if it is time, and waits on.
func (d *Desk) mark() {
	d.moving.Lock()
	defer d.moving.Unlock()
	d.mu.Lock()
	house := d.house
	if house == nil {
		d.mu.Unlock()
		return
	}
	now := d.clock.Now().Round(0)
	since := now.Sub(d.marked)
	// A clock that was set back is no reason to wait longer.
	due := d.account != nil && (since >= markEvery || since < 0)
	if due {
		d.marked = now
	}
	d.markIn(markLook)
	d.mu.Unlock()
	if due {
		// What is wrong with the trail is told to whoever signs out; nobody asked now.
		_ = house.Activity.Checkpoint(context.WithoutCancel(d.ctx))
	}
}

// markIn sets the timer anew. With mu held.
func (d *Desk) markIn(wait time.Duration) {
	d.unmark()
	d.stopMark = d.clock.After(wait, d.mark)
}

func (d *Desk) unmark() { // with mu held
	if d.stopMark != nil {
		d.stopMark()
		d.stopMark = nil
	}
}
