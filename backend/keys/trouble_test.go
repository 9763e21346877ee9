package keys

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

func unlock(t *testing.T, s *Service, id string) error {
	t.Helper()
	pin := secret("2580")
	defer pin.Wipe()
	return s.Unlock(t.Context(), id, pin)
}

// Whoever is quick has the key out and in again before anybody looks.
func TestResetOfAKeyThatWasReplugedQuickly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := withPIN(t, newStick("a", modern()), "2580")
		s, d := serviceOver(t, stick)
		stages, done := make(chan ResetStage, 4), make(chan error, 1)
		go func() { done <- s.Reset(t.Context(), "0:a", func(r ResetStage) { stages <- r }) }()
		if r := next(t, "a stage", stages); r != ResetUnplug {
			t.Fatal(r)
		}
		d.mu.Lock()
		stick.PowerCycle()
		stick.id = "a, plugged in again"
		d.changed()
		d.mu.Unlock()
		for {
			if r := next(t, "a stage", stages); r == ResetTouch {
				break
			}
		}
		next(t, "the question", stick.asked)
		stick.touch <- struct{}{}
		if err := next(t, "the end", done); err != nil {
			t.Fatal(err)
		}
	})
}

// A key keeps one token: that of whoever gave the PIN last.
func TestTheTokenWasTakenByAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := withPIN(t, newStick("a", modern()), "2580")
		s, _ := serviceOver(t, stick)
		if err := unlock(t, s, "0:a"); err != nil {
			t.Fatal(err)
		}
		info, err := ctap2.ParseInfo(stick.GetInfo())
		if err != nil {
			t.Fatal(err)
		}
		pin := secret("2580")
		defer pin.Wipe()
		other, err := ctap2.TokenByPIN(t.Context(), stick, info, pin, ctap2.PermissionGetAssertion, "one.example", New(Config{}).Rand)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Wipe()
		_, err = s.Passkeys(t.Context(), "0:a")
		wantCode(t, err, mfa.CodePINNeeded)
		if err := unlock(t, s, "0:a"); err != nil {
			t.Fatal(err)
		}
		if _, err = s.Passkeys(t.Context(), "0:a"); err != nil {
			t.Fatal(err)
		}
	})
}

// What is closed while it is used ends what uses it, and nothing is read that is wiped.
func TestClosedWhileItIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := withPIN(t, newStick("a", modern()), "2580")
		s, _ := serviceOver(t, stick)
		for range 20 {
			err := unlock(t, s, "0:a")
			for mfa.IsCode(err, mfa.CodeKeyBusy) { // with what was asked before it was closed
				err = unlock(t, s, "0:a")
			}
			if err != nil {
				t.Fatal(err)
			}
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() {
					if _, err := s.Passkeys(t.Context(), "0:a"); err != nil && !mfa.IsCode(err, mfa.CodeKeyLost) && !mfa.IsCode(err, mfa.CodePINNeeded) {
						t.Error(err)
					}
				})
			}
			both.Go(func() { s.CloseKey("0:a") })
			both.Wait()
		}
	})
}

// held is a bus that opens a key when it is let.
type held struct {
	*drawer
	opening, let chan struct{}
}

func (h held) Open(ctx context.Context, id string) (transport.Key, error) {
	h.opening <- struct{}{}
	<-h.let
	return h.drawer.Open(ctx, id)
}

// Whoever gave the PIN has left before the key took it: the next person has to give it again.
func TestNobodyInheritsAPIN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &drawer{t: t}
		d.put(withPIN(t, newStick("a", modern()), "2580"))
		h := held{d, make(chan struct{}, 8), make(chan struct{}, 8)}
		s := New(Config{Buses: []transport.KeyBus{h}})
		t.Cleanup(s.Close)
		done := make(chan error, 1)
		go func() { done <- unlock(t, s, "0:a") }()
		next(t, "the opening", h.opening)
		s.Close()
		h.let <- struct{}{}
		wantCode(t, next(t, "the end", done), mfa.CodeCancelled)
		_, err := s.Passkeys(t.Context(), "0:a")
		wantCode(t, err, mfa.CodePINNeeded)
	})
}

// A ceremony changes what is on a key, and nobody unplugs this computer.
func TestWhatIsKnownIsNotOutOfDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick, own := newStick("a", modern()), newStick("tpm", modern())
		home := &drawer{t: t, way: transport.WayInternal}
		home.put(own)
		d := &drawer{t: t}
		d.put(stick)
		s := New(Config{Buses: []transport.KeyBus{d}, Computer: home})
		t.Cleanup(s.Close)
		states := func() (out []PINState) {
			list, err := s.List(t.Context())
			if err != nil || len(list) != 2 {
				t.Fatalf("%+v, %v", list, err)
			}
			return []PINState{list[0].PIN, list[1].PIN}
		}
		if got := states(); got[0] != PINUnset || got[1] != PINUnset {
			t.Fatal(got)
		}
		a, err := s.Open(t.Context(), authenticator.Want{Purpose: authenticator.PurposeCreate}, nil)
		if err != nil {
			t.Fatal(err)
		}
		states() // somebody looks meanwhile
		withPIN(t, stick, "2580")
		withPIN(t, own, "258025")
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if got := states(); got[0] != PINSet || got[1] != PINSet {
			t.Error(got)
		}
	})
}

// dead is a key that says it works and never answers.
type dead struct{}

func (dead) Exchange(ctx context.Context, _ []byte, _ func(byte)) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
func (d dead) APDU(ctx context.Context, _ []byte) ([]byte, error) { return d.Exchange(ctx, nil, nil) }
func (dead) Speaks() (bool, bool)                                 { return true, true }
func (dead) Wink(context.Context) error                           { return nil }
func (dead) Way() string                                          { return transport.WayUSB }
func (dead) Close() error                                         { return nil }

// tray has a dead key, and another one that works when there is one.
type tray struct{ works *stick }

func (y tray) List(context.Context) ([]transport.Slot, error) {
	out := []transport.Slot{{ID: "dead", Way: transport.WayUSB}}
	if y.works != nil {
		out = append(out, transport.Slot{ID: "works", Way: transport.WayUSB})
	}
	return out, nil
}

func (y tray) Watch(ctx context.Context, changed func()) error {
	changed()
	<-ctx.Done()
	return ctx.Err()
}

func (y tray) Open(_ context.Context, id string) (transport.Key, error) {
	if id == "works" {
		return direct{y.works}, nil
	}
	return dead{}, nil
}

// direct is a stick without its wire.
type direct struct{ *stick }

func (direct) Speaks() (bool, bool)       { return true, false }
func (direct) Wink(context.Context) error { return nil }
func (direct) Way() string                { return transport.WayUSB }
func (direct) Close() error               { return nil }

func TestADeadKeyHoldsNobodyUp(t *testing.T) {
	t.Run("beside one that works", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := New(Config{Buses: []transport.KeyBus{tray{newStick("b", modern())}}})
			begun := time.Now()
			a, err := s.Open(t.Context(), authenticator.Want{}, nil)
			if err != nil || time.Since(begun) > 10*time.Second {
				t.Fatalf("%v after %v", err, time.Since(begun))
			}
			a.Close()
		})
	})
	t.Run("alone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := New(Config{Buses: []transport.KeyBus{tray{}}})
			begun := time.Now()
			k := only(t, s)
			if k.Trouble == nil || k.Trouble.Code != mfa.CodeKeySilent || time.Since(begun) > 10*time.Second {
				t.Errorf("%+v after %v", k.Trouble, time.Since(begun))
			}
		})
	})
}

func TestADeadComputerIsNotToBeUnplugged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Computer: inside{}})
		k := only(t, s)
		if k.Trouble == nil || k.Trouble.Code != mfa.CodeTimedOut {
			t.Errorf("%+v", k.Trouble)
		}
		wantCode(t, unlock(t, s, k.ID), mfa.CodeTimedOut)
		wantCode(t, s.Reset(t.Context(), k.ID, func(ResetStage) {}), mfa.CodeTimedOut)
	})
}

// inside is a computer's own place, with what never answers.
type inside struct{ tray }

func (inside) List(context.Context) ([]transport.Slot, error) {
	return []transport.Slot{{ID: "dead", Way: transport.WayInternal}}, nil
}

func TestAResetThatNobodyGoesOnWithEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := withPIN(t, newStick("a", modern()), "2580")
		s, d := serviceOver(t, stick)
		begun := time.Now()
		wantCode(t, s.Reset(t.Context(), "0:a", func(ResetStage) {}), mfa.CodeTimedOut)
		wantCode(t, s.Reset(t.Context(), "0:a", func(r ResetStage) {
			if r == ResetUnplug {
				d.pull(stick)
			}
		}), mfa.CodeTimedOut)
		if took := time.Since(begun); took != 2*handLimit {
			t.Errorf("after %v", took)
		}
	})
}

// What went wrong with a key ends what was open on it, and the PIN is needed anew.
func TestABrokenKeyIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mischief{trick: trick{ever: true, read: says(time.Second, hidKeepalive, 1)}}
		b := newBench(t, m, transport.WayUSB)
		if err := b.unlocked(t); err != nil {
			t.Fatal(err)
		}
		m.armed.Store(true)
		_, err := b.Passkeys(t.Context(), b.id)
		wantCode(t, err, mfa.CodeKeySilent)
		if m.opened.Load() != m.closed.Load() {
			t.Error("it was kept open")
		}
		_, err = b.Passkeys(t.Context(), b.id)
		wantCode(t, err, mfa.CodePINNeeded)
	})
}

// Another program lets the key go, of which no bus tells: it is found all the same, and
// what stood in the way was said once.
func TestAKeyThatAnotherProgramHeldIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mischief{trick: trick{ever: true, read: says(10*time.Millisecond, hidError, hidBusy)}}
		b := newBench(t, m, transport.WayUSB)
		m.armed.Store(true)
		time.AfterFunc(time.Minute, func() { m.armed.Store(false) })
		var told []mfa.Progress
		begun := time.Now()
		a, err := b.Service.Open(t.Context(), authenticator.Want{Purpose: authenticator.PurposeCreate}, func(p mfa.Progress) { told = append(told, p) })
		if err != nil {
			t.Fatal(err)
		}
		a.Close()
		if took := time.Since(begun); took > time.Minute+10*time.Second {
			t.Errorf("after %v", took)
		}
		if len(told) != 1 || told[0].Stage != mfa.StageFindKey || told[0].Trouble == nil || told[0].Trouble.Code != mfa.CodeKeyBusy {
			t.Errorf("told %+v", told)
		}
		if m.opened.Load() != m.closed.Load() {
			t.Errorf("opened %d times, closed %d times", m.opened.Load(), m.closed.Load())
		}
	})
}

// Keys that say at once that nobody touched them keep no processor busy.
func TestKeysThatGiveUpAtOnceAreAskedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		hasty := func(id string) *stick {
			c := modern()
			c.Consent = func(context.Context, virtualauth.Prompt) (virtualauth.Decision, error) {
				if id == "a" {
					asked++
				}
				return virtualauth.Decision{}, ctap2.StatusUserActionTimeout
			}
			s := newStick(id, modern())
			s.Authenticator = virtualauth.New(c)
			return s
		}
		s, _ := serviceOver(t, hasty("a"), hasty("b"))
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		_, err := s.Open(ctx, authenticator.Want{Purpose: authenticator.PurposeCreate}, nil)
		if !errors.Is(err, context.DeadlineExceeded) || asked < 2 || asked > int(time.Minute/tryAgain)+1 {
			t.Errorf("%v after %d questions", err, asked)
		}
	})
}
