package keys

import (
	"context"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Open waits until a key is there and, where there are several, until the person has
// touched the one they mean. It is a ceremony.Opening: it reports find-key with what
// stands in the way of the keys that are there, and touch-key with their number.
//
// A key that goes away is no failure as long as the time lasts: the person may put it
// into another port. It fails with ctx.Err(), and with the failure of the buses when
// none of them can work at all. Keys whose PIN was given for their list are let go first:
// a card can be open once, and the ceremony's token would end the list's anyway.
func (s *Service) Open(ctx context.Context, w authenticator.Want, report mfa.Report) (authenticator.Authenticator, error) {
	s.closeSessions(func(id string, _ *session) bool { return !s.IsComputer(id) })
	watching, stop := context.WithCancel(ctx)
	news := make(chan struct{}, 1)
	var watch sync.WaitGroup
	watch.Go(func() {
		_ = s.Watch(watching, func() {
			select {
			case news <- struct{}{}:
			default: // one is waiting already
			}
		})
	})
	defer watch.Wait()
	defer stop()
	var told *mfa.Progress
	for {
		found, trouble, err := s.openAll(ctx)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			chosen, err := s.choose(ctx, found, w, news, report)
			if err == errNobody {
				err = pause(ctx, news)
			}
			if err != nil {
				return nil, err
			}
			if chosen != nil {
				id := chosen.id // what the ceremony leaves behind is asked for again
				s.stale(id)
				chosen.left = func() { s.stale(id) }
				return chosen, nil
			}
			told = nil
			continue // a key came or went: look again
		}
		p := mfa.Progress{Stage: mfa.StageFindKey, Trouble: trouble}
		if told == nil || !same(told.Trouble, p.Trouble) {
			report.To(p)
			told = &p
		}
		if trouble != nil { // another program may let the key go, of which no bus tells
			err = pause(ctx, news)
		} else {
			err = await(ctx, news)
		}
		if err != nil {
			return nil, err
		}
	}
}

// tryAgain is how long keys are left alone that could not be spoken to, or that gave up
// waiting for a touch: one that does so at once must not keep a processor busy.
const tryAgain = 2 * time.Second

// pause waits for news, but no longer than tryAgain.
func pause(ctx context.Context, news <-chan struct{}) error {
	soon, stop := context.WithTimeout(ctx, tryAgain)
	defer stop()
	_ = await(soon, news)
	return ctx.Err()
}

func await(ctx context.Context, news <-chan struct{}) error {
	select {
	case <-news:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// openAll opens every key that can be opened, all at once. trouble is why one that is
// there could not; the error, why no key can be there.
func (s *Service) openAll(ctx context.Context) (found []*opened, trouble *mfa.Failure, err error) {
	slots, busErr := s.slots(ctx)
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	keys, errs := make([]*opened, len(slots)), make([]error, len(slots))
	var opening sync.WaitGroup
	for i, sl := range slots {
		if errs[i] = sl.Trouble; errs[i] == nil {
			opening.Go(func() { keys[i], errs[i] = openSlot(ctx, sl) })
		}
	}
	opening.Wait()
	for i, k := range keys {
		switch {
		case k != nil:
			found = append(found, k)
		case trouble == nil:
			trouble = mfa.AsFailure(errs[i])
		}
	}
	if ctx.Err() != nil {
		drop(found)
		return nil, nil, ctx.Err()
	}
	return found, trouble, busErr
}

func same(a, b *mfa.Failure) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Code == b.Code && a.Params["node"] == b.Params["node"])
}
