package bind

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// look is the one wrapper around every bound method: it waits for the back end
// and turns a panic into `internal`. The panic's value may hold anything, so it
// goes neither to the page nor to the log; the stack says where it was.
func look[T any](a *API, do func(context.Context, Backend) (T, error)) (out T, err error) {
	err = a.guarded(func(ctx context.Context, b Backend) (err error) {
		out, err = do(ctx, b)
		return err
	})
	return out, err
}

// guarded is what all wrappers have in common. It knows no types, as each of a hundred
// methods would have its own copy of it otherwise.
func (a *API) guarded(do func(context.Context, Backend) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			a.c.Log.Error("a bound method panicked", "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = mfa.Fail(mfa.CodeInternal).Because(fmt.Errorf("panic: %T", p))
		}
	}()
	backend, err := a.c.Seat.wait(a.c.Context)
	if err != nil {
		return err
	}
	return do(a.c.Context, backend)
}

// touched is guarded for what a person does: it puts the idle lock off. What the page
// asks by itself, again and again, is no sign of a person.
func (a *API) touched(do func(context.Context, Backend) error) error {
	return a.guarded(func(ctx context.Context, b Backend) error {
		b.Touch()
		return do(ctx, b)
	})
}

// call is look for what a person does.
func call[T any](a *API, do func(context.Context, Backend) (T, error)) (out T, err error) {
	err = a.touched(func(ctx context.Context, b Backend) (err error) {
		out, err = do(ctx, b)
		return err
	})
	return out, err
}

// run is call for methods that give nothing back.
func run(a *API, do func(context.Context, Backend) error) error { return a.touched(do) }

// sits does something for somebody who is signed in. A use case that knows the session
// no more ends it: the person was removed.
func sits(b Backend, do func(*desk.House, mfa.Session) error) error {
	house, who, err := b.Seat()
	if err != nil {
		return err
	}
	err = do(house, who)
	if mfa.IsCode(err, mfa.CodeNotSignedIn) {
		b.Removed(who)
	}
	return err
}

func as[T any](ctx context.Context, b Backend, do func(context.Context, *desk.House, mfa.Session) (T, error)) (out T, err error) {
	err = sits(b, func(h *desk.House, who mfa.Session) (err error) {
		out, err = do(ctx, h, who)
		return err
	})
	return out, err
}

// seated is call for somebody who is signed in.
func seated[T any](a *API, do func(ctx context.Context, h *desk.House, who mfa.Session) (T, error)) (out T, err error) {
	err = a.touched(func(ctx context.Context, b Backend) (err error) {
		out, err = as(ctx, b, do)
		return err
	})
	return out, err
}

// changing is seated for what may change the state: the page is told of it.
func changing[T any](a *API, do func(ctx context.Context, h *desk.House, who mfa.Session) (T, error)) (out T, err error) {
	err = a.touched(func(ctx context.Context, b Backend) (err error) {
		if out, err = as(ctx, b, do); err != nil {
			return err
		}
		return b.Refresh(ctx)
	})
	return out, err
}

// Format is Wails' ErrorFormatter. The runtime in the page rejects with
// new Error(what this gives), which keeps text only, so the FailureDTO goes
// over as its JSON; src/api/tidy.ts reads it again.
func Format(err error) any {
	text, merr := json.Marshal(failure(mfa.AsFailure(err)))
	if merr != nil { // a map of strings and six strings: it cannot happen
		return `{"code":"internal"}`
	}
	return string(text)
}
