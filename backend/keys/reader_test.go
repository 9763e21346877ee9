package keys

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// reader is a bus whose keys can be open once at a time, as cards on a reader are: there
// is one transaction from Open to Close.
type reader struct {
	*drawer
	mu    sync.Mutex
	taken map[string]bool
}

func (r *reader) Open(ctx context.Context, id string) (transport.Key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken[id] {
		return nil, mfa.Fail(mfa.CodeKeyBusy)
	}
	k, err := r.drawer.Open(ctx, id)
	if err != nil {
		return nil, err
	}
	r.taken[id] = true
	return &lying{Key: k, left: func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.taken, id)
	}}, nil
}

type lying struct {
	transport.Key
	once sync.Once
	left func()
}

func (l *lying) Close() error {
	l.once.Do(l.left)
	return l.Key.Close()
}

// Whoever has given the PIN of a key on a reader has it open, and it can be open once:
// what is done with it next must not stand in its own way.
func TestAKeyOnAReaderIsOpenOnce(t *testing.T) {
	for name, do := range map[string]func(*testing.T, *Service, string) error{
		"listed": func(t *testing.T, s *Service, id string) error {
			if k := only(t, s); k.Trouble != nil {
				return k.Trouble
			}
			_, err := s.Passkeys(t.Context(), id) // and it is still open
			return err
		},
		"its list has become shorter": func(t *testing.T, s *Service, id string) error {
			all, err := s.Passkeys(t.Context(), id)
			if err != nil {
				return err
			}
			if err := s.DeletePasskey(t.Context(), id, all[0].ID); err != nil {
				return err
			}
			if k := only(t, s); k.Trouble != nil {
				return k.Trouble
			} else if room := k.Info.RemainingDiscoverableCredentials; room == nil || *room != 3 {
				t.Error("the list does not know of the room that there is now")
			}
			_, err = s.Passkeys(t.Context(), id)
			return err
		},
		"the PIN once more": func(t *testing.T, s *Service, id string) error {
			pin := secret("2580")
			defer pin.Wipe()
			return s.Unlock(t.Context(), id, pin)
		},
		"another PIN": func(t *testing.T, s *Service, id string) error {
			old, fresh := secret("2580"), secret("13579")
			defer old.Wipe()
			defer fresh.Wipe()
			_, err := s.SetPIN(t.Context(), id, old, fresh)
			return err
		},
		"a ceremony": func(t *testing.T, s *Service, _ string) error {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			a, err := s.Open(ctx, authenticator.Want{Purpose: authenticator.PurposeCreate}, func(p mfa.Progress) {
				if p.Trouble != nil {
					t.Error(p.Trouble)
					cancel()
				}
			})
			if err == nil {
				err = a.Close()
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := modern()
				c.MaxCredentials = 3
				stick := withPIN(t, newStick("a", c), "2580")
				discoverable(t, stick, "one.example")
				d := &drawer{t: t, way: transport.WayNFC}
				d.put(stick)
				s := New(Config{Buses: []transport.KeyBus{&reader{drawer: d, taken: map[string]bool{}}}})
				t.Cleanup(s.Close)
				id := only(t, s).ID
				pin := secret("2580")
				defer pin.Wipe()
				if err := s.Unlock(t.Context(), id, pin); err != nil {
					t.Fatal(err)
				}
				if err := do(t, s, id); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
