package pcsc

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/transport/nfc"
)

// fake is a service with readers that tests fill and empty.
type fake struct {
	mu      sync.Mutex
	slots   []*fakeReader
	next    handle
	open    map[handle]*fakeReader // sessions are not in it, cards are
	living  int                    // sessions that were not released
	news    chan struct{}          // closed at each change
	stopped map[handle]bool
	fails   map[string]code // by function
	hangs   map[string]chan struct{}
	hung    atomic.Int32 // calls that came to hang
	selects int
	deaf    bool
}

type fakeReader struct {
	name    string
	atr     []byte
	flags   state
	count   state
	card    nfc.Card
	t0      bool
	got     [][]byte
	holder  handle
	release chan struct{} // closed when the holder ends its transaction
}

func newFake(readers ...*fakeReader) *fake {
	return &fake{slots: readers, open: map[handle]*fakeReader{}, news: make(chan struct{}), stopped: map[handle]bool{},
		fails: map[string]code{}, hangs: map[string]chan struct{}{}}
}

func (f *fake) bus() *bus { return newBus(func() (service, error) { return f, nil }) }

// change alters the readers and tells everybody who waits.
func (f *fake) change(alter func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	alter()
	close(f.news)
	f.news = make(chan struct{})
}

// enter is the beginning of each function.
func (f *fake) enter(name string) code {
	f.mu.Lock()
	hang, c := f.hangs[name], f.fails[name]
	f.mu.Unlock()
	if hang != nil {
		f.hung.Add(1)
		<-hang
	}
	return c
}

func (f *fake) listens() bool { return f.enter("listens") != codeOK }

func (f *fake) establish() (handle, code) {
	if c := f.enter("establish"); c != codeOK {
		return 0, c
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	f.living++
	return f.next, codeOK
}

func (f *fake) release(handle) code {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.living--
	return codeOK
}

func (f *fake) cancel(ctx handle) code {
	f.change(func() { f.stopped[ctx] = true })
	return codeOK
}

func (f *fake) readers(handle) ([]string, code) {
	if c := f.enter("readers"); c != codeOK {
		return nil, c
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for _, r := range f.slots {
		list = append(list, r.name)
	}
	if list == nil {
		return nil, codeNoReaders
	}
	return list, codeOK
}

func (f *fake) wait(ctx handle, limit time.Duration, states []readerState) code {
	if c := f.enter("wait"); c != codeOK {
		return c
	}
	for {
		f.mu.Lock()
		changed, news, stopped := f.compare(states), f.news, f.stopped[ctx]
		f.mu.Unlock()
		switch {
		case changed:
			return codeOK
		case stopped:
			return codeCancelled
		case limit == 0:
			return codeTimeout
		}
		<-news
	}
}

func (f *fake) compare(states []readerState) (changed bool) {
	for i, s := range states {
		var now state
		if s.name == plugged {
			if f.deaf {
				states[i].event = stateUnknown
				continue
			}
			now = state(len(f.slots)+1) << 16
		}
		n := slices.IndexFunc(f.slots, func(r *fakeReader) bool { return r.name == s.name })
		switch {
		case s.name == plugged:
		case n < 0:
			now = stateUnknown
		default:
			r := f.slots[n]
			now = r.count<<16 | r.flags
			if r.atr != nil {
				now |= statePresent
			}
			states[i].atr = slices.Clone(r.atr)
		}
		states[i].event = now
		if now != s.current && (s.name != plugged || s.current != stateUnaware) {
			states[i].event |= stateChanged
			changed = true
		}
	}
	return changed
}

func (f *fake) connect(_ handle, reader string) (handle, uint32, code) {
	if c := f.enter("connect"); c != codeOK {
		return 0, 0, c
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := slices.IndexFunc(f.slots, func(r *fakeReader) bool { return r.name == reader })
	switch {
	case n < 0:
		return 0, 0, codeUnknownReader
	case f.slots[n].atr == nil:
		return 0, 0, codeNoCard
	}
	f.next++
	f.open[f.next] = f.slots[n]
	if f.slots[n].t0 {
		return f.next, protocolT0, codeOK
	}
	return f.next, protocolT1, codeOK
}

func (f *fake) begin(card handle) code {
	if c := f.enter("begin"); c != codeOK {
		return c
	}
	for {
		f.mu.Lock()
		r := f.open[card]
		if r == nil {
			f.mu.Unlock()
			return codeInvalidHandle
		}
		if r.holder == 0 {
			r.holder, r.release = card, make(chan struct{})
			f.mu.Unlock()
			return codeOK
		}
		release, news := r.release, f.news
		f.mu.Unlock()
		select {
		case <-release:
		case <-news:
		}
	}
}

func (f *fake) end(card handle) code {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.open[card]
	if r == nil || r.holder != card {
		return codeNotTransacted
	}
	r.holder = 0
	close(r.release)
	return codeOK
}

func (f *fake) transmit(card handle, _ uint32, apdu []byte) ([]byte, code) {
	if c := f.enter("transmit"); c != codeOK {
		return nil, c
	}
	f.mu.Lock()
	r := f.open[card]
	if r == nil {
		f.mu.Unlock()
		return nil, codeInvalidHandle
	}
	if apdu[1] == 0xA4 {
		f.selects++
	}
	r.got = append(r.got, slices.Clone(apdu))
	atr, c := r.atr, r.card
	f.mu.Unlock()
	if atr == nil {
		return nil, codeRemoved
	}
	response, err := c.Transmit(context.Background(), apdu)
	if err != nil {
		return nil, codeNotTransacted
	}
	return response, codeOK
}

func (f *fake) disconnect(card handle) code {
	f.change(func() { delete(f.open, card) })
	return codeOK
}

// idle fails the test when something was not let go.
func (f *fake) idle(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.living != 0 || len(f.open) != 0 {
		t.Errorf("%d sessions and %d cards are still open", f.living, len(f.open))
	}
}

// speaks is an authenticator that answers everything with success and one byte.
type speaks struct{}

func (speaks) Exchange(context.Context, []byte, func(byte)) ([]byte, error) {
	return []byte{0, 0xA0}, nil
}
func (speaks) APDU(context.Context, []byte) ([]byte, error) { return []byte{0x90, 0}, nil }

// bank is a card without the applet.
type bank struct{}

func (bank) Transmit(context.Context, []byte) ([]byte, error) { return []byte{0x6A, 0x82}, nil }
func (bank) Close() error                                     { return nil }

// keyOn is a reader with a key.
func keyOn(name string) *fakeReader {
	return &fakeReader{name: name, atr: contactlessATR, card: nfc.NewApplet(speaks{}, nfc.VersionFIDO2)}
}

var contactlessATR = []byte{0x3B, 0x80, 0x80, 0x01, 0x01}
