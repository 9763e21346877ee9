package bind

import (
	"context"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestCallsWaitForTheBackEnd(t *testing.T) {
	api, _ := bound(t, nil)
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
	api.c.Seat.Take(&fake{state: everything()})
	if s := <-answer; s.Phase != "home" {
		t.Errorf("phase %q, want home", s.Phase)
	}
}

func TestRefusedSeat(t *testing.T) {
	api, _ := bound(t, nil)
	api.c.Seat.Refuse(mfa.Fail(mfa.CodeAlreadyRunning))
	s, err := api.State()
	if err != nil || s.Phase != "broken" || s.Failure == nil || s.Failure.Code != "already-running" || s.Version != "1.2.3" {
		t.Errorf("state %+v, error %v", s, err)
	}
	if _, err := api.Devices(); !mfa.IsCode(err, mfa.CodeAlreadyRunning) {
		t.Errorf("error %v, want already-running", err)
	}
	if api.c.Seat.Close() {
		t.Error("Close reports a back end that never was")
	}
}

func TestClosedSeat(t *testing.T) {
	f := &fake{}
	api, _ := bound(t, f)
	if !api.c.Seat.Close() || api.c.Seat.Close() || f.closed != 1 {
		t.Errorf("the back end was closed %d times, want once", f.closed)
	}
	if _, err := api.Devices(); !mfa.IsCode(mfa.AsFailure(err), mfa.CodeCancelled) {
		t.Errorf("error %v, want cancelled", err)
	}
	late, seat := &fake{}, NewSeat()
	seat.Close()
	seat.Take(late)
	if late.closed != 1 {
		t.Error("a back end that came after Close was not closed")
	}
}

func TestCallsEndWithTheApp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewSeat().wait(ctx); !mfa.IsCode(mfa.AsFailure(err), mfa.CodeCancelled) {
		t.Errorf("error %v, want cancelled", err)
	}
}
