package hid

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// fakeIOKit is macOS with the keys that a test plugs in. What is open leads to the
// device's end of a pipe.
type fakeIOKit struct {
	mu       sync.Mutex
	plugged  []ioDevice
	listing  error
	opening  error
	writing  func() error // what becomes of a report, before it reaches the device
	changed  func()
	opened   map[uint64]*fakeHandle
	closed   atomic.Int32
	watching atomic.Int32
}

type fakeHandle struct {
	kit  *fakeIOKit
	host Device
	gone func()
	stop context.CancelFunc
	over chan struct{}
}

func (k *fakeIOKit) devices() ([]ioDevice, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.plugged), k.listing
}

func (k *fakeIOKit) open(id uint64, in int, heard func([]byte), gone func()) (ioHandle, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.opening != nil {
		return nil, k.opening
	}
	host, device := Pipe(in)
	ctx, stop := context.WithCancel(context.Background())
	h := &fakeHandle{kit: k, host: host, gone: gone, stop: stop, over: make(chan struct{})}
	go func() { _ = Serve(ctx, device, macEcho{}, CanCBOR) }()
	go func() {
		defer close(h.over)
		for {
			report, err := host.Read(ctx)
			if err != nil {
				return
			}
			heard(report)
			clear(report) // the system's memory, which the next report comes into
		}
	}()
	if k.opened == nil {
		k.opened = map[uint64]*fakeHandle{}
	}
	k.opened[id] = h
	return h, nil
}

func (k *fakeIOKit) watch(changed func()) (func(), error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.listing != nil {
		return nil, k.listing
	}
	k.changed = changed
	k.watching.Add(1)
	return func() { k.watching.Add(-1) }, nil
}

func (k *fakeIOKit) plug(all ...ioDevice) {
	k.mu.Lock()
	k.plugged = all
	changed := k.changed
	k.mu.Unlock()
	if changed != nil {
		changed()
	}
}

func (h *fakeHandle) setReport(report []byte) error {
	if h.kit.writing != nil {
		if err := h.kit.writing(); err != nil {
			return err
		}
	}
	return h.host.Write(context.Background(), report)
}

func (h *fakeHandle) close() {
	h.stop()
	<-h.over
	h.kit.closed.Add(1)
}

// macEcho answers every request with success and the request.
type macEcho struct{}

func (macEcho) Exchange(_ context.Context, request []byte, _ func(byte)) ([]byte, error) {
	return append([]byte{0}, request...), nil
}
func (macEcho) APDU(context.Context, []byte) ([]byte, error) { return []byte{0x90, 0x00}, nil }
func (macEcho) Wink()                                        {}

func macKey(id uint64) ioDevice {
	return ioDevice{id: id, location: 0x14200000, vendor: 0x1050, product: 0x0407, maker: "Yubico", name: "YubiKey OTP+FIDO+CCID", in: 64, out: 64}
}

func macKeys(devices ...ioDevice) (*fakeIOKit, *iokitBus) {
	kit := &fakeIOKit{plugged: devices}
	return kit, &iokitBus{kit: kit, again: time.Hour}
}

func TestIOKitListsKeysInTheOrderOfTheirComing(t *testing.T) {
	other := macKey(7)
	other.name, other.maker, other.vendor = "Yubico FIDO\x1b[2J key", "Yubico", 0x1234
	for name, test := range map[string]struct {
		devices []ioDevice
		want    []string
	}{
		"nothing":           {nil, []string{}},
		"two":               {[]ioDevice{macKey(0x1000004f2), other}, []string{"Yubico FIDO[2J key", "Yubico YubiKey OTP+FIDO+CCID"}},
		"one twice":         {[]ioDevice{other, other}, []string{"Yubico FIDO[2J key"}},
		"without a number":  {[]ioDevice{macKey(0)}, []string{}},
		"reports too short": {[]ioDevice{{id: 1, in: 7, out: 64}}, []string{}},
		"reports too long":  {[]ioDevice{{id: 1, in: 64, out: 1025}}, []string{}},
		"sizes that lie":    {[]ioDevice{{id: 1, in: -1, out: 64}}, []string{}},
		"no names":          {[]ioDevice{{id: 1, in: 64, out: 64}}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			_, bus := macKeys(test.devices...)
			slots, err := bus.List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			names := []string{}
			for _, s := range slots {
				names = append(names, s.Name)
				if s.Way != transport.WayUSB || s.Trouble != nil {
					t.Errorf("slot %+v", s)
				}
			}
			if !slices.Equal(names, test.want) {
				t.Errorf("names %q, want %q", names, test.want)
			}
		})
	}
}

func TestIOKitNamesASlotByItsPlaceAndItsComing(t *testing.T) {
	_, bus := macKeys(macKey(0x1000004f2))
	slots, err := bus.List(t.Context())
	if err != nil || len(slots) != 1 {
		t.Fatalf("List = %v, %v", slots, err)
	}
	if s := slots[0]; s.ID != "usb 0x14200000 ioreg 1000004f2" || s.Vendor != 0x1050 || s.Product != 0x0407 {
		t.Errorf("slot %+v", s)
	}
}

func TestIOKitBoundsWhatItLists(t *testing.T) {
	var many []ioDevice
	for i := range 1000 {
		many = append(many, macKey(uint64(i+1)))
	}
	_, bus := macKeys(many...)
	slots, err := bus.List(t.Context())
	if err != nil || len(slots) != maxDevices {
		t.Fatalf("%d slots, %v", len(slots), err)
	}
}

func TestIOReturnsMeanSomething(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want mfa.Code
	}{
		"no such device":          {ioNoDevice, mfa.CodeKeyLost},
		"closed by its end":       {ioNotOpen, mfa.CodeKeyLost},
		"nobody at the other end": {ioPortGone, mfa.CodeKeyLost},
		"aborted":                 {ioAborted, mfa.CodeKeyLost},
		"sandbox":                 {ioNotPermitted, mfa.CodeKeyPermission},
		"policy":                  {ioNotPrivileged, mfa.CodeKeyPermission},
		"seized by another":       {ioExclusiveAccess, mfa.CodeKeyBusy},
		"busy":                    {ioBusy, mfa.CodeKeyBusy},
		"no answer":               {ioTimeout, mfa.CodeKeySilent},
		"unknown":                 {ioReturn(0xE00002BC), mfa.CodeKeyFailed},
		"wrapped":                 {fmt.Errorf("set report: %w", ioNoDevice), mfa.CodeKeyLost},
		"something else":          {errors.New("no symbol"), mfa.CodeKeyFailed},
		"a failure already":       {mfa.Fail(mfa.CodeKeyUnsupported), mfa.CodeKeyUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			err := macKey(1).failure(test.err)
			if !mfa.IsCode(err, test.want) {
				t.Errorf("%v means %v, want %s", test.err, err, test.want)
			}
			if f := mfa.AsFailure(err); test.want == mfa.CodeKeyPermission && (!strings.Contains(fmt.Sprint(f.Params), "usb 0x14200000") || f.Params["why"] != "macos" || f.Params["vendor"] != "") {
				t.Errorf("params %v do not name the place", f.Params)
			}
		})
	}
	if err := macKey(1).failure(nil); err != nil {
		t.Errorf("nothing means %v", err)
	}
}

func TestIOKitOpens(t *testing.T) {
	kit, bus := macKeys(macKey(9))
	slots, err := bus.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key, err := bus.Open(t.Context(), slots[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	request := bytes.Repeat([]byte{0xA5}, 3000) // more than fifty reports each way
	response, err := key.Exchange(t.Context(), request, nil)
	if err != nil || !bytes.Equal(response[1:], request) {
		t.Fatalf("Exchange = %d bytes, %v", len(response), err)
	}
	for range 2 {
		if err := key.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	}
	if n := kit.closed.Load(); n != 1 {
		t.Errorf("closed %d times", n)
	}
	if _, err := key.Exchange(t.Context(), request, nil); !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("Exchange after Close = %v", err)
	}
}

func TestIOKitSaysWhyItCannot(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*fakeIOKit)
		slot  string
		want  mfa.Code
	}{
		"another slot":     {func(*fakeIOKit) {}, "usb 0x14200000 ioreg 8", mfa.CodeKeyLost},
		"pulled out":       {func(k *fakeIOKit) { k.plug() }, "", mfa.CodeKeyLost},
		"gone meanwhile":   {func(k *fakeIOKit) { k.opening = ioNoDevice }, "", mfa.CodeKeyLost},
		"seized":           {func(k *fakeIOKit) { k.opening = ioExclusiveAccess }, "", mfa.CodeKeyBusy},
		"sandboxed":        {func(k *fakeIOKit) { k.opening = ioNotPermitted }, "", mfa.CodeKeyPermission},
		"no manager":       {func(k *fakeIOKit) { k.listing = ioUnsupported }, "", mfa.CodeKeyFailed},
		"seized afterward": {func(k *fakeIOKit) { k.writing = func() error { return ioExclusiveAccess } }, "", mfa.CodeKeyBusy},
	} {
		t.Run(name, func(t *testing.T) {
			kit, bus := macKeys(macKey(9))
			test.spoil(kit)
			slot := test.slot
			if slot == "" {
				slot = macKey(9).slot()
			}
			if _, err := bus.Open(t.Context(), slot); !mfa.IsCode(err, test.want) {
				t.Errorf("Open = %v, want %s", err, test.want)
			}
		})
	}
}

func TestIOKitKeyIsPulledOutInAnExchange(t *testing.T) {
	kit, bus := macKeys(macKey(9))
	key, err := bus.Open(t.Context(), macKey(9).slot())
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	kit.writing = func() error { kit.opened[9].gone(); return nil }
	if _, err := key.Exchange(t.Context(), []byte{4}, nil); !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("Exchange = %v", err)
	}
}

func TestIOKitWriteThatBlocksEndsWithItsContext(t *testing.T) {
	kit, _ := macKeys(macKey(9))
	device, err := openIOKit(kit, macKey(9))
	if err != nil {
		t.Fatal(err)
	}
	free, inside := make(chan struct{}), make(chan struct{}, 1)
	kit.writing = func() error { inside <- struct{}{}; <-free; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-inside; cancel() }()
	if err := device.Write(ctx, make([]byte, 64)); !errors.Is(err, context.Canceled) {
		t.Fatalf("Write = %v", err)
	}
	// The next one waits for the first, and ends with its own context.
	if err := device.Write(ctx, make([]byte, 64)); !errors.Is(err, context.Canceled) {
		t.Errorf("second Write = %v", err)
	}
	device.grace = 20 * time.Millisecond
	if err := device.Close(); err != nil { // gives up waiting
		t.Errorf("Close = %v", err)
	}
	if n := kit.closed.Load(); n != 0 {
		t.Error("closed while a report is being written")
	}
	close(free)
	<-device.closed
	if err := device.Write(t.Context(), make([]byte, 64)); err == nil {
		t.Error("a Write after Close went well")
	}
}

func TestIOKitRefusesReportsOfAnotherSize(t *testing.T) {
	kit, _ := macKeys(macKey(9))
	device, err := openIOKit(kit, macKey(9))
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	for _, n := range []int{0, 63, 65} {
		if err := device.Write(t.Context(), make([]byte, n)); err == nil {
			t.Errorf("%d bytes were written", n)
		}
	}
}

func TestIOKitKeepsABoundedBacklog(t *testing.T) {
	kit, _ := macKeys(macKey(9))
	device, err := openIOKit(kit, macKey(9))
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	report := make([]byte, 4*MaxReport)
	for range 2 * ioBacklog {
		device.heard(report)
	}
	device.end(errGone)
	n := 0
	for {
		got, err := device.Read(t.Context())
		if err != nil {
			break
		}
		n++
		if len(got) != MaxReport+1 {
			t.Fatalf("a report of %d bytes", len(got))
		}
	}
	if n != ioBacklog {
		t.Errorf("%d reports were kept", n)
	}
}

func TestIOKitWatches(t *testing.T) {
	kit, bus := macKeys()
	ctx, cancel := context.WithCancel(t.Context())
	changes := make(chan struct{}, 8)
	ended := make(chan error, 1)
	go func() { ended <- bus.Watch(ctx, func() { changes <- struct{}{} }) }()
	<-changes
	for name, all := range [][]ioDevice{{macKey(1)}, {macKey(1), macKey(2)}, {macKey(2)}, {}} {
		kit.plug(all...)
		select {
		case <-changes:
		case <-time.After(10 * time.Second):
			t.Fatalf("change %d was not told", name)
		}
	}
	kit.changed() // and nothing has
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Watch = %v", err)
	}
	if len(changes) != 0 {
		t.Error("a change that was none was told")
	}
	if kit.watching.Load() != 0 {
		t.Error("still watched")
	}
	kit.listing = ioUnsupported
	if err := bus.Watch(t.Context(), func() {}); !mfa.IsCode(err, mfa.CodeKeyFailed) {
		t.Errorf("Watch where nobody may = %v", err)
	}
}

func TestIOKitMindsACancelledContext(t *testing.T) {
	_, bus := macKeys(macKey(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := bus.List(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("List = %v", err)
	}
	if _, err := bus.Open(ctx, macKey(1).slot()); !errors.Is(err, context.Canceled) {
		t.Errorf("Open = %v", err)
	}
}

func TestListenersAreFoundByNumbersThatAreNotUsedAgain(t *testing.T) {
	var listening table
	heard := 0
	first := listening.add(listener{gone: func() { heard++ }})
	second := listening.add(listener{gone: func() { heard += 10 }})
	listening.remove(first)
	third := listening.add(listener{gone: func() { heard += 100 }})
	if first == 0 || third == first || third == second {
		t.Errorf("numbers %d, %d, %d", first, second, third)
	}
	for _, number := range []uintptr{0, first, second, third, 99} {
		if l, there := listening.get(number); there {
			l.gone()
		}
	}
	if heard != 110 {
		t.Errorf("heard %d", heard)
	}
}
