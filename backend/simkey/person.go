package simkey

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// touch is a finger on the key.
type touch struct{ known bool }

// pollTime is how long a question of U2F stays open when its client does not ask
// again: clients ask several times a second.
const pollTime = 2 * time.Second

// poll is a question of U2F. Its answer is "not yet" until a touch, so the client
// repeats it.
type poll struct {
	touched bool
	over    *time.Timer
}

// Touch touches the key with a finger that it knows: not-found (what: touch) when
// it does not blink.
func (k *Key) Touch() error { return k.touch(touch{known: true}) }

// TouchUnknown touches it with a finger that it does not know. To keys without a
// reader for fingers all are the same.
func (k *Key) TouchUnknown() error { return k.touch(touch{}) }

func (k *Key) touch(t touch) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.asked != nil:
		k.asked <- t // has room for it
		k.asked = nil
	case k.polled != nil && !k.polled.touched:
		k.polled.touched = true
	default:
		return mfa.Fail(mfa.CodeNotFound, "what", "touch")
	}
	k.change(quiet)
	return nil
}

func quiet(s *State) { s.Waiting, s.Op, s.RPID = false, "", "" }

func blinking(q virtualauth.Prompt) func(*State) {
	return func(s *State) { s.Waiting, s.Op, s.RPID = true, opOf(q), q.RPID }
}

func opOf(q virtualauth.Prompt) string {
	op := q.Op
	if op == virtualauth.OpVerify {
		op = q.For
	}
	switch op {
	case virtualauth.OpCreate:
		return OpCreate
	case virtualauth.OpGet:
		return OpSignIn
	case virtualauth.OpSelect:
		return OpSelect
	case virtualauth.OpReset:
		return OpReset
	}
	return ""
}

// consent blinks until a touch, a cancel, or the end of patience.
func (k *Key) consent(ctx context.Context, q virtualauth.Prompt) (virtualauth.Decision, error) {
	answer := make(chan touch, 1)
	k.mu.Lock()
	k.unask()
	k.asked = answer
	k.change(blinking(q))
	k.mu.Unlock()
	patience := time.NewTimer(k.c.Patience)
	defer patience.Stop()
	select {
	case t := <-answer:
		return virtualauth.Decision{Approve: true, Verified: t.known}, nil
	case <-ctx.Done():
		k.stopBlinking(answer)
		return virtualauth.Decision{}, ctx.Err()
	case <-patience.C:
		k.stopBlinking(answer)
		return virtualauth.Decision{}, ctap2.StatusUserActionTimeout
	}
}

func (k *Key) stopBlinking(answer chan touch) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.asked == answer {
		k.asked = nil
		k.change(quiet)
	}
}

// present answers a question of U2F: whether there was a touch since it was asked
// for the first time.
func (k *Key) present(q virtualauth.Prompt) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p := k.polled; p != nil && p.touched {
		k.unask()
		return true
	}
	if k.polled == nil {
		p := &poll{}
		p.over = time.AfterFunc(pollTime, func() {
			k.mu.Lock()
			defer k.mu.Unlock()
			if k.polled == p {
				k.unask()
			}
		})
		k.polled = p
	}
	k.polled.over.Reset(pollTime)
	k.change(blinking(q))
	return false
}

// unask forgets what is open. With the lock held.
func (k *Key) unask() {
	if k.polled != nil {
		k.polled.over.Stop()
	}
	k.asked, k.polled = nil, nil
	k.change(quiet)
}
