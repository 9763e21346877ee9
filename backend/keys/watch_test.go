package keys

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// flaky is a bus whose service is there at the second try.
type flaky struct {
	drawer
	tries int
}

func (f *flaky) Watch(ctx context.Context, changed func()) error {
	if f.tries++; f.tries == 1 {
		return mfa.Fail(mfa.CodeReaderNoService)
	}
	changed()
	<-ctx.Done()
	return ctx.Err()
}

func TestABusThatCannotBeWatchedIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		told := make(chan struct{}, 1)
		ended := make(chan error, 1)
		s := New(Config{Buses: []transport.KeyBus{&flaky{}}})
		go func() { ended <- s.Watch(ctx, func() { told <- struct{}{} }) }()
		<-told
		cancel()
		if err := <-ended; err != context.Canceled {
			t.Errorf("%v", err)
		}
	})
}
