package ble

import (
	"syscall"
	"unsafe"

	"github.com/go-ole/go-ole"
	"github.com/saltosystems/winrt-go/windows/devices/bluetooth/advertisement"
	"github.com/saltosystems/winrt-go/windows/storage/streams"
)

// mostSections bounds one advert: its 1650 bytes have room for no more that mean
// something.
const mostSections = 64

// sections hands on each section of one advert.
func sections(args *advertisement.BluetoothLEAdvertisementReceivedEventArgs, heard func(kind uint8, data []byte, signal int)) error {
	signal, err := args.GetRawSignalStrengthInDBm()
	if err != nil {
		signal = 0
	}
	advert, err := args.GetAdvertisement()
	if err != nil || advert == nil {
		return err
	}
	defer advert.Release()
	list, err := advert.GetDataSections()
	if err != nil || list == nil {
		return err
	}
	defer list.Release()
	count, err := list.GetSize()
	if err != nil {
		return err
	}
	for i := range min(count, mostSections) {
		at, err := list.GetAt(i)
		if err != nil || at == nil {
			return err
		}
		section := (*advertisement.BluetoothLEAdvertisementDataSection)(at)
		kind, data, err := readSection(section)
		section.Release()
		if err != nil {
			return err
		}
		if data != nil {
			heard(kind, data, int(signal))
		}
	}
	return nil
}

// dataSection is the interface of one section; the library has all of it but GetData.
type dataSection struct {
	ole.IInspectableVtbl
	getDataType, setDataType, getData, setData uintptr
}

// readSection leaves out data that cannot be a phone's.
func readSection(section *advertisement.BluetoothLEAdvertisementDataSection) (kind uint8, data []byte, err error) {
	if kind, err = section.GetDataType(); err != nil || kind != adServiceData {
		return kind, nil, err
	}
	itself, err := section.QueryInterface(ole.NewGUID(advertisement.GUIDiBluetoothLEAdvertisementDataSection))
	if err != nil {
		return kind, nil, err
	}
	defer itself.Release()
	var buffer *streams.IBuffer
	hr, _, _ := syscall.SyscallN((*dataSection)(unsafe.Pointer(itself.RawVTable)).getData,
		uintptr(unsafe.Pointer(itself)), uintptr(unsafe.Pointer(&buffer)))
	if hr != 0 || buffer == nil {
		return kind, nil, winFault(uint32(hr))
	}
	defer buffer.Release()
	length, err := buffer.GetLength()
	if err != nil || length < 2 || length > 2+maxData {
		return kind, nil, err
	}
	reader, err := streams.DataReaderFromBuffer(buffer)
	if err != nil || reader == nil {
		return kind, nil, err
	}
	defer reader.Release()
	data, err = reader.ReadBytes(length)
	return kind, data, err
}
