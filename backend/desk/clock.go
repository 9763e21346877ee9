package desk

import "time"

// Clock tells the time and wakes the desk up.
type Clock struct {
	Now func() time.Time
	// After calls f once, in a goroutine of its own, unless stop is called before.
	After func(d time.Duration, f func()) (stop func())
}

// SystemClock is the machine's.
func SystemClock() Clock {
	return Clock{Now: time.Now, After: func(d time.Duration, f func()) func() {
		t := time.AfterFunc(d, f)
		return func() { t.Stop() }
	}}
}
