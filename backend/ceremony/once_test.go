package ceremony

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/totp"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// No code is accepted twice, whatever somebody does with a device and in whichever
// order: enabling, signing in, resynchronising, taking it away, a clock that jumps, a
// restart in between. What was accepted is kept here by the step in the device's own
// time, and every answer is held against it.
func TestNoCodeIsAcceptedTwice(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := newLife(t, seed, seed < 2)
			for range 100 {
				l.live(t)
			}
			if l.accepted == 0 || l.refused == 0 {
				t.Errorf("%d accepted, %d refused: nothing was tried", l.accepted, l.refused)
			}
		})
	}
}

type life struct {
	*bench
	dice              *rand.Rand
	reopen            func() mfa.Store // the program ends and begins again
	g                 gadget
	spent             map[int64]bool // steps in the gadget's time
	accepted, refused int
}

// newLife has its store on a disk or, which is quicker, in memory.
func newLife(t *testing.T, seed uint64, onDisk bool) *life {
	l := &life{dice: rand.New(rand.NewPCG(seed, 7)), spent: map[int64]bool{}}
	store := storetest.NewMemory()
	l.reopen = func() mfa.Store { return store }
	if onDisk {
		path := filepath.Join(t.TempDir(), "keyferry.db")
		var open *sqlite.Store
		l.reopen = func() mfa.Store {
			var err error
			if open != nil {
				err = open.Close()
			}
			if err == nil {
				open, err = sqlite.Open(t.Context(), path)
			}
			if err != nil {
				t.Fatal(err)
			}
			return open
		}
		t.Cleanup(func() { open.Close() })
	}
	l.bench = newBenchOver(t, virtualauth.Android(), l.reopen())
	l.g = l.token(t, "GAHT12345678", 0)
	return l
}

// step is where the gadget is, so many steps from now.
func (l *life) step(steps int) int64 {
	return totp.Default.Step(l.clock.read().Add(l.g.ahead + time.Duration(steps)*step))
}

// held checks an answer about codes of these steps.
func (l *life) held(t *testing.T, what string, err error, steps ...int) {
	t.Helper()
	if err != nil {
		l.refused++
		return
	}
	l.accepted++
	for _, n := range steps {
		at := l.step(n)
		if l.spent[at] {
			t.Fatalf("%s took the code of step %d, which was accepted before", what, at)
		}
		l.spent[at] = true
	}
}

func (l *life) live(t *testing.T) {
	t.Helper()
	who := l.who
	who.MFAAt = l.clock.read()
	at := l.dice.IntN(5) - 2
	switch l.dice.IntN(10) {
	case 0, 1: // time passes
		l.clock.add(time.Duration(l.dice.IntN(90)) * time.Second)
	case 2: // a clock is set
		if l.dice.IntN(2) == 0 {
			l.g.ahead = time.Duration(l.dice.IntN(60)-30) * step
		} else {
			l.clock.add(time.Duration(l.dice.IntN(40)-20) * step)
		}
	case 3:
		l.over(l.reopen())
	case 4:
		first, second := l.code(t, l.g, at), l.code(t, l.g, at+1)
		_, err := l.AssignToken(t.Context(), who, "", l.g.Serial, "fob", first, second)
		l.held(t, "enabling", err, at, at+1)
	case 5:
		if l.dice.IntN(3) > 0 {
			return
		}
		if d := l.device(t, l.g.ID); d.IsAssigned() {
			if err := l.Store.UnassignDevice(t.Context(), d.ID, d.Version, mfa.Event{At: l.clock.read(), Kind: mfa.EventDeviceDeactivated}); err != nil {
				t.Fatal(err)
			}
		}
	case 6:
		first, second := l.code(t, l.g, at), l.code(t, l.g, at+1)
		_, err := l.Resync(t.Context(), who, l.g.ID, first, second)
		l.held(t, "resynchronising", err, at, at+1)
	default:
		l.clock.add(15 * time.Minute) // the delay of wrong codes is not what is tried here
		p := Pending{Principal: mfa.Principal{ID: who.PrincipalID}}
		for range 2 {
			_, err := l.SignInWithCode(t.Context(), p, l.code(t, l.g, at))
			l.held(t, "signing in", err, at)
			at += l.dice.IntN(3) - 1
		}
	}
}
