package radiotest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/transport"
)

// Radio makes a fresh scanner and an advertiser that it hears. It cleans up
// through t.
type Radio func(t *testing.T) (transport.Scanner, transport.Advertiser)

// patience bounds a wait for something that ought to happen at once.
const patience = 20 * time.Second

// Run holds a radio to the contract.
func Run(t *testing.T, radio Radio) {
	for name, test := range map[string]func(*testing.T, transport.Scanner, transport.Advertiser){
		"Probe names the radio":                 probeNames,
		"Probe minds a cancelled context":       probeCancelled,
		"an advert arrives as it was sent":      arrives,
		"both services are heard":               bothServices,
		"an advert is repeated":                 repeated,
		"listening is called once and first":    listeningFirst,
		"the end of the context ends a scan":    scanEnds,
		"the end of the context ends an advert": advertEnds,
		"a cancelled context starts nothing":    cancelledBefore,
		"a scan can end itself":                 endsItself,
		"one scan can follow another":           again,
		"two scans hear the same":               twoScans,
		"two adverts are both heard":            twoAdverts,
		"a foreign service is refused":          foreignService,
	} {
		t.Run(name, func(t *testing.T) {
			scanner, advertiser := radio(t)
			test(t, scanner, advertiser)
		})
	}
}

var sample = transport.Advert{
	Service: transport.ServiceFIDO,
	Data:    []byte("0123456789abcdefTAG!\xa1\x01\x18\x82"), // with a CTAP 2.3 suffix
	Signal:  -61,
}

func probeNames(t *testing.T, s transport.Scanner, _ transport.Advertiser) {
	name, err := s.Probe(t.Context())
	if err != nil || name == "" {
		t.Fatalf("Probe = %q, %v", name, err)
	}
}

func probeCancelled(t *testing.T, s transport.Scanner, _ transport.Advertiser) {
	if _, err := s.Probe(cancelled(t)); !errors.Is(err, context.Canceled) {
		t.Fatalf("Probe = %v, want context.Canceled", err)
	}
}

func arrives(t *testing.T, s transport.Scanner, a transport.Advertiser) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	advertise(ctx, t, a, sample)
	got := hear(ctx, t, s, sample.Service, nil)
	if !bytes.Equal(got.Data, sample.Data) {
		t.Errorf("data %x, want %x", got.Data, sample.Data)
	}
	if got.Signal != sample.Signal && got.Signal != 0 {
		t.Errorf("signal %d, want %d or unknown", got.Signal, sample.Signal)
	}
}

func bothServices(t *testing.T, s transport.Scanner, a transport.Advertiser) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, service := range []uint16{transport.ServiceFIDO, transport.ServiceLegacy} {
		advert := sample
		advert.Service = service
		advertise(ctx, t, a, advert)
		hear(ctx, t, s, service, sample.Data)
	}
}

func repeated(t *testing.T, s transport.Scanner, a transport.Advertiser) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	advertise(ctx, t, a, sample)
	count := 0
	scanUntil(ctx, t, s, func(transport.Advert) bool { count++; return count == 3 })
}

func listeningFirst(t *testing.T, s transport.Scanner, a transport.Advertiser) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var order []string // Scan calls both from one goroutine at a time
	var mu sync.Mutex
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, what)
	}
	advertise(ctx, t, a, sample)
	inner, stop := context.WithCancel(ctx)
	err := s.Scan(inner, func() { note("listening") }, func(transport.Advert) { note("heard"); stop() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Scan = %v", err)
	}
	if len(order) < 2 || order[0] != "listening" || slices.Contains(order[1:], "listening") {
		t.Errorf("called in the order %v", order)
	}
}

func scanEnds(t *testing.T, s transport.Scanner, _ transport.Advertiser) {
	ctx, cancel := context.WithCancel(t.Context())
	wait(t, "Scan", func() error { return s.Scan(ctx, cancel, func(transport.Advert) {}) })
}

func advertEnds(t *testing.T, s transport.Scanner, a transport.Advertiser) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Advertise(ctx, sample) }()
	limit, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	hear(limit, t, s, sample.Service, sample.Data)
	cancel()
	wait(t, "Advertise", func() error { return <-ended })
}

func cancelledBefore(t *testing.T, s transport.Scanner, a transport.Advertiser) {
	ctx := cancelled(t)
	wait(t, "Scan", func() error {
		return s.Scan(ctx, func() { t.Error("listening after the end") }, func(transport.Advert) { t.Error("heard after the end") })
	})
	wait(t, "Advertise", func() error { return a.Advertise(ctx, sample) })
}

func endsItself(t *testing.T, s transport.Scanner, a transport.Advertiser) {
	limit, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	advertise(limit, t, a, sample)
	ctx, cancel := context.WithCancel(limit)
	after := 0
	wait(t, "Scan", func() error {
		return s.Scan(ctx, func() {}, func(transport.Advert) {
			if ctx.Err() != nil {
				after++
			}
			cancel()
		})
	})
	if after > 0 {
		t.Errorf("heard was called %d times after its context had ended", after)
	}
}

func again(t *testing.T, s transport.Scanner, a transport.Advertiser) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	advertise(ctx, t, a, sample)
	for range 3 {
		hear(ctx, t, s, sample.Service, sample.Data)
	}
}

func twoScans(t *testing.T, s transport.Scanner, a transport.Advertiser) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if got := hear(ctx, t, s, sample.Service, nil); !bytes.Equal(got.Data, sample.Data) {
				t.Errorf("data %x, want %x", got.Data, sample.Data)
			}
		})
	}
	advertise(ctx, t, a, sample)
	both.Wait()
}

func twoAdverts(t *testing.T, s transport.Scanner, a transport.Advertiser) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	other := transport.Advert{Service: transport.ServiceFIDO, Data: []byte("another phone's eid!")}
	advertise(ctx, t, a, sample)
	advertise(ctx, t, a, other)
	seen := map[string]bool{}
	scanUntil(ctx, t, s, func(a transport.Advert) bool {
		seen[string(a.Data)] = true
		return seen[string(sample.Data)] && seen[string(other.Data)]
	})
}

func foreignService(t *testing.T, _ transport.Scanner, a transport.Advertiser) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := a.Advertise(ctx, transport.Advert{Service: 0x180F, Data: sample.Data})
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Advertise of a battery service = %v, want a refusal", err)
	}
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// advertise runs in the background until ctx ends; the test waits for it.
func advertise(ctx context.Context, t *testing.T, a transport.Advertiser, advert transport.Advert) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Advertise(ctx, advert) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Advertise = %v", err)
		}
	})
}

// hear scans until an advert of the service comes, with the data if not nil.
func hear(ctx context.Context, t *testing.T, s transport.Scanner, service uint16, data []byte) transport.Advert {
	t.Helper()
	var found transport.Advert
	scanUntil(ctx, t, s, func(a transport.Advert) bool {
		if a.Service != service || data != nil && !bytes.Equal(a.Data, data) {
			return false
		}
		found = transport.Advert{Service: a.Service, Data: slices.Clone(a.Data), Signal: a.Signal}
		return true
	})
	return found
}

func scanUntil(ctx context.Context, t *testing.T, s transport.Scanner, enough func(transport.Advert) bool) {
	t.Helper()
	inner, stop := context.WithCancel(ctx)
	defer stop()
	done := false
	err := s.Scan(inner, func() {}, func(a transport.Advert) {
		if !done && enough(a) {
			done = true
			stop()
		}
	})
	if !done {
		t.Errorf("not heard: Scan = %v", err)
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("Scan = %v, want context.Canceled", err)
	}
}

// wait runs something that must end soon with the end of its context.
func wait(t *testing.T, what string, run func() error) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- run() }()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s = %v, want context.Canceled", what, err)
		}
	case <-time.After(patience):
		t.Fatalf("%s does not end with its context", what)
	}
}
