package keys

import (
	"context"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// session is a key whose owner gave the PIN for its list of passkeys.
type session struct {
	*opened
	turn  chan struct{} // holds one token while something runs: a list goes on from request to request
	token *ctap2.Token  // nil: it was closed
}

func newSession(o *opened, t *ctap2.Token) *session {
	return &session{opened: o, turn: make(chan struct{}, 1), token: t}
}

func (o *session) close() {
	_ = o.Close() // which ends what runs
	o.turn <- struct{}{}
	o.token.Wipe()
	o.token = nil
	<-o.turn
}

// keep stores a session in the place of the one before. One that was begun before
// everything was closed is dropped: whoever gave the PIN has left.
func (s *Service) keep(id string, o *session, began int) error {
	s.mu.Lock()
	old, late := s.open[id], s.closings != began
	if !late {
		s.open[id] = o
	}
	s.mu.Unlock()
	if late {
		o.close()
		return mfa.Fail(mfa.CodeCancelled)
	}
	if old != nil {
		old.close()
	}
	return nil
}

func (s *Service) visits() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closings
}

// unlocked does something with a key whose PIN was given: else pin-needed. A token dies
// with the next one that a key gives, whoever got it; then the PIN is needed again, too.
// So it is after the key went, or went quiet: nobody keeps it open for nothing.
func (s *Service) unlocked(ctx context.Context, id string, do func(context.Context, *session) error) error {
	s.mu.Lock()
	o := s.open[id]
	s.mu.Unlock()
	if o == nil {
		return mfa.Fail(mfa.CodePINNeeded)
	}
	err := s.within(ctx, id, listLimit, func(ctx context.Context) error { return o.use(ctx, do) })
	dead := mfa.IsCode(err, mfa.CodeUVFailed)
	if dead || isBroken(err) {
		s.closeSessions(func(_ string, is *session) bool { return is == o })
	}
	if dead {
		return mfa.Fail(mfa.CodePINNeeded).Because(err)
	}
	return err
}

func (o *session) use(ctx context.Context, do func(context.Context, *session) error) error {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if o.token == nil {
		return mfa.Fail(mfa.CodePINNeeded)
	}
	return do(ctx, o)
}

// closeSessions closes those that are meant, after they cannot be had any more.
func (s *Service) closeSessions(meant func(id string, o *session) bool) {
	var gone []*session
	s.mu.Lock()
	for id, o := range s.open {
		if meant(id, o) {
			gone = append(gone, o)
			delete(s.open, id)
		}
	}
	s.mu.Unlock()
	for _, o := range gone {
		o.close()
	}
}

// CloseKey forgets the PIN of a key. A key that is not open is no failure.
func (s *Service) CloseKey(id string) {
	s.closeSessions(func(other string, _ *session) bool { return other == id })
}

// Close forgets PINs and lets all keys go, those too whose PIN is being looked at now.
func (s *Service) Close() {
	s.mu.Lock()
	s.closings++
	s.mu.Unlock()
	s.closeSessions(func(string, *session) bool { return true })
}
