package bind

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/keyferry/keyferry/backend/mfa"
)

// call is the one wrapper around every bound method: it waits for the back end
// and turns a panic into `internal`. The panic's value may hold anything, so it
// goes neither to the page nor to the log; the stack says where it was.
func call[T any](a *API, do func(context.Context, Backend) (T, error)) (out T, err error) {
	defer func() {
		if p := recover(); p != nil {
			a.c.Log.Error("a bound method panicked", "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			var zero T
			out, err = zero, mfa.Fail(mfa.CodeInternal).Because(fmt.Errorf("panic: %T", p))
		}
	}()
	backend, err := a.c.Seat.wait(a.c.Context)
	if err != nil {
		return out, err
	}
	return do(a.c.Context, backend)
}

// run is call for methods that give nothing back.
func run(a *API, do func(context.Context, Backend) error) error {
	_, err := call(a, func(ctx context.Context, b Backend) (struct{}, error) { return struct{}{}, do(ctx, b) })
	return err
}

// Format is Wails' ErrorFormatter. The runtime in the page rejects with
// new Error(what this gives), which keeps text only, so the FailureDTO goes
// over as its JSON; src/api/tidy.ts reads it again.
func Format(err error) any {
	text, merr := json.Marshal(failure(mfa.AsFailure(err)))
	if merr != nil { // a map of strings and five strings: it cannot happen
		return `{"code":"internal"}`
	}
	return string(text)
}
