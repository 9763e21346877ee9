package ble

import (
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/keyferry/keyferry/backend/internal/bustest"
)

func startBus(t *testing.T) string {
	t.Helper()
	return bustest.Start(t, "BlueZ")
}

func connectTo(address string) func() (*dbus.Conn, error) {
	return func() (*dbus.Conn, error) {
		return dbus.Connect(address, dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
	}
}

const (
	hci0 = dbus.ObjectPath("/org/bluez/hci0")
	hci1 = dbus.ObjectPath("/org/bluez/hci1")
)

// fakeBlueZ answers as the service does, for what the scanner asks of it.
type fakeBlueZ struct {
	t     *testing.T
	conn  *dbus.Conn
	calls chan string // "hci0 StartDiscovery", in order

	mu      sync.Mutex
	objects map[dbus.ObjectPath]map[string]map[string]dbus.Variant
	refuse  map[string]*dbus.Error // by "hci0 StartDiscovery"
}

func startBlueZ(t *testing.T, address string) *fakeBlueZ {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	f := &fakeBlueZ{
		t: t, conn: conn, calls: make(chan string, 100),
		objects: map[dbus.ObjectPath]map[string]map[string]dbus.Variant{},
		refuse:  map[string]*dbus.Error{},
	}
	err = conn.ExportMethodTable(map[string]any{"GetManagedObjects": f.managedObjects}, "/", objectsIface)
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := conn.RequestName(busName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("RequestName = %v, %v", reply, err)
	}
	return f
}

func (f *fakeBlueZ) managedObjects() (map[dbus.ObjectPath]map[string]map[string]dbus.Variant, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	objects := map[dbus.ObjectPath]map[string]map[string]dbus.Variant{} // sent after the lock is gone
	for path, interfaces := range f.objects {
		objects[path] = map[string]map[string]dbus.Variant{}
		for name, properties := range interfaces {
			objects[path][name] = maps.Clone(properties)
		}
	}
	return objects, f.refuse["/ GetManagedObjects"]
}

// set changes a property without a word; no value takes it away.
func (f *fakeBlueZ) set(path dbus.ObjectPath, property string, value ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.objects[path][adapterIface], property)
	for _, v := range value {
		f.objects[path][adapterIface][property] = dbus.MakeVariant(v)
	}
}

// remember adds a device from before the scan.
func (f *fakeBlueZ) remember(path dbus.ObjectPath, device map[string]dbus.Variant) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[path] = map[string]map[string]dbus.Variant{deviceIface: device}
}

func (f *fakeBlueZ) addAdapter(path dbus.ObjectPath, powered bool) map[string]map[string]dbus.Variant {
	f.t.Helper()
	answer := func(call string) *dbus.Error {
		f.calls <- call
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.refuse[call]
	}
	name := filepath.Base(string(path))
	err := f.conn.ExportMethodTable(map[string]any{
		"SetDiscoveryFilter": func(filter map[string]dbus.Variant) *dbus.Error {
			if len(filter) != 2 || filter["Transport"].Value() != "le" || filter["DuplicateData"].Value() != true {
				f.t.Errorf("filter %v", filter)
			}
			return answer(name + " SetDiscoveryFilter")
		},
		"StartDiscovery": func() *dbus.Error { return answer(name + " StartDiscovery") },
		"StopDiscovery":  func() *dbus.Error { return answer(name + " StopDiscovery") },
	}, path, adapterIface)
	if err != nil {
		f.t.Fatal(err)
	}
	object := map[string]map[string]dbus.Variant{adapterIface: {
		"Powered": dbus.MakeVariant(powered),
		"Name":    dbus.MakeVariant("machine"),
		"Alias":   dbus.MakeVariant("Radio of " + name),
	}}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[path] = object
	return object
}

func (f *fakeBlueZ) refuseWith(call, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse[call] = dbus.NewError(name, []any{"no"})
}

func (f *fakeBlueZ) emit(path dbus.ObjectPath, signal string, body ...any) {
	f.t.Helper()
	if err := f.conn.Emit(path, signal, body...); err != nil {
		f.t.Error(err)
	}
}

func (f *fakeBlueZ) changed(path dbus.ObjectPath, iface string, properties map[string]dbus.Variant) {
	f.t.Helper()
	f.emit(path, propertiesIface+".PropertiesChanged", iface, properties, []string{})
}

func (f *fakeBlueZ) added(path dbus.ObjectPath, interfaces map[string]map[string]dbus.Variant) {
	f.t.Helper()
	f.emit("/", objectsIface+".InterfacesAdded", path, interfaces)
}

func (f *fakeBlueZ) setPowered(path dbus.ObjectPath, on bool) {
	f.t.Helper()
	f.changed(path, adapterIface, map[string]dbus.Variant{"Powered": dbus.MakeVariant(on)})
}

// expect waits for calls in this order.
func (f *fakeBlueZ) expect(calls ...string) {
	f.t.Helper()
	for _, want := range calls {
		select {
		case got := <-f.calls:
			if got != want {
				f.t.Fatalf("BlueZ was asked for %q, want %q", got, want)
			}
		case <-time.After(20 * time.Second):
			f.t.Fatalf("BlueZ was not asked for %q", want)
		}
	}
}

// serviceData is the properties of a device that advertises.
func serviceData(uuid string, data any) map[string]dbus.Variant {
	return map[string]dbus.Variant{
		"ServiceData": dbus.MakeVariant(map[string]dbus.Variant{uuid: dbus.MakeVariant(data)}),
		"RSSI":        dbus.MakeVariant(int16(-48)),
	}
}
