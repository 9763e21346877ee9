package hybrid

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/keyferry/keyferry/backend/transport"
)

// air is a radio in memory, both ways. Each advert on the air is heard once by
// each listener, again whenever somebody begins to listen or to send.
type air struct {
	mu      sync.Mutex
	adverts []*transport.Advert
	changed chan struct{}

	scans    atomic.Int32 // running now
	stopping func()       // called before a scan returns

	// distort is what the air does to an advert before it is heard.
	distort func(transport.Advert) []transport.Advert
	// probe, scan and advertise are the failures of a bad radio.
	probe, scan, advertise error
	// broken makes a radio that listens fail with scan.
	broken chan struct{}
}

func newAir() *air { return &air{changed: make(chan struct{})} }

func (a *air) change(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
	close(a.changed)
	a.changed = make(chan struct{})
}

func (a *air) Probe(context.Context) (string, error) { return "test radio", a.probe }

func (a *air) Scan(ctx context.Context, listening func(), heard func(transport.Advert)) error {
	if a.scan != nil && a.broken == nil {
		return a.scan
	}
	a.scans.Add(1)
	defer a.scans.Add(-1)
	listening()
	for {
		a.mu.Lock()
		adverts, changed := slices.Clone(a.adverts), a.changed
		a.mu.Unlock()
		for _, advert := range adverts {
			one := []transport.Advert{*advert}
			if a.distort != nil {
				one = a.distort(transport.Advert{Service: advert.Service, Data: slices.Clone(advert.Data)})
			}
			for _, it := range one {
				it.Signal = -40
				heard(it)
			}
		}
		select {
		case <-changed:
		case <-a.broken:
			return a.scan
		case <-ctx.Done():
			if a.stopping != nil {
				a.stopping()
			}
			return ctx.Err()
		}
	}
}

func (a *air) Advertise(ctx context.Context, advert transport.Advert) error {
	if a.advertise != nil {
		return a.advertise
	}
	a.change(func() { a.adverts = append(a.adverts, &advert) })
	<-ctx.Done()
	a.change(func() {
		a.adverts = slices.DeleteFunc(a.adverts, func(x *transport.Advert) bool { return x == &advert })
	})
	return ctx.Err()
}
