package keys

import (
	"sync"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// session is a key whose owner gave the PIN for its list of passkeys.
type session struct {
	*opened
	mu    sync.Mutex   // one thing at a time: a list goes on from request to request
	token *ctap2.Token // nil: it was closed
}

func (o *session) close() {
	_ = o.Close() // which ends what runs
	o.mu.Lock()
	defer o.mu.Unlock()
	o.token.Wipe()
	o.token = nil
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
func (s *Service) unlocked(id string, do func(*session) error) error {
	s.mu.Lock()
	o := s.open[id]
	s.mu.Unlock()
	if o == nil {
		return mfa.Fail(mfa.CodePINNeeded)
	}
	err := o.use(do)
	if mfa.IsCode(err, mfa.CodeUVFailed) {
		s.closeSessions(func(_ string, is *session) bool { return is == o })
		return mfa.Fail(mfa.CodePINNeeded).Because(err)
	}
	return err
}

func (o *session) use(do func(*session) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.token == nil {
		return mfa.Fail(mfa.CodePINNeeded)
	}
	return do(o)
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
