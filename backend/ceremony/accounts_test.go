package ceremony

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/simkey"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// sharing is a bench over SQLite where ann and bob have a passkey each on one key, and
// the account lets passkeys sign in alone.
type sharing struct {
	*bench
	key      string // what it is called
	ann, bob mfa.Principal
	asked    []mfa.AccountsAsk
}

const sharedPIN = "correct horse"

func sharePasskeys(t *testing.T) *sharing {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "keyferry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	s := &sharing{bench: newBenchOver(t, virtualauth.Android(), store)}
	s.key = plugIn(t, s.bench)
	s.settings(t, func(set *mfa.Settings) { set.Passwordless = true })
	s.ann, s.bob = s.user(t, "ann"), s.user(t, "bob")
	for _, p := range []mfa.Principal{s.ann, s.bob} {
		if _, err := s.Enrol(t.Context(), s.who, p.ID, "of-"+p.Name, mfa.RoadKey, s.person(nil)); err != nil {
			t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
		}
	}
	return s
}

// person knows the PIN, and chooses an account.
func (s *sharing) person(choose mfa.ChooseAccount) Person {
	return Person{Confirm: yes, PIN: func(context.Context, mfa.PINAsk) (*mfa.Secret, error) { return mfa.NewSecret([]byte(sharedPIN)), nil },
		Choose: choose}
}

// named chooses by name.
func (s *sharing) named(name string) mfa.ChooseAccount {
	return func(_ context.Context, ask mfa.AccountsAsk) (int, error) {
		s.asked = append(s.asked, ask)
		i := slices.IndexFunc(ask.Accounts, func(a mfa.FoundAccount) bool { return a.Name == name })
		if i < 0 {
			return 0, mfa.Fail(mfa.CodeNotFound)
		}
		return i, nil
	}
}

// plugIn gives the bench a simulated security key with a PIN, whose owner touches it at once.
func plugIn(t *testing.T, b *bench) (name string) {
	t.Helper()
	blinks := make(chan struct{}, 1000)
	key, err := simkey.Open(simkey.Config{Model: simkey.Plain, Changed: func(s simkey.State) {
		if s.Waiting {
			blinks <- struct{}{}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for range blinks {
			_ = key.Touch() // it may have given up meanwhile
		}
	}()
	t.Cleanup(func() {
		key.Close()
		close(blinks)
	})
	key.Plug(true)
	found := keys.New(keys.Config{Buses: []transport.KeyBus{key.Bus()}})
	t.Cleanup(func() { found.Close() })
	list, err := found.List(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if _, err := found.SetPIN(t.Context(), list[0].ID, nil, mfa.NewSecret([]byte(sharedPIN))); err != nil {
		t.Fatal(err)
	}
	b.Roads.Keys = found.Open
	return list[0].Name
}

// Two people, one key that cannot ask by itself: whoever is chosen signs in.
func TestWhoeverIsChosenSignsIn(t *testing.T) {
	s := sharePasskeys(t)
	for _, want := range []mfa.Principal{s.ann, s.bob, s.ann} {
		var stages []mfa.Stage
		person := s.person(s.named(want.Name))
		person.Report = func(p mfa.Progress) { stages = append(stages, p.Stage) }
		p, session, err := s.SignInWithPasskey(t.Context(), mfa.RoadKey, person)
		if err != nil {
			t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
		}
		if p.ID != want.ID || session.PrincipalID != want.ID || s.device(t, session.DeviceID).Name != "of-"+want.Name || !session.MFAPresent() {
			t.Errorf("%s chosen, %s signed in: %+v", want.Name, p.Name, session)
		}
		if end := stages[max(len(stages)-4, 0):]; !slices.Equal(end, []mfa.Stage{mfa.StageTouchKey, mfa.StageChooseAccount, mfa.StageVerifying, mfa.StageDone}) {
			t.Errorf("stages %v", stages)
		}
	}
	newest := []mfa.FoundAccount{{Name: "bob"}, {Name: "ann"}}
	for _, ask := range s.asked {
		if !slices.Equal(ask.Accounts, newest) || ask.Key != s.key || ask.Local {
			t.Errorf("asked %+v", ask)
		}
	}
	if len(s.asked) != 3 {
		t.Errorf("asked %d times", len(s.asked))
	}
}

// Whoever chooses nobody signs nobody in, and leaves no trace.
func TestNobodyIsChosen(t *testing.T) {
	s := sharePasskeys(t)
	before := s.kinds(t)
	for name, choose := range map[string]func(stop func()) mfa.ChooseAccount{
		"given up": func(func()) mfa.ChooseAccount {
			return func(context.Context, mfa.AccountsAsk) (int, error) { return 0, mfa.Fail(mfa.CodeCancelled) }
		},
		"the ceremony is cancelled, and then chosen": func(stop func()) mfa.ChooseAccount {
			return func(ctx context.Context, _ mfa.AccountsAsk) (int, error) {
				stop()
				<-ctx.Done()
				return 1, nil
			}
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		p, session, err := s.SignInWithPasskey(ctx, mfa.RoadKey, s.person(choose(cancel)))
		cancel()
		if !mfa.IsCode(err, mfa.CodeCancelled) || p.ID != "" || session.ID != "" {
			t.Errorf("%s: %q, %q, %v", name, p.Name, session.ID, err)
		}
	}
	if after := s.kinds(t); !slices.Equal(before, after) {
		t.Errorf("audit trail %v", after[len(before):])
	}
	for _, p := range []mfa.Principal{s.ann, s.bob} {
		devices, err := s.Store.Devices(t.Context(), p.ID)
		if err != nil || len(devices) != 1 || !devices[0].LastUsedAt.IsZero() {
			t.Errorf("%+v, %v", devices, err)
		}
	}
}

// The second factor is one person's, and asks for nobody.
func TestTheSecondFactorAsksForNobody(t *testing.T) {
	s := sharePasskeys(t)
	pending, err := s.Password(t.Context(), mfa.Identity{Kind: mfa.User, Name: "ann"}, s.pass())
	if err != nil {
		t.Fatal(err)
	}
	session, err := s.SignInWithDevice(t.Context(), pending, mfa.RoadKey, nil, s.person(func(context.Context, mfa.AccountsAsk) (int, error) {
		t.Error("asked")
		return 0, nil
	}))
	if err != nil || session.PrincipalID != s.ann.ID {
		t.Errorf("%+v, %v", session, err)
	}
}
