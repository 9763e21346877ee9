package ble

import (
	"errors"
	"runtime"
	"unsafe"

	"github.com/go-ole/go-ole"
	"github.com/saltosystems/winrt-go"
	"github.com/saltosystems/winrt-go/windows/devices/bluetooth/advertisement"
	"github.com/saltosystems/winrt-go/windows/foundation"
)

// winRT is Windows itself. Every object it hands out is counted; what is not released
// stays for ever.
type winRT struct{}

const (
	multithreaded = 1          // RO_INIT_MULTITHREADED
	alreadySo     = 1          // S_FALSE: somebody else has, and it counts
	changedMode   = 0x80010106 // RPC_E_CHANGED_MODE: the thread has another mode, which does as well
)

func (winRT) run(work func() error) (err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	switch err := fault(ole.RoInitialize(multithreaded)); {
	case err == nil, isFault(err, alreadySo):
		defer ole.CoUninitialize()
	case !isFault(err, changedMode):
		return err
	}
	defer asked(&err)
	return work()
}

// fault makes the library's error one that can be looked at on any system.
func fault(err error) error {
	var e *ole.OleError
	if errors.As(err, &e) {
		return winFault(uint32(e.Code()))
	}
	return err
}

// asked turns the panic into an error with which the library answers an interface that
// is not there.
func asked(err *error) {
	if r := recover(); r != nil {
		var e *ole.OleError
		if is, ok := r.(error); !ok || !errors.As(is, &e) {
			panic(r)
		}
		*err = fault(e)
	}
}

func (winRT) hears() (err error) {
	defer asked(&err)
	object, err := advertisement.NewBluetoothLEAdvertisementWatcher()
	if err != nil {
		return fault(err)
	}
	object.Release()
	return nil
}

func (winRT) watch(extended bool, heard func(kind uint8, data []byte, signal int), stopped func(winStop)) (_ winWatcher, err error) {
	defer asked(&err)
	object, err := advertisement.NewBluetoothLEAdvertisementWatcher()
	if err != nil {
		return nil, fault(err)
	}
	w := &watcher{object: object}
	if err := w.begin(extended, heard, stopped); err != nil {
		w.close()
		return nil, fault(err)
	}
	return w, nil
}

type watcher struct {
	object            *advertisement.BluetoothLEAdvertisementWatcher
	received, stopped *foundation.TypedEventHandler
	ofReceived        foundation.EventRegistrationToken
	ofStopped         foundation.EventRegistrationToken
}

func (w *watcher) begin(extended bool, heard func(kind uint8, data []byte, signal int), stopped func(winStop)) (err error) {
	// Active: the scan response belongs to the advert, and can hold the service data.
	if err := w.object.SetScanningMode(advertisement.BluetoothLEScanningModeActive); err != nil {
		return err
	}
	// Windows has that from version 2004 on; before, there is nothing to switch.
	if extended && offers(&w.object.IUnknown, advertisement.GUIDiBluetoothLEAdvertisementWatcher2) {
		if err := w.object.SetAllowExtendedAdvertisements(true); err != nil {
			return err
		}
	}
	w.received = handler(advertisement.SignatureBluetoothLEAdvertisementReceivedEventArgs, func(args unsafe.Pointer) error {
		return sections((*advertisement.BluetoothLEAdvertisementReceivedEventArgs)(args), heard)
	})
	if w.ofReceived, err = w.object.AddReceived(w.received); err != nil {
		return err
	}
	w.stopped = handler(advertisement.SignatureBluetoothLEAdvertisementWatcherStoppedEventArgs, func(args unsafe.Pointer) error {
		why, err := (*advertisement.BluetoothLEAdvertisementWatcherStoppedEventArgs)(args).GetError()
		if err != nil {
			why = 4 // OtherError
		}
		stopped(winStop(why))
		return nil
	})
	if w.ofStopped, err = w.object.AddStopped(w.stopped); err != nil {
		return err
	}
	return w.object.Start()
}

// handler makes an event's receiver. An event that cannot be read is passed over: there
// is nobody to tell, and a panic on a thread of the system would end the program.
func handler(args string, take func(args unsafe.Pointer) error) *foundation.TypedEventHandler {
	id := winrt.ParameterizedInstanceGUID(foundation.GUIDTypedEventHandler, advertisement.SignatureBluetoothLEAdvertisementWatcher, args)
	return foundation.NewTypedEventHandler(ole.NewGUID(id), func(_ *foundation.TypedEventHandler, _, args unsafe.Pointer) {
		var err error
		defer asked(&err)
		if args != nil {
			err = take(args)
		}
	})
}

func offers(object *ole.IUnknown, id string) bool {
	other, err := object.QueryInterface(ole.NewGUID(id))
	if err != nil {
		return false
	}
	other.Release()
	return true
}

func (w *watcher) state() (state winState) {
	state = winAborted // unless it can be asked
	var err error
	defer asked(&err)
	status, err := w.object.GetStatus()
	if err != nil {
		return winAborted
	}
	return winState(status)
}

func (w *watcher) close() {
	var err error
	defer asked(&err)
	if w.stopped != nil {
		_ = w.object.RemoveStopped(w.ofStopped)
		w.stopped.Release()
	}
	if w.received != nil {
		_ = w.object.RemoveReceived(w.ofReceived)
		_ = w.object.Stop()
		w.received.Release()
	}
	w.object.Release()
}
