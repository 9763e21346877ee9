package account

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

func wrongCode(principalID string) mfa.Event {
	return mfa.Event{Kind: mfa.EventSignInRefused, PrincipalID: principalID, Detail: map[string]string{"code": string(mfa.CodeCodeWrong)}}
}

func TestCodesHaveTheSameDelay(t *testing.T) {
	b := newBench(t)
	id := b.create(t).ID
	for i := range freeFailures + 1 {
		if g, err := b.GuessGate(t.Context(), id); err != nil || g.Count != i {
			t.Fatalf("before wrong code %d: %+v, %v", i+1, g, err)
		}
		if n, err := b.WrongCode(t.Context(), id, wrongCode(id)); err != nil || n != i+1 {
			t.Fatalf("wrong code %d counted as %d, %v", i+1, n, err)
		}
	}
	if e := b.last(t); e.Kind != mfa.EventSignInRefused || !e.At.Equal(b.now) || e.Detail["code"] != string(mfa.CodeCodeWrong) {
		t.Errorf("event %+v", e)
	}
	b.restart()
	_, err := b.GuessGate(t.Context(), id)
	if f := wants(t, err, mfa.CodeSignInDelayed); f.Params["seconds"] != "1" {
		t.Errorf("delay %v, want one second", f.Params)
	}
	b.now = b.now.Add(time.Second)
	if _, err := b.GuessGate(t.Context(), id); err != nil {
		t.Error(err)
	}
	if err := b.RightCode(t.Context(), id, mfa.Event{Kind: mfa.EventSignInMFA, PrincipalID: id}); err != nil {
		t.Fatal(err)
	}
	if e := b.last(t); e.Kind != mfa.EventSignInMFA || !e.At.Equal(b.now) {
		t.Errorf("event %+v", e)
	}
	if g, err := b.GuessGate(t.Context(), id); err != nil || g.Count != 0 {
		t.Errorf("after the right code: %+v, %v", g, err)
	}
}

func TestNothingToForgetWritesNothing(t *testing.T) {
	b := newBench(t)
	id := b.create(t).ID
	before := b.last(t).Seq
	if err := b.RightCode(t.Context(), id, mfa.Event{Kind: mfa.EventSignInMFA}); err != nil || b.last(t).Seq != before {
		t.Errorf("%d events more, %v", b.last(t).Seq-before, err)
	}
}

// Who knows the password could else sign in between guesses, and guess for ever.
func TestRightPasswordDoesNotForgetWrongCodes(t *testing.T) {
	b := newBench(t)
	id := b.create(t).ID
	for range freeFailures + 1 {
		if _, err := b.CheckPassword(t.Context(), root, secret("correct horse")); err != nil {
			t.Fatal(err)
		}
		if _, err := b.WrongCode(t.Context(), id, wrongCode(id)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.CheckPassword(t.Context(), root, secret("correct horse")); err != nil {
		t.Fatal(err)
	}
	_, err := b.GuessGate(t.Context(), id)
	wants(t, err, mfa.CodeSignInDelayed)
}

func TestOnePersonsCodesDelayNobodyElse(t *testing.T) {
	o := newOffice(t)
	for range freeFailures + 1 {
		if _, err := o.WrongCode(t.Context(), o.alice.PrincipalID, wrongCode(o.alice.PrincipalID)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.GuessGate(t.Context(), o.admin.PrincipalID); err != nil {
		t.Error(err)
	}
	if _, err := o.CheckPassword(t.Context(), root, secret("correct horse")); err != nil {
		t.Error(err)
	}
}
