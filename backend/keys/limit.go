package keys

import (
	"context"
	"errors"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// How long a thing may take in all, however alive the key says it is: transports bound
// one exchange, and a list is hundreds of them. A key that takes longer is told to stop
// (CTAPHID_CANCEL, and what NFC has for it), for which its transport takes a second more,
// and the failure is key-silent; timed-out where it is this computer, which nobody can
// unplug. What waits for a ceremony (Open) has the ceremony's own time.
const (
	// patience is for one question that a key answers by itself: what it is, how many
	// tries are left.
	patience = 5 * time.Second
	// meetLimit is for opening a key and asking what it is. A reader may take ten seconds
	// of it (transport/pcsc), and a key that says nothing to CTAP2 is asked for U2F next.
	meetLimit = 20 * time.Second
	// askLimit is for what takes a few messages and no touch: a PIN, a wink. A key that is
	// slow at elliptic curves takes two seconds.
	askLimit = 45 * time.Second
	// listLimit is for going through a key's passkeys, one message each: a full one with
	// hundreds takes half a minute on a reader.
	listLimit = 2 * time.Minute
	// touchLimit is for a key that waits for its touch: twice what the standard gives it
	// (CTAP 2.2 section 6.1.2).
	touchLimit = time.Minute
	// handLimit is for a person who takes a key out or puts it in: timed-out.
	handLimit = 5 * time.Minute
)

var errLimit = errors.New("keys: the time for it is over")

// within does something with a key in a limited time.
func (s *Service) within(ctx context.Context, id string, limit time.Duration, do func(context.Context) error) error {
	way := transport.WayUSB
	if s.IsComputer(id) {
		way = transport.WayInternal
	}
	return bounded(ctx, limit, late(way), do)
}

// late is the failure of what took too long.
func late(way string) mfa.Code {
	if way == transport.WayInternal {
		return mfa.CodeTimedOut
	}
	return mfa.CodeKeySilent
}

// bounded does something in a limited time, whose end is the failure late.
func bounded(ctx context.Context, limit time.Duration, late mfa.Code, do func(context.Context) error) error {
	inner, stop := context.WithTimeoutCause(ctx, limit, errLimit)
	defer stop()
	err := do(inner)
	if errors.Is(err, context.DeadlineExceeded) && inner.Err() != nil && ctx.Err() == nil {
		return mfa.Fail(late).Because(errLimit)
	}
	return err
}

// isGone reports that a key, or the reader it lies on, is not there any more.
func isGone(err error) bool {
	return mfa.IsCode(err, mfa.CodeKeyLost) || mfa.IsCode(err, mfa.CodeReaderMissing)
}

// isBroken reports that a key has to be opened anew before it can be used again.
func isBroken(err error) bool {
	return isGone(err) || mfa.IsCode(err, mfa.CodeKeySilent) || mfa.IsCode(err, mfa.CodeKeyProtocol) || mfa.IsCode(err, mfa.CodeKeyFailed)
}
