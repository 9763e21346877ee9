package desk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// marks counts the checkpoints outside of the database.
func (b *bench) marks(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.hall.dir, "checkpoints"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count(string(text), "\n")
}

// happen writes an event as a use case would.
func (b *bench) happen(t *testing.T) {
	t.Helper()
	if err := b.hall.stores[false].AddEvent(t.Context(), mfa.Event{At: b.Now(), Kind: mfa.EventReportMade}); err != nil {
		t.Fatal(err)
	}
}

func TestTheTrailIsMarkedWhileTheAppRuns(t *testing.T) {
	b := newBench(t)
	b.hall.time.pass(2 * time.Minute) // there is no account yet
	if n := b.marks(t); n != 0 {
		t.Fatalf("%d marks of nothing", n)
	}
	b.create(t)
	pass := b.hall.time.pass
	pass(15 * time.Minute) // the idle lock, which marks as well: nobody is signed in any more
	for _, step := range []struct {
		name  string
		wait  time.Duration
		marks int // afterwards
	}{
		{"soon after the account was made", time.Hour, 2},
		{"not each hour", 12 * time.Hour, 2},
		{"after a day", 12 * time.Hour, 3},
		{"and the next", 24 * time.Hour, 4},
	} {
		b.happen(t)
		pass(step.wait)
		if n := b.marks(t); n != step.marks {
			t.Errorf("%s: %d marks, want %d", step.name, n, step.marks)
		}
	}
	pass(24 * time.Hour) // nothing happened
	if n := b.marks(t); n != 4 {
		t.Errorf("%d marks", n)
	}
	b.happen(t)
	b.hall.time.sleep(40 * time.Hour) // the timer stands still with the machine
	if n := b.marks(t); n != 4 {
		t.Errorf("%d marks while the machine slept", n)
	}
	pass(time.Hour)
	if n := b.marks(t); n != 5 {
		t.Errorf("%d marks after sleep", n)
	}
}

// A program that was killed marked nothing at its end.
func TestTheTrailIsMarkedSoonAfterTheStart(t *testing.T) {
	b := newBench(t)
	b.create(t)
	if n := b.marks(t); n != 0 {
		t.Fatalf("%d marks", n)
	}
	again := b.hall.visit(t) // b is not closed
	again.hall.time.pass(markSoon)
	if n := again.marks(t); n != 1 {
		t.Errorf("%d marks", n)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	again.hall.time.pass(48 * time.Hour) // the timer is stopped
}

func TestMarksStopWithTheHouse(t *testing.T) {
	b := newBench(t)
	b.create(t)
	b.OpenSandbox(t.Context())
	if n := b.marks(t); n != 1 {
		t.Fatalf("%d marks on leaving", n)
	}
	b.happen(t) // nobody looks after the real account
	b.hall.time.pass(48 * time.Hour)
	if n := b.marks(t); n != 1 {
		t.Errorf("%d marks", n)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(b.hall.time.timers); n != 0 {
		t.Errorf("%d timers run on", n)
	}
}
