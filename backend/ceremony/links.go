package ceremony

import (
	"context"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
)

// heldLinks keeps linking records back until their ceremony has succeeded: a
// phone that was refused must not be rung later. Records that arrive after the
// ceremony go straight to the store.
type heldLinks struct {
	s           *Service
	principalID string

	mu    sync.Mutex
	held  []mfa.LinkedPhone
	state linkState
}

type linkState int

const (
	linksHeld linkState = iota
	linksKept
	linksDropped
)

func (s *Service) holdLinks(principalID string) *heldLinks {
	return &heldLinks{s: s, principalID: principalID}
}

func (h *heldLinks) add(l mfa.LinkedPhone) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch h.state {
	case linksHeld:
		h.held = append(h.held, l)
	case linksKept:
		h.store(l)
	case linksDropped:
		l.Secret.Wipe()
	}
}

func (h *heldLinks) keep() { h.settle(linksKept, h.store) }

// keepFor is keep where nobody knew before whose phone it is.
func (h *heldLinks) keepFor(principalID string) {
	h.mu.Lock()
	h.principalID = principalID
	h.mu.Unlock()
	h.keep()
}

// drop does nothing after keep.
func (h *heldLinks) drop() { h.settle(linksDropped, func(l mfa.LinkedPhone) { l.Secret.Wipe() }) }

func (h *heldLinks) settle(to linkState, each func(mfa.LinkedPhone)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != linksHeld {
		return
	}
	h.state = to
	for _, l := range h.held {
		each(l)
	}
	h.held = nil
}

// store seals and writes in the background: a link is a convenience, and the person
// does not wait for it. Close waits. Without a vault that is open there is no link, and
// the person shows a code next time, too.
func (h *heldLinks) store(l mfa.LinkedPhone) {
	l.ID, l.PrincipalID, l.CreatedAt = mfa.NewID(), h.principalID, h.s.Clock()
	h.s.linking.Go(func() {
		defer wipeLink(&l)
		switch err := sealLink(h.s.Vault, &l); {
		case mfa.IsCode(err, mfa.CodeVaultLocked):
			return
		case err != nil:
			h.s.Log.Warn("linked phone was not sealed", "err", mfa.AsFailure(err))
			return
		}
		event := mfa.Event{At: l.CreatedAt, Kind: mfa.EventPhoneLinked, PrincipalID: l.PrincipalID, Detail: map[string]string{"name": l.Name}}
		if err := h.s.Store.SaveLink(context.Background(), l, event); err != nil {
			h.s.Log.Warn("linked phone was not stored", "err", mfa.AsFailure(err))
		}
	})
}

// forget removes a link that its phone no longer accepts.
func (s *Service) forget(ctx context.Context, l mfa.LinkedPhone) {
	event := mfa.Event{At: s.Clock(), Kind: mfa.EventPhoneUnlinked, PrincipalID: l.PrincipalID, Detail: map[string]string{"name": l.Name}}
	if err := s.Store.RemoveLink(context.WithoutCancel(ctx), l.ID, event); err != nil {
		s.Log.Warn("linked phone was not forgotten", "err", mfa.AsFailure(err))
	}
}
