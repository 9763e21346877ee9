package hid

import (
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego/objc"

	"github.com/keyferry/keyferry/backend/platform/macos/foundation"
)

// systemIOKit is IOKit itself. CoreFoundation's strings, numbers, sets and dictionaries
// are read as the objects of Foundation that they also are.
type systemIOKit struct {
	ioFunctions
	loops runLoops
}

type ioFunctions struct {
	newManager        func(allocator uintptr, options uint32) uintptr
	managerMatches    func(manager, matching uintptr)
	managerDevices    func(manager uintptr) uintptr
	managerOnArrival  func(manager, callback, context uintptr)
	managerOnRemoval  func(manager, callback, context uintptr)
	managerSchedule   func(manager, loop, mode uintptr)
	managerUnschedule func(manager, loop, mode uintptr)

	newDevice        func(allocator uintptr, service uint32) uintptr
	deviceService    func(device uintptr) uint32
	deviceProperty   func(device, key uintptr) uintptr
	deviceOpen       func(device uintptr, options uint32) int32
	deviceClose      func(device uintptr, options uint32) int32
	deviceOnReport   func(device uintptr, buffer unsafe.Pointer, size int, callback, context uintptr)
	deviceOnRemoval  func(device, callback, context uintptr)
	deviceSchedule   func(device, loop, mode uintptr)
	deviceUnschedule func(device, loop, mode uintptr)
	deviceSetReport  func(device uintptr, kind uint32, number int, report unsafe.Pointer, size int) int32

	entryID       func(entry uint32, id unsafe.Pointer) int32
	matchingID    func(id uint64) uintptr
	findService   func(port uint32, matching uintptr) uint32
	releaseObject func(object uint32) int32
}

// Keys of IOKit/hid/IOHIDKeys.h.
const (
	keyUsagePage = "DeviceUsagePage"
	keyUsage     = "DeviceUsage"
	keyVendor    = "VendorID"
	keyProduct   = "ProductID"
	keyLocation  = "LocationID"
	keyMaker     = "Manufacturer"
	keyName      = "Product"
	keyMaxIn     = "MaxInputReportSize"
	keyMaxOut    = "MaxOutputReportSize"

	maxProperty = 512 // bytes of a name; a string of USB has 126 characters at most

	fidoPage  = 0xF1D0 // CTAP 2.2 section 11.2.8.2
	fidoUsage = 0x01

	openShared   = 0 // kIOHIDOptionsTypeNone: others may open it, too
	outputReport = 1 // kIOHIDReportTypeOutput
)

func loadIOKit() (*systemIOKit, error) {
	k := &systemIOKit{}
	if err := k.loops.load(); err != nil {
		return nil, err
	}
	library, err := foundation.Load("IOKit")
	if err != nil {
		return nil, err
	}
	return k, foundation.Bind(library, map[string]any{
		"IOHIDManagerCreate":                         &k.newManager,
		"IOHIDManagerSetDeviceMatching":              &k.managerMatches,
		"IOHIDManagerCopyDevices":                    &k.managerDevices,
		"IOHIDManagerRegisterDeviceMatchingCallback": &k.managerOnArrival,
		"IOHIDManagerRegisterDeviceRemovalCallback":  &k.managerOnRemoval,
		"IOHIDManagerScheduleWithRunLoop":            &k.managerSchedule,
		"IOHIDManagerUnscheduleFromRunLoop":          &k.managerUnschedule,
		"IOHIDDeviceCreate":                          &k.newDevice,
		"IOHIDDeviceGetService":                      &k.deviceService,
		"IOHIDDeviceGetProperty":                     &k.deviceProperty,
		"IOHIDDeviceOpen":                            &k.deviceOpen,
		"IOHIDDeviceClose":                           &k.deviceClose,
		"IOHIDDeviceRegisterInputReportCallback":     &k.deviceOnReport,
		"IOHIDDeviceRegisterRemovalCallback":         &k.deviceOnRemoval,
		"IOHIDDeviceScheduleWithRunLoop":             &k.deviceSchedule,
		"IOHIDDeviceUnscheduleFromRunLoop":           &k.deviceUnschedule,
		"IOHIDDeviceSetReport":                       &k.deviceSetReport,
		"IORegistryEntryGetRegistryEntryID":          &k.entryID,
		"IORegistryEntryIDMatching":                  &k.matchingID,
		"IOServiceGetMatchingService":                &k.findService,
		"IOObjectRelease":                            &k.releaseObject,
	})
}

// manager gives a HID manager that knows of keys only. It is never opened: that would
// open every key.
func (k *systemIOKit) manager() (uintptr, error) {
	manager := k.newManager(0, openShared)
	if manager == 0 {
		return 0, ioUnsupported
	}
	matching := foundation.Dictionary(map[string]objc.ID{keyUsagePage: foundation.Whole(fidoPage), keyUsage: foundation.Whole(fidoUsage)})
	k.managerMatches(manager, uintptr(matching))
	return manager, nil
}

func (k *systemIOKit) devices() (all []ioDevice, err error) {
	foundation.Pool(func() {
		var manager uintptr
		if manager, err = k.manager(); err != nil {
			return
		}
		defer k.loops.release(manager)
		set := k.managerDevices(manager)
		if set == 0 { // there are none
			return
		}
		defer k.loops.release(set)
		for _, device := range foundation.Items(objc.ID(set)) {
			all = append(all, k.describe(uintptr(device)))
		}
	})
	return all, err
}

// describe reads what the system knows; what it does not is left out, and a device
// without what is needed is none to List.
func (k *systemIOKit) describe(device uintptr) ioDevice {
	d := ioDevice{
		location: uint32(k.number(device, keyLocation)),
		vendor:   uint16(k.number(device, keyVendor)),
		product:  uint16(k.number(device, keyProduct)),
		maker:    k.text(device, keyMaker),
		name:     k.text(device, keyName),
		in:       int(k.number(device, keyMaxIn)),
		out:      int(k.number(device, keyMaxOut)),
	}
	if service := k.deviceService(device); service != 0 && k.entryID(service, unsafe.Pointer(&d.id)) != 0 {
		d.id = 0
	}
	return d
}

func (k *systemIOKit) number(device uintptr, key string) int64 {
	n, _ := foundation.Integer(k.property(device, key))
	return n
}

func (k *systemIOKit) text(device uintptr, key string) string {
	return foundation.Text(k.property(device, key), maxProperty)
}

func (k *systemIOKit) property(device uintptr, key string) objc.ID {
	return objc.ID(k.deviceProperty(device, uintptr(foundation.String(key))))
}

// device makes a device of a number of the registry; it is ours to release.
func (k *systemIOKit) device(id uint64) (uintptr, error) {
	service := k.findService(0, k.matchingID(id)) // which consumes the dictionary
	if service == 0 {
		return 0, ioNoDevice
	}
	defer k.releaseObject(service)
	device := k.newDevice(0, service)
	if device == 0 {
		return 0, ioNoDevice
	}
	return device, nil
}

// openKey is an open device.
type openKey struct {
	kit    *systemIOKit
	device uintptr
	stop   func()
}

func (k *systemIOKit) open(id uint64, in int, heard func(report []byte), gone func()) (ioHandle, error) {
	o := &openKey{kit: k}
	var err error
	o.stop, err = k.loops.start(func(loop uintptr) (func(), error) {
		device, err := k.device(id)
		if err != nil {
			return nil, err
		}
		if r := ioReturn(uint32(k.deviceOpen(device, openShared))); r != ioSuccess {
			k.loops.release(device)
			return nil, r
		}
		o.device = device
		return k.listen(device, loop, in, heard, gone), nil
	})
	if err != nil {
		return nil, err
	}
	return o, nil
}

// listen has reports and the end of a device told. The system puts each report into the
// same memory, which is Go's and is therefore pinned as long as the system knows of it.
func (k *systemIOKit) listen(device, loop uintptr, in int, heard func([]byte), gone func()) (end func()) {
	buffer, pinner := make([]byte, in), &runtime.Pinner{}
	pinner.Pin(&buffer[0])
	at := unsafe.Pointer(&buffer[0])
	context := listeners.add(listener{heard: heard, gone: gone, most: in})
	k.deviceOnReport(device, at, in, onReport(), context)
	k.deviceOnRemoval(device, onRemoval(), context)
	k.deviceSchedule(device, loop, k.loops.mode)
	return func() {
		k.deviceUnschedule(device, loop, k.loops.mode)
		k.deviceOnReport(device, at, in, 0, context)
		k.deviceOnRemoval(device, 0, context)
		k.deviceClose(device, openShared)
		listeners.remove(context)
		k.loops.release(device)
		pinner.Unpin()
	}
}

// setReport goes without a number before the report, as reports of keys have none.
func (o *openKey) setReport(report []byte) error {
	if r := ioReturn(uint32(o.kit.deviceSetReport(o.device, outputReport, 0, unsafe.Pointer(&report[0]), len(report)))); r != ioSuccess {
		return r
	}
	return nil
}

func (o *openKey) close() { o.stop() }

func (k *systemIOKit) watch(changed func()) (stop func(), err error) {
	return k.loops.start(func(loop uintptr) (func(), error) {
		manager, err := k.manager()
		if err != nil {
			return nil, err
		}
		context := listeners.add(listener{gone: changed})
		k.managerOnArrival(manager, onChange(), context)
		k.managerOnRemoval(manager, onChange(), context)
		k.managerSchedule(manager, loop, k.loops.mode)
		return func() {
			k.managerUnschedule(manager, loop, k.loops.mode)
			k.managerOnArrival(manager, 0, 0)
			k.managerOnRemoval(manager, 0, 0)
			listeners.remove(context)
			k.loops.release(manager)
		}, nil
	})
}
