package ble

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/radiotest"
)

// fakeMac is a Mac with Bluetooth, in memory. It is also what advertises.
type fakeMac struct {
	mu       sync.Mutex
	broken   error // there is no CoreBluetooth
	refuse   error // of a manager
	said     cbAuthorization
	silent   bool // may not ask
	states   []cbState
	answers  cbAuthorization // what the person says once a manager was made, after the first state
	centrals map[*fakeCentral]struct{}
	made     int
	scans    int
}

type fakeCentral struct {
	of    *fakeMac
	state func(cbState)
	heard func(adObject, int)
	scans bool
}

func newMac(states ...cbState) *fakeMac {
	return &fakeMac{said: cbAllowed, states: states, centrals: map[*fakeCentral]struct{}{}}
}

// settle is how long a state may take. The tests that wait for its end do so in
// the time of a synctest bubble, which no slow machine makes shorter.
const settle = time.Minute

func (f *fakeMac) scanner() *CoreBluetooth {
	return &CoreBluetooth{system: f, settle: settle}
}

func (f *fakeMac) load() error { return f.broken }

func (f *fakeMac) authorization() cbAuthorization {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.said
}

func (f *fakeMac) mayAsk() bool { return !f.silent }

func (f *fakeMac) central(state func(cbState), heard func(adObject, int)) (cbCentral, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return nil, f.refuse
	}
	f.made++
	c := &fakeCentral{of: f, state: state, heard: heard}
	f.centrals[c] = struct{}{}
	states := slices.Clone(f.states)
	go func() {
		for i, s := range states {
			c.say(s)
			if i == 0 && f.answers != 0 {
				f.mu.Lock()
				f.said = f.answers
				f.mu.Unlock()
			}
		}
	}()
	return c, nil
}

// say tells a state, unless the manager is gone.
func (c *fakeCentral) say(s cbState) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if _, there := c.of.centrals[c]; there {
		c.state(s)
	}
}

func (c *fakeCentral) scan() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.scans = true
	c.of.scans++
}

func (c *fakeCentral) close() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	delete(c.of.centrals, c)
}

func (f *fakeMac) Advertise(ctx context.Context, a transport.Advert) error {
	if !fromPhone(a.Service) {
		return fmt.Errorf("service %04x", a.Service)
	}
	ticks := time.NewTicker(time.Millisecond)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
		}
		f.mu.Lock()
		for c := range f.centrals {
			if c.scans {
				c.heard(phoneAd(a.Service, a.Data), a.Signal)
			}
		}
		f.mu.Unlock()
	}
}

// fakeObject stands for an Objective-C object: a string, an adUUID, a []byte or an
// adDictionary.
type fakeObject struct{ is any }

type (
	adUUID       string
	adDictionary [][2]any
)

func phoneAd(service uint16, data []byte) fakeObject {
	return fakeObject{adDictionary{
		{"kCBAdvDataLocalName", "a phone"},
		{keyServiceData, adDictionary{{adUUID(fmt.Sprintf("%04X", service)), data}}},
	}}
}

func (o fakeObject) entry(key string) adObject {
	d, _ := o.is.(adDictionary)
	for _, pair := range d {
		if pair[0] == key {
			return fakeObject{pair[1]}
		}
	}
	return nil
}

func (o fakeObject) pairs() (all [][2]adObject) {
	d, _ := o.is.(adDictionary)
	for _, pair := range d {
		all = append(all, [2]adObject{fakeObject{pair[0]}, fakeObject{pair[1]}})
	}
	return all
}

func (o fakeObject) uuid() string {
	u, _ := o.is.(adUUID)
	return string(u)
}

func (o fakeObject) data(most int) ([]byte, bool) {
	b, is := o.is.([]byte)
	return slices.Clone(b), is && len(b) <= most
}

func TestCoreBluetoothContract(t *testing.T) {
	radiotest.Run(t, func(t *testing.T) (transport.Scanner, transport.Advertiser) {
		mac := newMac(cbUnknown, cbOn)
		return mac.scanner(), mac
	})
}

func TestCoreBluetoothReadsAdvertisements(t *testing.T) {
	twenty := []byte("0123456789abcdefTAG!")
	long := append(slices.Clone(twenty), 0xA1, 0x01, 0x18, 0x82)
	fido := func(data ...byte) transport.Advert {
		return transport.Advert{Service: transport.ServiceFIDO, Data: data, Signal: -60}
	}
	services := func(pairs ...[2]any) fakeObject {
		return fakeObject{adDictionary{{keyServiceData, adDictionary(pairs)}}}
	}
	var crowd adDictionary
	for range maxServices {
		crowd = append(crowd, [2]any{adUUID("180F"), []byte{100}})
	}
	crowd = append(crowd, [2]any{adUUID("FFF9"), twenty})
	for name, test := range map[string]struct {
		ad   fakeObject
		want []transport.Advert
	}{
		"a phone":               {phoneAd(0xFFF9, twenty), []transport.Advert{fido(twenty...)}},
		"an older phone":        {phoneAd(0xFDE2, twenty), []transport.Advert{{Service: transport.ServiceLegacy, Data: twenty, Signal: -60}}},
		"CTAP 2.3":              {phoneAd(0xFFF9, long), []transport.Advert{fido(long...)}},
		"the UUID in full":      {services([2]any{adUUID("0000fff9-0000-1000-8000-00805f9b34fb"), twenty}), []transport.Advert{fido(twenty...)}},
		"both":                  {services([2]any{adUUID("FFF9"), twenty}, [2]any{adUUID("FDE2"), long}), []transport.Advert{fido(twenty...), {Service: transport.ServiceLegacy, Data: long, Signal: -60}}},
		"somebody else's":       {phoneAd(0x180F, twenty), nil},
		"no service data":       {fakeObject{adDictionary{{"kCBAdvDataLocalName", "a phone"}}}, nil},
		"no dictionary":         {fakeObject{"text"}, nil},
		"nothing":               {fakeObject{}, nil},
		"services are text":     {fakeObject{adDictionary{{keyServiceData, "FFF9"}}}, nil},
		"the key is text":       {services([2]any{"FFF9", twenty}), nil},
		"the value is text":     {services([2]any{adUUID("FFF9"), "0123456789abcdefTAG!"}), nil},
		"more than fits":        {phoneAd(0xFFF9, make([]byte, maxData+1)), nil},
		"as much as fits":       {phoneAd(0xFFF9, make([]byte, maxData)), []transport.Advert{fido(make([]byte, maxData)...)}},
		"empty":                 {phoneAd(0xFFF9, []byte{}), []transport.Advert{fido()}},
		"after too many others": {fakeObject{adDictionary{{keyServiceData, crowd}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := advertsIn(test.ad, -60)
			if !slices.EqualFunc(got, test.want, func(a, b transport.Advert) bool {
				return a.Service == b.Service && a.Signal == b.Signal && bytes.Equal(a.Data, b.Data)
			}) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestCoreBluetoothSignal(t *testing.T) {
	for dBm, want := range map[int]int{-60: -60, -127: -127, 20: 20, 127: 0, 21: 0, -128: 0, 0: 0} {
		if got := advertsIn(phoneAd(0xFFF9, make([]byte, 20)), dBm)[0].Signal; got != want {
			t.Errorf("%d dBm is told as %d, want %d", dBm, got, want)
		}
	}
}

func TestShortUUID(t *testing.T) {
	for text, want := range map[string]uint16{
		"FFF9": 0xFFF9, "fde2": 0xFDE2, "0000FFF9": 0xFFF9, "0000FDE2-0000-1000-8000-00805F9B34FB": 0xFDE2, "0000": 0,
	} {
		if got, is := shortUUID(text); !is || got != want {
			t.Errorf("%q = %04x, %v", text, got, is)
		}
	}
	for _, text := range []string{"", "FFF", "FFF9F", "1000FFF9", "+FF9", "-FF9", "F_F9", "GGGG", "0000FFF9-0000-1000-8000-00805F9B34FC",
		"-0000-1000-8000-00805F9B34FB", "A0000FFF9-0000-1000-8000-00805F9B34FB", strings.Repeat("F", 1000)} {
		if n, is := shortUUID(text); is {
			t.Errorf("%q = %04x", text, n)
		}
	}
}

// bubble is a subtest in a time of its own.
func bubble(t *testing.T, name string, f func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestCoreBluetoothStates(t *testing.T) {
	for name, test := range map[string]struct {
		mac   *fakeMac
		probe mfa.Code // empty: it goes well
		scan  mfa.Code // empty: it listens
	}{
		"on":                  {newMac(cbOn), "", ""},
		"on after a while":    {newMac(cbUnknown, cbResetting, cbUnknown, cbOn), "", ""},
		"off":                 {newMac(cbUnknown, cbOff), mfa.CodeRadioOff, mfa.CodeRadioOff},
		"no low energy":       {newMac(cbUnsupported), mfa.CodeRadioMissing, mfa.CodeRadioMissing},
		"unauthorized":        {newMac(cbUnauthorized), mfa.CodeRadioDenied, mfa.CodeRadioDenied},
		"a state of tomorrow": {newMac(cbState(9)), mfa.CodeRadioFailed, mfa.CodeRadioFailed},
		"never a state":       {newMac(), mfa.CodeRadioFailed, mfa.CodeRadioFailed},
		"unknown for ever":    {newMac(cbUnknown), mfa.CodeRadioFailed, mfa.CodeRadioFailed},
		"no CoreBluetooth":    {&fakeMac{broken: errors.New("dlopen")}, mfa.CodeRadioUnsupported, mfa.CodeRadioUnsupported},
		"no manager":          {&fakeMac{said: cbAllowed, refuse: errors.New("nil")}, mfa.CodeRadioFailed, mfa.CodeRadioFailed},
		"refused":             {&fakeMac{said: cbDenied}, mfa.CodeRadioDenied, mfa.CodeRadioDenied},
		"restricted":          {&fakeMac{said: cbRestricted}, mfa.CodeRadioDenied, mfa.CodeRadioDenied},
		"may not ask":         {&fakeMac{said: cbNotDetermined, silent: true}, mfa.CodeRadioDenied, mfa.CodeRadioDenied},
		"allowed, may not ask": {func() *fakeMac {
			mac := newMac(cbOn)
			mac.silent = true
			return mac
		}(), "", ""},
	} {
		bubble(t, name, func(t *testing.T) {
			name, err := test.mac.scanner().Probe(t.Context())
			if test.probe == "" && (err != nil || name == "") || test.probe != "" && !mfa.IsCode(err, test.probe) {
				t.Errorf("Probe = %q, %v, want %q", name, err, test.probe)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err = test.mac.scanner().Scan(ctx, cancel, func(transport.Advert) {})
			if test.scan == "" && !errors.Is(err, context.Canceled) || test.scan != "" && !mfa.IsCode(err, test.scan) {
				t.Errorf("Scan = %v, want %q", err, test.scan)
			}
			if n := len(test.mac.centrals); n != 0 {
				t.Errorf("%d managers are left", n)
			}
		})
	}
}

// A manager where the system may not ask would end the program.
func TestCoreBluetoothMakesNoManagerWhereItMayNotAsk(t *testing.T) {
	mac := newMac(cbOn)
	mac.said, mac.silent = cbNotDetermined, true
	if err := mac.scanner().Scan(t.Context(), func() {}, func(transport.Advert) {}); !mfa.IsCode(err, mfa.CodeRadioDenied) {
		t.Errorf("Scan = %v", err)
	}
	if mac.made != 0 {
		t.Error("a manager was made")
	}
}

func TestCoreBluetoothProbeAsksNobody(t *testing.T) {
	mac := newMac(cbOn)
	mac.said = cbNotDetermined
	if name, err := mac.scanner().Probe(t.Context()); err != nil || name == "" {
		t.Errorf("Probe = %q, %v", name, err)
	}
	if mac.made != 0 {
		t.Error("a manager was made, which asks")
	}
}

func TestCoreBluetoothWaitsForThePerson(t *testing.T) {
	for name, test := range map[string]struct {
		states []cbState
		answer cbAuthorization
		want   mfa.Code
	}{
		"allowed":               {[]cbState{cbUnauthorized, cbOn}, cbAllowed, ""},
		"allowed, from unknown": {[]cbState{cbUnknown, cbOn}, cbAllowed, ""},
		"refused":               {[]cbState{cbUnknown, cbUnauthorized}, cbDenied, mfa.CodeRadioDenied},
	} {
		bubble(t, name, func(t *testing.T) {
			mac := newMac(test.states...)
			mac.said, mac.answers = cbNotDetermined, test.answer
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := mac.scanner().Scan(ctx, cancel, func(transport.Advert) {})
			if test.want == "" && !errors.Is(err, context.Canceled) || test.want != "" && !mfa.IsCode(err, test.want) {
				t.Errorf("Scan = %v, want %q", err, test.want)
			}
		})
	}
	bubble(t, "for longer than a state may take", func(t *testing.T) {
		mac := newMac(cbUnknown)
		mac.said = cbNotDetermined
		ctx, cancel := context.WithTimeout(t.Context(), 5*settle)
		defer cancel()
		if err := mac.scanner().Scan(ctx, func() {}, func(transport.Advert) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Scan = %v", err)
		}
	})
}

func TestCoreBluetoothGoesWhileItListens(t *testing.T) {
	for name, test := range map[string]struct {
		state cbState
		want  mfa.Code
	}{
		"switched off":         {cbOff, mfa.CodeRadioOff},
		"refused meanwhile":    {cbUnauthorized, mfa.CodeRadioDenied},
		"a reset without end":  {cbResetting, mfa.CodeRadioFailed},
		"the adapter is gone":  {cbUnsupported, mfa.CodeRadioMissing},
		"unknown once and off": {cbUnknown, mfa.CodeRadioFailed},
	} {
		bubble(t, name, func(t *testing.T) {
			mac := newMac(cbOn)
			err := mac.scanner().Scan(t.Context(), func() {
				mac.mu.Lock()
				defer mac.mu.Unlock()
				for c := range mac.centrals {
					go c.say(test.state)
				}
			}, func(transport.Advert) {})
			if !mfa.IsCode(err, test.want) {
				t.Errorf("Scan = %v, want %s", err, test.want)
			}
		})
	}
}

func TestCoreBluetoothScansAgainAfterAReset(t *testing.T) { synctest.Test(t, scansAgainAfterAReset) }

func scansAgainAfterAReset(t *testing.T) {
	mac := newMac(cbOn)
	ctx, cancel := context.WithTimeout(t.Context(), 2*settle)
	defer cancel()
	listening := 0
	err := mac.scanner().Scan(ctx, func() {
		listening++
		mac.mu.Lock()
		defer mac.mu.Unlock()
		for c := range mac.centrals {
			go func() {
				c.say(cbResetting)
				c.say(cbOn)
				for again := false; !again && ctx.Err() == nil; time.Sleep(time.Millisecond) {
					mac.mu.Lock()
					again = mac.scans == 2
					mac.mu.Unlock()
				}
				cancel()
			}()
		}
	}, func(transport.Advert) {})
	if !errors.Is(err, context.Canceled) || listening != 1 {
		t.Errorf("Scan = %v, listening was told %d times", err, listening)
	}
}

func TestWhoAnswersForTheProgram(t *testing.T) {
	for name, test := range map[string]struct {
		text   string
		parent int
		want   bool
	}{
		"an app, started by the system":       {"Keyferry listens for your phone.", 1, true},
		"an app, started in a terminal":       {"Keyferry listens for your phone.", 4711, false},
		"a program without text":              {"", 1, false},
		"a program without text, as is usual": {"", 4711, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := describedAsk(test.text, test.parent); got != test.want {
				t.Errorf("may ask: %v", got)
			}
		})
	}
}
