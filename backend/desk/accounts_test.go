package desk

import (
	"context"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
)

// shared is a bench where root and bob have a passkey each on one key, and nobody is
// signed in.
func shared(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.create(t)
	h, who := b.seat(t)
	bob, err := h.Accounts.AddUser(t.Context(), who, account.NewUser{Name: "bob", Password: password()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := h.Accounts.Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a.Settings.Passwordless = true
	if _, err := h.Accounts.SaveSettings(t.Context(), who, a.Version, a.Settings); err != nil {
		t.Fatal(err)
	}
	person := ceremony.Person{
		Confirm: func(context.Context, ceremony.Candidate) (bool, error) { return true, nil },
		PIN:     func(context.Context, mfa.PINAsk) (*mfa.Secret, error) { return mfa.NewSecret([]byte("2580")), nil },
	}
	for _, d := range []struct{ owner, name string }{{bob.ID, "bobs"}, {"", "roots"}} {
		if _, err := h.Ceremonies.Enrol(t.Context(), who, d.owner, d.name, mfa.RoadKey, person); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.told()
	return b
}

// asked goes to the question.
func (b *bench) asked(t *testing.T) (*AccountsQuestion, func(name string) int) {
	t.Helper()
	if _, err := b.BeginPasskeySignIn(t.Context(), mfa.RoadKey); err != nil {
		t.Fatal(err)
	}
	b.until(t, mfa.StageEnterPIN)
	if err := b.GivePIN(mfa.NewSecret([]byte("2580"))); err != nil {
		t.Fatal(err)
	}
	c := b.until(t, mfa.StageChooseAccount)
	if c.Accounts == nil || len(c.Accounts.Accounts) != 2 || c.Accounts.Key != "Key" {
		t.Fatalf("%+v", c.Accounts)
	}
	return c.Accounts, func(name string) int {
		i := slices.IndexFunc(c.Accounts.Accounts, func(a mfa.FoundAccount) bool { return a.Name == name })
		if i < 0 {
			t.Fatalf("no %s among %+v", name, c.Accounts.Accounts)
		}
		return i
	}
}

func TestWhoeverIsChosenSignsIn(t *testing.T) {
	b := shared(t)
	wants(t, b.Desk.ChooseAccount(1, 0), mfa.CodeNotFound)
	last := 0
	for _, name := range []string{"bob", rootIdentity.Name} {
		q, index := b.asked(t)
		if q.ID <= last {
			t.Errorf("question %d after %d", q.ID, last)
		}
		for _, no := range []int{-1, 2} {
			wants(t, b.ChooseAccount(q.ID, no), mfa.CodeInvalidInput)
		}
		wants(t, b.ChooseAccount(last, 0), mfa.CodeNotFound) // the question before
		wants(t, b.ChooseAccount(q.ID+1, 0), mfa.CodeNotFound)
		if err := b.ChooseAccount(q.ID, index(name)); err != nil {
			t.Fatal(err)
		}
		wants(t, b.ChooseAccount(q.ID, 0), mfa.CodeNotFound) // answered
		c := b.until(t, mfa.StageDone)
		if c.Accounts != nil || c.State.Person == nil || c.State.Person.Principal.Label() != name {
			t.Errorf("%+v", c.State.Person)
		}
		wants(t, b.ChooseAccount(q.ID, 0), mfa.CodeNotFound) // over
		if _, err := b.SignOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		last = q.ID
	}
}

func TestCancelWhileTheAccountIsAsked(t *testing.T) {
	b := shared(t)
	q, _ := b.asked(t)
	b.CancelCeremony()
	if c := b.Ceremony(); c.Accounts != nil || c.Failure == nil || c.Failure.Code != mfa.CodeCancelled {
		t.Errorf("%+v", c)
	}
	wants(t, b.ChooseAccount(q.ID, 0), mfa.CodeNotFound)
	if s := b.State(); s.Phase != PhaseSignIn || s.Person != nil {
		t.Errorf("%+v", s)
	}
}
