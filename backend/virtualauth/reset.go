package virtualauth

import (
	"context"

	"github.com/keyferry/keyferry/backend/ctap2"
)

// selection is authenticatorSelection (CTAP 2.2 section 6.9).
func (a *Authenticator) selection(ctx context.Context, ask asking) error {
	if !a.cfg.Selection {
		return ctap2.StatusInvalidCommand
	}
	return a.touch(ctx, ask, Prompt{Op: OpSelect})
}

// reset is authenticatorReset (CTAP 2.2 section 6.6): everything is forgotten,
// also what U2F made. The time is that of the request, not that of the touch.
func (a *Authenticator) reset(ctx context.Context, ask asking) error {
	if !a.cfg.Reset {
		return ctap2.StatusInvalidCommand
	}
	a.mu.Lock()
	late := a.cfg.Clock().Sub(a.power.since) > a.cfg.ResetWithin
	a.mu.Unlock()
	if late {
		return ctap2.StatusNotAllowed
	}
	if err := a.touch(ctx, ask, Prompt{Op: OpReset}); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.store {
		c.wipe()
	}
	clear(a.security.PINHash)
	since := a.power.since // a reset is no power cycle: the time runs on
	a.store, a.security = nil, a.cfg.freshSecurity()
	a.powerUp()
	a.power.since = since
	return nil
}

// touch asks for the person's presence and nothing else.
func (a *Authenticator) touch(ctx context.Context, ask asking, p Prompt) error {
	d, err := ask(ctx, p)
	if err == nil && !d.Approve {
		err = ctap2.StatusOperationDenied
	}
	return err
}
