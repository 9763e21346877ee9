package keys

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// ResetStage is how far a reset is.
type ResetStage string

const (
	ResetUnplug ResetStage = "unplug" // the key has to be taken out first
	ResetInsert ResetStage = "insert" // and put back in
	ResetTouch  ResetStage = "touch"  // and touched, within ten seconds
	ResetHold   ResetStage = "hold"   // in place of touch: the touch itself has to last ten seconds
)

// Reset wipes a key: its PIN and every passkey on it. A key takes that only in the first
// ten seconds after it got power (CTAP 2.2 section 6.6), so the person is led through
// taking it out, putting it back and touching it; told hears each stage once. The key
// that is put back must say the same of itself, else key-lost: nobody wipes another one
// by mistake. Two of one model and firmware cannot be told apart without a serial number,
// so whoever asks the person to confirm says that the key that is put in then is the one
// that is erased. A key that says it cannot be reset is not taken out for nothing.
//
// key-reset-late, declined, authenticator-timeout, key-cannot (what=reset for U2F,
// what=reset-way when the key takes it another way only), timed-out when nobody moves the
// key, key-silent when it never stops to wait, and what a key that cannot be asked fails with.
func (s *Service) Reset(ctx context.Context, id string, told func(ResetStage)) error {
	before, err := s.find(ctx, id)
	if err != nil {
		return err
	}
	s.CloseKey(id)
	is := s.read(ctx, before)
	s.stale(id)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case is.Trouble != nil:
		return is.Trouble
	case is.Old:
		return mfa.Fail(mfa.CodeKeyCannot, "what", "reset")
	case is.Info.TransportsForReset != nil && !slices.Contains(is.Info.TransportsForReset, is.Way):
		return mfa.Fail(mfa.CodeKeyCannot, "what", "reset-way")
	}
	again := before
	if before.Way == transport.WayUSB {
		err = bounded(ctx, handLimit, mfa.CodeTimedOut, func(ctx context.Context) error {
			again, err = s.replug(ctx, before, told)
			return err
		})
		if err != nil {
			return err
		}
	}
	o, err := openSlot(ctx, again)
	if err != nil {
		return err
	}
	defer o.Close()
	if o.old {
		return mfa.Fail(mfa.CodeKeyCannot, "what", "reset")
	}
	if !alike(is.Info, o.info) {
		return mfa.Fail(mfa.CodeKeyLost)
	}
	defer s.stale(again.id)
	told(touching(o.info))
	return s.within(ctx, again.id, touchLimit, func(ctx context.Context) error { return ctap2.Reset(ctx, o, nil) })
}

// alike reports that the key that was put back may be the one that was taken out, by what
// stays the same in getInfo whatever is done with a key (CTAP 2.2 section 6.4).
func alike(was, is ctap2.Info) bool {
	firmware := func(i ctap2.Info) uint64 {
		if i.FirmwareVersion == nil {
			return 0
		}
		return *i.FirmwareVersion
	}
	return was.AAGUID == is.AAGUID && firmware(was) == firmware(is)
}

// touching is the stage at which a key is touched in its own way (CTAP 2.2 section 6.4,
// longTouchForReset).
func touching(i ctap2.Info) ResetStage {
	if i.LongTouchForReset != nil && *i.LongTouchForReset {
		return ResetHold
	}
	return ResetTouch
}

// replug waits until the key is out, and then until it is back: in whatever port.
func (s *Service) replug(ctx context.Context, before slot, told func(ResetStage)) (slot, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	news := make(chan struct{}, 1)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		_ = s.Watch(ctx, func() {
			select {
			case news <- struct{}{}:
			default:
			}
		})
	}()
	defer func() { stop(); <-watched }()
	told(ResetUnplug)
	others := map[string]bool{} // those that were there all the time
	for out := false; ; {
		slots, _ := s.slots(ctx)
		if !out && !slices.ContainsFunc(slots, func(sl slot) bool { return sl.id == before.id }) {
			out = true // and who is quick has it in again by now
			told(ResetInsert)
		}
		for _, sl := range slots {
			switch {
			case !out:
				others[sl.id] = sl.id != before.id
			case others[sl.id] || sl.Trouble != nil:
			case sl.Vendor != before.Vendor || sl.Product != before.Product || sl.Serial != before.Serial:
				return slot{}, mfa.Fail(mfa.CodeKeyLost)
			default:
				return sl, nil
			}
		}
		select {
		case <-news:
		case <-ctx.Done():
			return slot{}, ctx.Err()
		}
	}
}
