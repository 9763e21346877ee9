package phonesim

import (
	"bytes"
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
)

// Serve keeps the phone reachable for computers it gave a link to, until ctx
// ends; then it returns ctx.Err(). When the relay goes away it tries again. One
// phone can be served once at a time: its place at the relay is taken then.
// It ends early with link-gone when the relay says that nobody may call it.
func (p *Phone) Serve(ctx context.Context) error {
	for {
		err := p.line().AwaitCalls(ctx, p.contactID(), p.c.Reachable, func(call *hybrid.Call) { p.ring(ctx, call) })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if mfa.IsCode(err, mfa.CodeLinkGone) {
			return err
		}
		p.c.Log.Info("the relay cannot ring this phone", "err", mfa.AsFailure(err))
		if err := pause(ctx, p.c.Retry); err != nil {
			return err
		}
	}
}

// ring answers one call in the background. A phone that is busy does not hear
// it, and a link that it does not know gets no answer: the computer then says
// that the phone is not near.
func (p *Phone) ring(ctx context.Context, call *hybrid.Call) {
	link := p.findLink(call.LinkID)
	if link == nil {
		return
	}
	ctx, end, err := p.take(ctx, false)
	if err != nil {
		return
	}
	go func() {
		p.update(func(s *State) { s.begin(PhaseConnecting) })
		d, err := p.device()
		if err == nil {
			err = d.AnswerLinked(ctx, hybrid.LinkedCall{Link: link, ClientNonce: call.ClientNonce, Request: call.Request, TunnelID: call.TunnelID})
		}
		end(err)
	}()
}

// findLink gives the link that a call names, if it was given and not forgotten.
func (p *Phone) findLink(id []byte) *hybrid.PhoneLink {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.memory.Links {
		if bytes.Equal(l.ID, id) {
			return p.memory.link(l, p.c.Name)
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
