package bind

import (
	"context"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

func TestCallsWaitForTheBackEnd(t *testing.T) {
	seat := NewSeat(func() (Backend, error) { return &fake{state: everything()}, nil })
	api, _ := over(t, seat)
	answer := make(chan StateDTO, 1)
	go func() {
		s, _ := api.State()
		answer <- s
	}()
	select {
	case s := <-answer:
		t.Fatalf("answered %+v before there was a back end", s)
	default:
	}
	seat.Open()
	if s := <-answer; s.Phase != "home" {
		t.Errorf("phase %q, want home", s.Phase)
	}
}

// A start beside a running one says so, calmly, and works once the other ended.
func TestRefusedUntilItWorks(t *testing.T) {
	var err error = mfa.Fail(mfa.CodeAlreadyRunning)
	attempts := 0
	seat := NewSeat(func() (Backend, error) {
		attempts++
		return &fake{state: everything()}, err
	})
	seat.Open()
	api, _ := over(t, seat)
	for want := 1; want <= 2; want++ {
		s, serr := api.State()
		if serr != nil || s.Phase != "broken" || s.Failure == nil || s.Failure.Code != "already-running" || s.Version != "1.2.3" {
			t.Errorf("state %+v, error %v", s, serr)
		}
		if attempts != want {
			t.Errorf("%d attempts, want %d: the first question is not a retry, the next one is", attempts, want)
		}
	}
	if _, err := api.Devices(""); !mfa.IsCode(err, mfa.CodeAlreadyRunning) {
		t.Errorf("error %v, want already-running", err)
	}
	if c, err := api.Ceremony(); c != nil || err != nil {
		t.Errorf("ceremony %v, error %v: the page must not be told twice", c, err)
	}
	err = nil
	if s, _ := api.State(); s.Phase != "home" {
		t.Errorf("phase %q after the other one ended, want home", s.Phase)
	}
	if !seat.Close() {
		t.Error("Close reports no back end")
	}
}

// Where the back end is open but its database is broken, asking again opens the
// same account again.
func TestBrokenIsTriedAgain(t *testing.T) {
	for _, row := range []struct {
		name    string
		sandbox bool
		want    []string
	}{{"real account", false, []string{"real"}}, {"sandbox", true, []string{"sandbox"}}} {
		t.Run(row.name, func(t *testing.T) {
			f := &fake{state: desk.State{Phase: desk.PhaseBroken, Sandbox: row.sandbox, Failure: mfa.Fail(mfa.CodeDiskFull)}}
			api, _ := bound(t, f)
			api.State()
			if len(f.moves) > 0 {
				t.Fatalf("the first question tried %v", f.moves)
			}
			api.State()
			if !slices.Equal(f.moves, row.want) {
				t.Errorf("tried %v, want %v", f.moves, row.want)
			}
		})
	}
}

func TestClosedSeat(t *testing.T) {
	f := &fake{}
	api, _ := bound(t, f)
	if !api.c.Seat.Close() || api.c.Seat.Close() || f.closed != 1 {
		t.Errorf("the back end was closed %d times, want once", f.closed)
	}
	if _, err := api.Devices(""); !mfa.IsCode(mfa.AsFailure(err), mfa.CodeCancelled) {
		t.Errorf("error %v, want cancelled", err)
	}
}

func TestClosedWhileOpening(t *testing.T) {
	late := &fake{}
	var seat *Seat
	seat = NewSeat(func() (Backend, error) {
		if seat.Close() {
			t.Error("Close reports a back end that is not open yet")
		}
		return late, nil
	})
	seat.Open()
	if late.closed != 1 {
		t.Error("a back end that came after Close was not closed")
	}
}

func TestCallsEndWithTheApp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewSeat(nil).wait(ctx); !mfa.IsCode(mfa.AsFailure(err), mfa.CodeCancelled) {
		t.Errorf("error %v, want cancelled", err)
	}
}
