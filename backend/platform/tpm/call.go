package tpm

import (
	"context"
	"sync/atomic"
)

// call is one exchange between who asked and the goroutine that does it. Whoever gave up
// must not find out later that something was kept, so one of the two comes first: either
// the asker leaves, and nothing is kept from then on, or what is kept is waited for and
// answered.
type call struct{ state atomic.Int32 }

const (
	going = iota
	left  // the asker is gone
	stays // something is being kept, and the asker waits for the answer
)

// leave reports that the asker may go without an answer.
func (c *call) leave() bool { return c.state.CompareAndSwap(going, left) }

// stay reports that the asker waits, whatever becomes of its context.
func (c *call) stay() bool {
	return c.state.CompareAndSwap(going, stays) || c.state.Load() == stays
}

// keep writes what the answer will tell of. What comes after it must not need the TPM,
// which may hang, and the asker with it.
func (a *Authenticator) keep(ctx context.Context, write func(context.Context) error) error {
	if !a.call.stay() {
		if err := ctx.Err(); err != nil {
			return err
		}
		return silent
	}
	return write(context.WithoutCancel(ctx))
}
