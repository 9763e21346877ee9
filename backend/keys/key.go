package keys

import (
	"context"
	"sync"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// PINState says whether a key has a PIN.
type PINState string

const (
	PINSet   PINState = "set"
	PINUnset PINState = "unset"
	PINNone  PINState = "none" // it can have none
)

// Key is what is known of a key without its PIN.
type Key struct {
	ID      string
	Name    string
	Way     string       // transport.WayUSB, WayNFC or WayInternal
	Trouble *mfa.Failure // it cannot be spoken to; nothing below is known then
	Info    ctap2.Info
	PIN     PINState
	Left    int  // tries of the PIN, -1 when unknown
	Replug  bool // the PIN is not taken before the key was unplugged
	Old     bool // U2F only
}

// CanList reports that the key can list its passkeys.
func (k Key) CanList() bool {
	return k.Info.IsOn(ctap2.OptionManagement) || k.Info.IsOn(ctap2.OptionManagementPreview)
}

// List reads every key that is there, and this computer last. What was read of a key is
// not read again before it went away or was used here. The error says why no key can be
// there at all.
func (s *Service) List(ctx context.Context) ([]Key, error) {
	slots, err := slotsOf(ctx, s.everything())
	if err != nil {
		s.forgetGone(nil)
		return nil, err
	}
	out := make([]Key, len(slots))
	var reading sync.WaitGroup
	for i, sl := range slots {
		reading.Go(func() { out[i] = s.read(ctx, sl) })
	}
	reading.Wait()
	s.forgetGone(out)
	return out, ctx.Err()
}

// read gives what is known of one key, asking it if nothing is.
func (s *Service) read(ctx context.Context, sl slot) Key {
	s.mu.Lock()
	known, is := s.known[sl.id]
	s.mu.Unlock()
	if is && known.Name == sl.Name {
		return known
	}
	k := Key{ID: sl.id, Name: sl.Name, Way: sl.Way, Left: -1}
	if sl.Trouble != nil {
		k.Trouble = mfa.AsFailure(sl.Trouble)
		return k
	}
	o, err := openSlot(ctx, sl)
	if err != nil {
		k.Trouble = mfa.AsFailure(err)
		return k
	}
	defer o.Close()
	return s.learn(ctx, o)
}

// learn describes a key that is open, and remembers it. Whoever has a key open does that
// before letting it go or keeping it: a card on a reader can be open once, so that nobody
// else could ask it.
func (s *Service) learn(ctx context.Context, o *opened) Key {
	k := o.describe(ctx, Key{ID: o.id, Name: o.name, Way: o.way, Left: -1})
	s.remember(k)
	return k
}

// describe fills in what a key says of itself.
func (o *opened) describe(ctx context.Context, k Key) Key {
	k.Info, k.Old, k.PIN = o.info, o.old, PINNone
	if set, can := o.info.Options[ctap2.OptionClientPIN]; set {
		k.PIN = PINSet
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if left, replug, err := ctap2.PINRetries(ctx, o, o.info); err == nil {
			k.Left, k.Replug = left, replug
		}
	} else if can {
		k.PIN = PINUnset
	}
	return k
}

// remember spares a key the same questions. This computer is asked each time: nobody pulls
// it out, and ceremonies change it past this service.
func (s *Service) remember(k Key) {
	if k.Way == transport.WayInternal {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[k.ID] = k
}

// forgetGone drops what is known of keys that are not there any more, and their PINs.
func (s *Service) forgetGone(there []Key) {
	is := map[string]bool{}
	for _, k := range there {
		is[k.ID] = k.Trouble == nil
	}
	s.mu.Lock()
	for id := range s.known {
		if !is[id] {
			delete(s.known, id)
		}
	}
	s.mu.Unlock()
	s.closeSessions(func(id string, _ *session) bool { return !is[id] })
}

// stale makes the next List ask the key again.
func (s *Service) stale(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, id)
}

// with opens the key of an ID for one thing to do: key-lost, key-permission, key-busy,
// key-silent.
func (s *Service) with(ctx context.Context, id string, do func(context.Context, *opened) error) error {
	return s.within(ctx, id, askLimit, func(ctx context.Context) error {
		sl, err := s.find(ctx, id)
		if err != nil {
			return err
		}
		o, err := openSlot(ctx, sl)
		if err != nil {
			return err
		}
		defer o.Close()
		return do(ctx, o)
	})
}

// Wink makes a key show itself.
func (s *Service) Wink(ctx context.Context, id string) error {
	return s.with(ctx, id, func(ctx context.Context, o *opened) error { return o.key.Wink(ctx) })
}
