package main

import (
	"context"
	"flag"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/simkey"
)

// hand holds the sandbox's security key, as nobody else is there to do it: it plugs it
// in, and touches it when it blinks.
type hand struct {
	model  string        // which key to take; "" the one that was taken last
	blinks chan struct{} // has room for one
}

func newHand() *hand { return &hand{blinks: make(chan struct{}, 1)} }

func (h *hand) flags(fs *flag.FlagSet) {
	fs.StringVar(&h.model, "simulated-key", "", sandboxOnly+"which security key is plugged in and touched: `M`, "+joined(simkey.Models())+" (default: the one of the last time)")
}

// saw is simkey.Config.Changed: it must not block.
func (h *hand) saw(s simkey.State) {
	if !s.Waiting {
		return
	}
	select {
	case h.blinks <- struct{}{}:
	default:
	}
}

// plugIn takes the key out of the drawer and plugs it in.
func (h *hand) plugIn(key *simkey.Key) error {
	if h.model != "" {
		if err := key.SetModel(simkey.Model(h.model)); err != nil {
			return err
		}
	}
	key.Plug(true)
	return nil
}

// touch touches the key whenever it blinks, until ctx ends.
func (h *hand) touch(ctx context.Context, key *simkey.Key) {
	for {
		select {
		case <-h.blinks:
			_ = key.Touch() // it may have given up meanwhile
		case <-ctx.Done():
			return
		}
	}
}

// hold touches the key until the function it gives is called.
func (h *hand) hold(ctx context.Context, key *simkey.Key) (letGo func()) {
	ctx, stop := context.WithCancel(ctx)
	var touching sync.WaitGroup
	touching.Go(func() { h.touch(ctx, key) })
	return func() { stop(); touching.Wait() }
}

// check refuses a simulated key outside of the sandbox.
func (h *hand) check(f *houseFlags) error {
	if h.model != "" && !f.sandbox {
		return mfa.Fail(mfa.CodeAccessDenied, "needs", "--sandbox")
	}
	return nil
}
