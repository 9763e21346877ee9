package macos

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
)

// services is what is asked of AuthenticationServices. The real one is in
// services_darwin.go.
type services interface {
	// signed is what the program's own signature allows it.
	signed() signature
	// perform shows the sheet before a window, 0 for the one in front, and calls done once,
	// on any goroutine, with what came of it; errors are nsError or mfa.Failure. cancel
	// closes the sheet, and may be called at any time, also after done.
	perform(window uintptr, r request, done func(answer, error)) (cancel func())
}

// client is AuthenticationServices as an authenticator.Native.
type client struct {
	services services
	window   func() uintptr
	grace    time.Duration // how long a sheet that was cancelled is waited for
}

const cancelGrace = 10 * time.Second

func newClient(s services, window func() uintptr) *client {
	return &client{services: s, window: window, grace: cancelGrace}
}

// MakeCredential makes a passkey where the person chooses: on this computer, on a phone or
// on a security key. The hint security-key leaves out the first two, the hints
// client-device and hybrid the third.
func (c *client) MakeCredential(ctx context.Context, req authenticator.NativeCreate) (authenticator.NativeCredential, error) {
	r, err := createRequest(req)
	if err != nil {
		return authenticator.NativeCredential{}, err
	}
	a, err := c.operate(ctx, r, req.Timeout)
	if err != nil {
		return authenticator.NativeCredential{}, err
	}
	return a.credential()
}

// GetAssertion signs in with a passkey of this computer, of a phone or of a security key.
func (c *client) GetAssertion(ctx context.Context, req authenticator.NativeGet) (authenticator.NativeAssertion, error) {
	r, err := getRequest(req)
	if err != nil {
		return authenticator.NativeAssertion{}, err
	}
	a, err := c.operate(ctx, r, req.Timeout)
	if err != nil {
		return authenticator.NativeAssertion{}, err
	}
	return a.assertion(req)
}

// operate shows one sheet to its end. The system knows no time limit, so there is ours.
func (c *client) operate(ctx context.Context, r request, limit time.Duration) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	if !c.services.signed().covers(r.rpID) {
		return answer{}, missing(whyNotAssociated)
	}
	type outcome struct {
		answer
		err error
	}
	var window uintptr
	if c.window != nil {
		window = c.window()
	}
	outcomes := make(chan outcome, 1)
	cancel := c.services.perform(window, r, func(a answer, err error) {
		select {
		case outcomes <- outcome{a, err}:
		default: // it has been said before
		}
	})
	var late <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	var why error
	select {
	case o := <-outcomes:
		if o.err != nil && ctx.Err() != nil {
			return answer{}, ctx.Err()
		}
		return o.answer, failure(o.err)
	case <-ctx.Done():
		why = ctx.Err()
	case <-late:
		why = mfa.Fail(mfa.CodeTimedOut)
	}
	cancel()
	grace := time.NewTimer(c.grace)
	defer grace.Stop()
	select {
	case <-outcomes:
	case <-grace.C:
	}
	return answer{}, why
}
