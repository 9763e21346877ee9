package ble

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/radiotest"
)

// fakeWindows is a Windows with one radio, in memory. It is also what advertises.
type fakeWindows struct {
	list      []winRadio
	listErr   error
	deaf      error            // there is no watcher
	refuse    map[bool]error   // of watch, by extended
	stop      map[bool]winStop // as soon as it watches, by extended
	slow      int              // looks at the state before it has started
	aborts    bool             // without saying so
	block     chan struct{}    // radios waits for it
	mu        sync.Mutex
	watching  map[*fakeWatcher]struct{}
	extended  []bool
	offLater  bool // radios says off from the second time on,
	goneLater bool // or that there is none
	listCalls int
}

type fakeWatcher struct {
	of      *fakeWindows
	heard   func(uint8, []byte, int)
	stopped func(winStop)
	looks   int
}

func newWindows() *fakeWindows {
	return &fakeWindows{list: []winRadio{{1, 1, "Wi-Fi"}, {radioBluetooth, radioOn, "Built-in"}}, watching: map[*fakeWatcher]struct{}{}}
}

func (f *fakeWindows) scanner() *WinRT { return &WinRT{system: f, look: time.Millisecond} }

func (f *fakeWindows) run(work func() error) error { return work() }

func (f *fakeWindows) radios(context.Context) ([]winRadio, error) {
	if f.block != nil {
		<-f.block
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listCalls++; f.offLater && f.listCalls > 1 {
		return []winRadio{{radioBluetooth, 2, ""}}, nil
	}
	if f.goneLater && f.listCalls > 1 {
		return nil, nil
	}
	return f.list, f.listErr
}

func (f *fakeWindows) hears() error { return f.deaf }

func (f *fakeWindows) watch(extended bool, heard func(uint8, []byte, int), stopped func(winStop)) (winWatcher, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.extended = append(f.extended, extended)
	if err := f.refuse[extended]; err != nil {
		return nil, err
	}
	w := &fakeWatcher{f, heard, stopped, f.slow}
	f.watching[w] = struct{}{}
	if stop, is := f.stop[extended]; is {
		stopped(stop)
		stopped(stop) // whoever says it twice must not hang
		w.looks = 1 << 30
	}
	return w, nil
}

func (w *fakeWatcher) state() winState {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	if w.of.aborts {
		return winAborted
	}
	if w.looks--; w.looks >= 0 {
		return 0
	}
	return winStarted
}

func (w *fakeWatcher) close() {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	delete(w.of.watching, w)
}

func (f *fakeWindows) send(kind uint8, section []byte, signal int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for w := range f.watching {
		w.heard(kind, section, signal)
	}
}

func (f *fakeWindows) Advertise(ctx context.Context, a transport.Advert) error {
	if !fromPhone(a.Service) {
		return mfa.Fail(mfa.CodeRadioFailed)
	}
	section := append([]byte{byte(a.Service), byte(a.Service >> 8)}, a.Data...)
	return repeat(ctx, time.Millisecond, func() {
		f.send(0x01, []byte{6}, a.Signal) // flags, as every advert has
		f.send(adServiceData, section, a.Signal)
	})
}

func TestWinRTContract(t *testing.T) {
	radiotest.Run(t, func(*testing.T) (transport.Scanner, transport.Advertiser) {
		f := newWindows()
		return f.scanner(), f
	})
}

func TestWinRTProbe(t *testing.T) {
	for name, row := range map[string]struct {
		list []winRadio
		err  error
		want string
		code mfa.Code
		deaf error
	}{
		"one that is on":            {[]winRadio{{1, 1, "Wi-Fi"}, {3, 1, "Built-in"}}, nil, "Built-in", "", nil},
		"one without a name":        {[]winRadio{{3, 1, ""}}, nil, "Bluetooth", "", nil},
		"the second is on":          {[]winRadio{{3, 2, "first"}, {3, 1, "second"}}, nil, "second", "", nil},
		"nobody knows":              {[]winRadio{{3, 0, "odd"}}, nil, "odd", "", nil},
		"off":                       {[]winRadio{{3, 2, "off"}}, nil, "", mfa.CodeRadioOff, nil},
		"disabled by a switch":      {[]winRadio{{3, 3, "off"}}, nil, "", mfa.CodeRadioOff, nil},
		"Wi-Fi only":                {[]winRadio{{1, 1, "Wi-Fi"}}, nil, "", mfa.CodeRadioMissing, nil},
		"none":                      {nil, nil, "", mfa.CodeRadioMissing, nil},
		"the class is not there":    {nil, winFault(0x80040154), "", mfa.CodeRadioMissing, winFault(0x80040154)},
		"neither is there":          {nil, winFault(0x80040150), "", mfa.CodeRadioMissing, winFault(0x80040150)},
		"the watcher is not for us": {nil, winFault(0x80070005), "", mfa.CodeRadioDenied, winFault(0x80070005)},
		"the list is not for us":    {nil, winFault(0x80070005), "Bluetooth", "", nil},
		"the list does not come":    {nil, winFault(0x80004005), "Bluetooth", "", nil},
		"an error of no known way":  {nil, errors.New("odd"), "Bluetooth", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := newWindows()
			f.list, f.listErr, f.deaf = row.list, row.err, row.deaf
			got, err := f.scanner().Probe(t.Context())
			if err == nil && got != row.want || (row.code == "") != (err == nil) || row.code != "" && !mfa.IsCode(err, row.code) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestWinRTProbeDoesNotHang(t *testing.T) {
	f := newWindows()
	f.block = make(chan struct{})
	defer close(f.block)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(0, cancel)
	if _, err := f.scanner().Probe(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestWinRTScanFails(t *testing.T) {
	both := func(err error) map[bool]error { return map[bool]error{true: err, false: err} }
	stops := func(s winStop) map[bool]winStop { return map[bool]winStop{true: s, false: s} }
	for name, row := range map[string]struct {
		change func(*fakeWindows)
		code   mfa.Code
		tries  int
	}{
		"no radio":                        {func(f *fakeWindows) { f.list = nil }, mfa.CodeRadioMissing, 0},
		"off":                             {func(f *fakeWindows) { f.list = []winRadio{{3, 2, ""}} }, mfa.CodeRadioOff, 0},
		"no class of radios":              {func(f *fakeWindows) { f.listErr, f.deaf = winFault(0x80040154), winFault(0x80040154) }, mfa.CodeRadioMissing, 0},
		"no class of watchers":            {func(f *fakeWindows) { f.refuse = both(winFault(0x80040154)) }, mfa.CodeRadioMissing, 2},
		"refused to us":                   {func(f *fakeWindows) { f.refuse = both(winFault(0x80070005)) }, mfa.CodeRadioDenied, 1},
		"not ready":                       {func(f *fakeWindows) { f.refuse = both(winFault(0x800710DF)) }, mfa.CodeRadioOff, 1},
		"refused for no known reason":     {func(f *fakeWindows) { f.refuse = both(winFault(0x80004005)) }, mfa.CodeRadioFailed, 1},
		"refused without a number":        {func(f *fakeWindows) { f.refuse = both(errors.New("odd")) }, mfa.CodeRadioFailed, 1},
		"stopped, as it is off":           {func(f *fakeWindows) { f.stop, f.offLater = stops(1), true }, mfa.CodeRadioOff, 1},
		"stopped, as it is gone":          {func(f *fakeWindows) { f.stop, f.goneLater = stops(1), true }, mfa.CodeRadioMissing, 2},
		"stopped, as if off, and is not":  {func(f *fakeWindows) { f.stop = stops(1) }, mfa.CodeRadioOff, 1},
		"stopped, as another uses it":     {func(f *fakeWindows) { f.stop = stops(2) }, mfa.CodeRadioFailed, 1},
		"stopped by a policy":             {func(f *fakeWindows) { f.stop = stops(5) }, mfa.CodeRadioDenied, 1},
		"stopped by the person":           {func(f *fakeWindows) { f.stop = stops(7) }, mfa.CodeRadioDenied, 1},
		"stopped, as nobody consented":    {func(f *fakeWindows) { f.stop = stops(8) }, mfa.CodeRadioDenied, 1},
		"stopped, as it has no LE":        {func(f *fakeWindows) { f.stop = stops(9) }, mfa.CodeRadioMissing, 2},
		"stopped for a reason of its own": {func(f *fakeWindows) { f.stop = stops(99) }, mfa.CodeRadioFailed, 1},
		"aborted without a word":          {func(f *fakeWindows) { f.aborts = true }, mfa.CodeRadioFailed, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newWindows()
			row.change(f)
			err := f.scanner().Scan(t.Context(), func() { t.Error("listening") }, func(transport.Advert) { t.Error("heard") })
			if !mfa.IsCode(err, row.code) || len(f.extended) != row.tries {
				t.Errorf("%v after %v", err, f.extended)
			}
			if len(f.watching) != 0 {
				t.Error("it is still watching")
			}
		})
	}
}

// An adapter that cannot do extended adverts is asked for plain ones.
func TestWinRTPlainAdverts(t *testing.T) {
	for name, change := range map[string]func(*fakeWindows){
		"refused": func(f *fakeWindows) { f.refuse = map[bool]error{true: notSupported} },
		"stopped": func(f *fakeWindows) { f.stop = map[bool]winStop{true: stopNotSupported} },
	} {
		t.Run(name, func(t *testing.T) {
			f := newWindows()
			f.slow = 3
			change(f)
			ctx, cancel := context.WithCancel(t.Context())
			if err := f.scanner().Scan(ctx, cancel, func(transport.Advert) {}); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if !slices.Equal(f.extended, []bool{true, false}) {
				t.Errorf("%v", f.extended)
			}
		})
	}
}

// The radio goes while somebody listens.
func TestWinRTStopsLater(t *testing.T) {
	f := newWindows()
	f.offLater = true
	err := f.scanner().Scan(t.Context(), func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for w := range f.watching {
			w.stopped(stopRadioNotAvailable)
		}
	}, func(transport.Advert) {})
	if !mfa.IsCode(err, mfa.CodeRadioOff) {
		t.Error(err)
	}
}

func TestSection(t *testing.T) {
	eid := []byte("0123456789abcdefTAG!")
	for name, row := range map[string]struct {
		kind    uint8
		section []byte
		service uint16
		data    []byte
	}{
		"FIDO":                       {0x16, append([]byte{0xF9, 0xFF}, eid...), 0xFFF9, eid},
		"the older one":              {0x16, append([]byte{0xE2, 0xFD}, eid...), 0xFDE2, eid},
		"with a suffix of CTAP 2.3":  {0x16, append(append([]byte{0xF9, 0xFF}, eid...), 0xA1, 1, 0x18, 0x82), 0xFFF9, append(slices.Clone(eid), 0xA1, 1, 0x18, 0x82)},
		"nothing behind the UUID":    {0x16, []byte{0xF9, 0xFF}, 0xFFF9, []byte{}},
		"the longest":                {0x16, append([]byte{0xF9, 0xFF}, make([]byte, maxData)...), 0xFFF9, make([]byte, maxData)},
		"longer than any":            {0x16, append([]byte{0xF9, 0xFF}, make([]byte, maxData+1)...), 0, nil},
		"half a UUID":                {0x16, []byte{0xF9}, 0, nil},
		"empty":                      {0x16, nil, 0, nil},
		"the UUID the wrong way":     {0x16, append([]byte{0xFF, 0xF9}, eid...), 0, nil},
		"a battery":                  {0x16, []byte{0x0F, 0x18, 100}, 0, nil},
		"a name":                     {0x09, append([]byte{0xF9, 0xFF}, eid...), 0, nil},
		"service data of a long one": {0x21, append([]byte{0xF9, 0xFF}, eid...), 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a, is := advertOf(row.kind, row.section, -50)
			if is != (row.service != 0) || a.Service != row.service || !bytes.Equal(a.Data, row.data) {
				t.Errorf("%v, %+v", is, a)
			}
		})
	}
}

func FuzzSection(f *testing.F) {
	f.Add(uint8(0x16), []byte("\xF9\xFF0123456789abcdefTAG!"))
	f.Add(uint8(0x16), []byte("\xE2\xFD"))
	f.Add(uint8(0x16), []byte{})
	f.Fuzz(func(t *testing.T, kind uint8, section []byte) {
		a, is := advertOf(kind, section, 0)
		if !is {
			return
		}
		if again := append([]byte{byte(a.Service), byte(a.Service >> 8)}, a.Data...); kind != 0x16 || !fromPhone(a.Service) || !bytes.Equal(again, section) {
			t.Error(fmt.Sprintf("%x became %+v", section, a))
		}
	})
}
