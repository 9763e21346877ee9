package hybrid

import (
	"context"
	"errors"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// sighting is the one advert of a transaction.
type sighting struct {
	eid    EID
	length int // of the service data: more than 20 bytes from CTAP 2.3 on
	signal int
}

// told is the sighting for those who watch the screen.
func (s sighting) told() *mfa.Sighting {
	return &mfa.Sighting{Length: s.length, Signal: s.signal, Matched: true}
}

// watch is a running scan for adverts under one EID key. The first that passes
// is handed on; the phone repeats it many times, and no other is looked at.
type watch struct {
	hit    chan sighting     // at most one
	others chan mfa.Sighting // adverts of other phones; what nobody takes in time is dropped
	done   chan struct{}     // closed when the radio has stopped; err is set before
	err    error
	cancel context.CancelFunc
}

// listen starts the radio and returns when it hears. It wipes the key.
func (c *Client) listen(ctx context.Context, eidKey []byte, linked bool) (*watch, error) {
	defer clear(eidKey)
	trial, err := NewEIDCipher(eidKey)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{hit: make(chan sighting, 1), others: make(chan mfa.Sighting, 1), done: make(chan struct{}), cancel: cancel}
	listening := make(chan struct{}, 1)
	heard := func() func(transport.Advert) {
		var eid EID
		found := false
		return func(a transport.Advert) {
			// In a linked transaction the tunnel exists already and phones may
			// put random bytes where the server ID stands.
			switch {
			case found:
			case !trial.Open(&eid, a.Data) || !linked && !isServerID(eid.ServerID()):
				select {
				case w.others <- mfa.Sighting{Length: len(a.Data), Signal: a.Signal}:
				default:
				}
			default:
				found = true
				w.hit <- sighting{eid, len(a.Data), a.Signal}
			}
		}
	}()
	go func() {
		defer close(w.done)
		w.err = c.Scanner.Scan(ctx, func() {
			select {
			case listening <- struct{}{}:
			default:
			}
		}, heard)
	}()

	select {
	case <-listening:
		return w, nil
	case <-w.done:
		defer cancel()
		return nil, w.failure(ctx)
	case <-time.After(startTime):
		w.end()
		return nil, mfa.Fail(mfa.CodeRadioFailed).Because(errors.New("hybrid: the radio does not begin to listen"))
	}
}

// startTime is how long a radio may take until it listens.
const startTime = 15 * time.Second

// wait waits for the advert, and tells of others meanwhile. When none comes in time the
// code has expired.
func (w *watch) wait(ctx context.Context, within time.Duration, tell func(mfa.Sighting)) (sighting, error) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		select {
		case s := <-w.hit:
			return s, nil
		case o := <-w.others:
			tell(o)
		case <-w.done:
			return sighting{}, w.failure(ctx)
		case <-timer.C:
			return sighting{}, mfa.Fail(mfa.CodeCodeExpired)
		case <-ctx.Done():
			return sighting{}, mfa.AsFailure(ctx.Err())
		}
	}
}

// unlessHeard is done while no advert was heard: afterwards the radio may stop.
func (w *watch) unlessHeard(heard bool) <-chan struct{} {
	if heard {
		return nil
	}
	return w.done
}

// failure says why the radio stopped listening by itself.
func (w *watch) failure(ctx context.Context) error {
	err := w.err
	if err == nil {
		err = errors.New("hybrid: the radio stopped listening")
	}
	return radioFailure(ctx, err)
}

// end stops the radio and waits for it.
func (w *watch) end() {
	w.cancel()
	<-w.done
}
