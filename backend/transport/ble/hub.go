package ble

import (
	"context"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// backlog is how many adverts may wait for a scan that is busy. More are lost,
// as on the air: whoever advertises says it again.
const backlog = 64

// hub carries adverts to the scans that run at this moment. What nobody listens
// to is gone.
type hub struct {
	mu     sync.Mutex
	closed bool
	scans  map[chan transport.Advert]struct{}
}

func (h *hub) send(a transport.Advert) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for scan := range h.scans {
		select {
		case scan <- a:
		default:
		}
	}
}

// scan is a Scanner's Scan. It fails with bluetooth-missing when the hub closes.
func (h *hub) scan(ctx context.Context, listening func(), heard func(transport.Advert)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	adverts := make(chan transport.Advert, backlog)
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return mfa.Fail(mfa.CodeRadioMissing)
	}
	if h.scans == nil {
		h.scans = map[chan transport.Advert]struct{}{}
	}
	h.scans[adverts] = struct{}{}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		delete(h.scans, adverts)
		h.mu.Unlock()
	}()

	listening()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case a, open := <-adverts:
			if !open {
				return mfa.Fail(mfa.CodeRadioMissing)
			}
			if ctx.Err() == nil {
				heard(a)
			}
		}
	}
}

func (h *hub) probe(ctx context.Context) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case h.closed:
		return "", mfa.Fail(mfa.CodeRadioMissing)
	}
	return simulatedName, nil
}

// close ends all scans.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for scan := range h.scans {
		close(scan)
	}
	clear(h.scans)
}

// simulatedName is what a person sees in the place of an adapter's name.
const simulatedName = "simulated"
