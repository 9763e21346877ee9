package phonesim

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Answer answers the question on the screen. It fails with not-found when there
// is none.
func (p *Phone) Answer(approve bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked == nil {
		return mfa.Fail(mfa.CodeNotFound, "what", "question")
	}
	p.asked <- approve // has room for it
	p.asked = nil
	return nil
}

// ask shows the question and gives the person's answer, or the behaviour's.
func (p *Phone) ask(ctx context.Context, b Behaviour, op, rpID, account string) (bool, error) {
	answer := make(chan bool, 1)
	p.mu.Lock()
	if b == Ask {
		p.asked = answer
	}
	p.mu.Unlock()
	p.update(func(s *State) { s.Phase, s.Op, s.RPID, s.Account = PhaseAsking, op, rpID, account })
	switch b {
	case Ask, Wait:
		select {
		case yes := <-answer:
			return yes, nil
		case <-ctx.Done():
			p.mu.Lock()
			p.asked = nil
			p.mu.Unlock()
			return false, ctx.Err()
		}
	}
	return b != Decline, nil
}
