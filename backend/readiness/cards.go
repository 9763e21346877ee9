package readiness

import (
	"context"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// Readers is what a bus of card readers may offer beside transport.KeyBus: how many
// readers are there, whatever lies on them. Failures are those of List.
type Readers interface {
	Readers(context.Context) (int, error)
}

// onReaders is what there is of readers and keys on them.
type onReaders struct {
	keys    int
	readers int // -1: nobody counts them
}

func lookAtReaders(ctx context.Context, bus transport.KeyBus) (onReaders, error) {
	slots, err := bus.List(ctx)
	if err != nil {
		return onReaders{}, err
	}
	seen := onReaders{readers: -1}
	for _, s := range slots {
		if s.Trouble == nil {
			seen.keys++
		}
	}
	if r, ok := bus.(Readers); ok && seen.keys == 0 {
		seen.readers, err = r.Readers(ctx)
		if err == nil && seen.readers == 0 {
			err = mfa.Fail(mfa.CodeReaderMissing)
		}
	}
	return seen, err
}

var cardSteps = []step{
	{RungCardService, []mfa.Code{mfa.CodeReaderNoService}},
	{RungCardAccess, []mfa.Code{mfa.CodeReaderDenied}},
	{RungCardReader, []mfa.Code{mfa.CodeReaderMissing}},
}

// nfc needs a card reader, and the service that has it.
func (a *answers) nfc() Ladder {
	var c climb
	switch {
	case a.system == "windows":
		a.windowsKeys(&c)
		if !c.hidden {
			c.unknown(RungCardReader, WhySystem)
		}
	case a.cards.err == nil && a.cards.why == "" && a.cards.value.keys == 0 && a.cards.value.readers < 0:
		c.ok(RungCardService)
		c.ok(RungCardAccess)
		c.unknown(RungCardReader, WhyNotBuilt)
	case !c.steps(cardSteps, a.cards.err, a.cards.why):
	case a.cards.value.keys == 0:
		c.warn(RungCardPresent, nil, "count", "0")
	default:
		c.ok(RungCardPresent, "count", strconv.Itoa(a.cards.value.keys))
	}
	a.surroundings(&c)
	return c.ladder(WayNFC)
}
