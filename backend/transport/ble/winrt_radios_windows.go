package ble

import (
	"context"
	"syscall"
	"time"
	"unsafe"

	"github.com/go-ole/go-ole"
	"github.com/saltosystems/winrt-go/windows/foundation"
	"github.com/saltosystems/winrt-go/windows/foundation/collections"
)

// The class Windows.Devices.Radios.Radio, which the library does not have.
const (
	radioClass    = "Windows.Devices.Radios.Radio"
	idRadioStatic = "5fb6a12e-67cb-46ae-aae9-65919f86eff4"
	idRadio       = "252118df-b33e-416a-875f-1cf38ae2d83e"
)

type radioStatics struct {
	ole.IInspectableVtbl
	getRadiosAsync, getDeviceSelector, fromIDAsync, requestAccessAsync uintptr
}

type radioMethods struct {
	ole.IInspectableVtbl
	setStateAsync, addStateChanged, removeStateChanged, getState, getName, getKind uintptr
}

const (
	asyncPoll  = 5 * time.Millisecond
	mostRadios = 32
)

func (winRT) radios(ctx context.Context) (_ []winRadio, err error) {
	defer asked(&err)
	factory, err := ole.RoGetActivationFactory(radioClass, ole.NewGUID(idRadioStatic))
	if err != nil {
		return nil, fault(err)
	}
	defer factory.Release()
	var running *foundation.IAsyncOperation
	hr, _, _ := syscall.SyscallN((*radioStatics)(unsafe.Pointer(factory.RawVTable)).getRadiosAsync,
		uintptr(unsafe.Pointer(factory)), uintptr(unsafe.Pointer(&running)))
	if hr != 0 || running == nil {
		return nil, winFault(uint32(hr))
	}
	defer running.Release()
	if err := finished(ctx, running); err != nil {
		return nil, err
	}
	result, err := running.GetResults()
	if err != nil || result == nil {
		return nil, fault(err)
	}
	list := (*collections.IVectorView)(result)
	defer list.Release()
	count, err := list.GetSize()
	if err != nil {
		return nil, fault(err)
	}
	var radios []winRadio
	for i := range min(count, mostRadios) {
		at, err := list.GetAt(i)
		if err != nil || at == nil {
			return nil, fault(err)
		}
		one := (*ole.IUnknown)(at)
		radio, err := readRadio(one)
		one.Release()
		if err != nil {
			return nil, err
		}
		radios = append(radios, radio)
	}
	return radios, nil
}

// finished waits for an asynchronous call by looking at it: for a question that takes a
// few milliseconds, that is less to go wrong than a handler.
func finished(ctx context.Context, running *foundation.IAsyncOperation) error {
	itself, err := running.QueryInterface(ole.NewGUID(foundation.GUIDIAsyncInfo))
	if err != nil {
		return fault(err)
	}
	defer itself.Release()
	info := (*foundation.IAsyncInfo)(unsafe.Pointer(itself))
	looks := time.NewTicker(asyncPoll)
	defer looks.Stop()
	for {
		status, err := info.GetStatus()
		switch {
		case err != nil:
			return fault(err)
		case status == foundation.AsyncStatusCompleted:
			return nil
		case status != foundation.AsyncStatusStarted:
			code, err := info.GetErrorCode()
			if err != nil {
				return fault(err)
			}
			return winFault(uint32(code.Value))
		}
		select {
		case <-ctx.Done():
			_ = info.Cancel()
			return ctx.Err()
		case <-looks.C:
		}
	}
}

func readRadio(object *ole.IUnknown) (winRadio, error) {
	itself, err := object.QueryInterface(ole.NewGUID(idRadio))
	if err != nil {
		return winRadio{}, fault(err)
	}
	defer itself.Release()
	methods := (*radioMethods)(unsafe.Pointer(itself.RawVTable))
	var r winRadio
	for _, of := range []struct {
		method uintptr
		to     *int32
	}{{methods.getKind, &r.kind}, {methods.getState, &r.state}} {
		if hr, _, _ := syscall.SyscallN(of.method, uintptr(unsafe.Pointer(itself)), uintptr(unsafe.Pointer(of.to))); hr != 0 {
			return winRadio{}, winFault(uint32(hr))
		}
	}
	var name ole.HString
	if hr, _, _ := syscall.SyscallN(methods.getName, uintptr(unsafe.Pointer(itself)), uintptr(unsafe.Pointer(&name))); hr == 0 && name != 0 {
		r.name = name.String()
		_ = ole.DeleteHString(name)
	}
	return r, nil
}
