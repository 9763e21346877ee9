package webauthnwin

import (
	"context"
	"runtime"
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
)

// client is webauthn.dll as an authenticator.Native.
type client struct {
	dll    native
	window func() uintptr

	// A call that is cancelled before it has begun does not notice. So it is cancelled
	// again and again, and left to itself when that does not help.
	again time.Duration
	grace time.Duration
}

const (
	cancelAgain = 200 * time.Millisecond
	cancelGrace = 10 * time.Second
)

// New gives the system's WebAuthn client. window says which window the system's own
// stands before; it must be one of this process, and nil or 0 means the one that Window
// finds. It fails with platform-missing.
func New(window func() uintptr) (authenticator.Native, error) {
	dll, err := load()
	if err != nil {
		return nil, err
	}
	return newClient(dll, window), nil
}

func newClient(dll native, window func() uintptr) *client {
	return &client{dll: dll, window: window, again: cancelAgain, grace: cancelGrace}
}

// MakeCredential makes a credential on a security key, or on a phone from API version 6
// on, and never in Windows Hello.
//
// An UnknownError after which attestation was asked for is tried once more: the system
// then has fetched a certificate meanwhile that it had not at first.
func (c *client) MakeCredential(ctx context.Context, req authenticator.NativeCreate) (authenticator.NativeCredential, error) {
	if err := c.reaches(req.Hints, nil); err != nil {
		return authenticator.NativeCredential{}, err
	}
	out, err := c.make(ctx, req)
	attests := req.Attestation == "direct" || req.Attestation == "indirect"
	if attests && isUnknown(err) {
		out, err = c.make(ctx, req)
	}
	return out, err
}

func (c *client) make(ctx context.Context, req authenticator.NativeCreate) (authenticator.NativeCredential, error) {
	id := c.cancellation()
	in, err := buildCreate(c.dll.version(), req, id)
	if err != nil {
		return authenticator.NativeCredential{}, err
	}
	return operate(ctx, c, id, &in.arena, func(window uintptr) (out authenticator.NativeCredential, err error) {
		at, hr := c.dll.makeCredential(window, in)
		if err := c.failure(at, hr, true); err != nil {
			return out, err
		}
		defer c.dll.freeAttestation(at)
		return readAttestation(c.dll, at, req)
	})
}

// GetAssertion signs in with a security key, or with a phone from API version 6 on.
func (c *client) GetAssertion(ctx context.Context, req authenticator.NativeGet) (authenticator.NativeAssertion, error) {
	if err := c.reaches(req.Hints, req.Allow); err != nil {
		return authenticator.NativeAssertion{}, err
	}
	id := c.cancellation()
	in, err := buildGet(c.dll.version(), req, id)
	if err != nil {
		return authenticator.NativeAssertion{}, err
	}
	return operate(ctx, c, id, &in.arena, func(window uintptr) (out authenticator.NativeAssertion, err error) {
		at, hr := c.dll.getAssertion(window, in)
		if err := c.failure(at, hr, false); err != nil {
			return out, err
		}
		defer c.dll.freeAssertion(at)
		return readAssertion(c.dll, at, req)
	})
}

// reaches fails with platform-too-old where only a phone could answer, and the system
// does not know phones.
func (c *client) reaches(hints []string, allow []authenticator.NativeDescriptor) error {
	if have := c.dll.version(); have < VersionHybrid && onlyByPhone(hints, allow) {
		return tooOld(have, VersionHybrid)
	}
	return nil
}

func tooOld(have, need uint32) error {
	return mfa.Fail(mfa.CodePlatformTooOld, "have", strconv.FormatUint(uint64(have), 10), "need", strconv.FormatUint(uint64(need), 10))
}

// cancellation is nil where the library has none to give.
func (c *client) cancellation() *guid {
	id, hr := c.dll.cancellationID()
	if hr != ok {
		return nil
	}
	return &id
}

func (c *client) failure(at address, hr hresult, creating bool) error {
	switch {
	case hr.failed():
		return failure(hr, c.dll.errorName(hr), creating)
	case at == 0:
		return failure(noAnswer, "", creating)
	}
	return nil
}

// operate runs one call of the library to its end on a thread of its own.
//
//	call --> answer ----------------------------> what it gave
//	   |                      ^
//	   ctx ends --> cancel <--+--> every 200 ms   ctx.Err()
//	                  |
//	                10 s: left to itself          ctx.Err()
//
// One that is left to itself keeps its memory and frees what it gets.
func operate[T any](ctx context.Context, c *client, id *guid, memory *arena, call func(window uintptr) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		memory.Unpin()
		return none, err
	}
	if id != nil {
		memory.Pin(id)
	}
	window := c.owner()
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer memory.Unpin()
		value, err := call(window)
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		if o.err != nil && ctx.Err() != nil {
			return none, ctx.Err()
		}
		return o.value, o.err
	case <-ctx.Done():
	}
	again, grace := time.NewTicker(c.again), time.NewTimer(c.grace)
	defer again.Stop()
	defer grace.Stop()
	for {
		if id != nil {
			c.dll.cancel(id)
		}
		select {
		case <-done:
			return none, ctx.Err()
		case <-again.C:
		case <-grace.C:
			return none, ctx.Err()
		}
	}
}

func (c *client) owner() uintptr {
	if c.window != nil {
		if w := c.window(); w != 0 {
			return w
		}
	}
	return Window()
}
