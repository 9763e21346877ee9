package ble

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

const (
	uuidFIDO   = "0000fff9-0000-1000-8000-00805f9b34fb"
	uuidLegacy = "0000fde2-0000-1000-8000-00805f9b34fb"
	phonePath  = dbus.ObjectPath("/org/bluez/hci0/dev_01_02_03_04_05_06")
)

// scan is one Scan in the background.
type scan struct {
	t         *testing.T
	listening chan struct{}
	heard     chan transport.Advert
	ended     chan error
	stop      context.CancelFunc
	restart   chan time.Time
}

func startScan(t *testing.T, address string) *scan {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	s := &scan{
		t: t, stop: cancel,
		listening: make(chan struct{}, 2),
		heard:     make(chan transport.Advert, 100),
		ended:     make(chan error, 1),
		restart:   make(chan time.Time),
	}
	b := &BlueZ{Connect: connectTo(address), Restart: s.restart}
	go func() {
		s.ended <- b.Scan(ctx, func() { s.listening <- struct{}{} }, func(a transport.Advert) { s.heard <- a })
	}()
	t.Cleanup(cancel)
	return s
}

func (s *scan) waitListening() {
	s.t.Helper()
	select {
	case <-s.listening:
	case err := <-s.ended:
		s.t.Fatalf("Scan ended: %v (%s)", err, mfa.AsFailure(err).Explain())
	}
}

func (s *scan) next() string {
	s.t.Helper()
	select {
	case a := <-s.heard:
		return fmt.Sprintf("%04x %d %s", a.Service, a.Signal, a.Data)
	case err := <-s.ended:
		s.t.Fatalf("Scan ended: %v", err)
	}
	return ""
}

func (s *scan) endsWith(code mfa.Code) {
	s.t.Helper()
	if err := <-s.ended; !mfa.IsCode(err, code) {
		s.t.Errorf("Scan = %v, want %s", err, code)
	}
}

func TestBlueZHearsBothSignals(t *testing.T) {
	address := startBus(t)
	bluez := startBlueZ(t, address)
	bluez.addAdapter(hci0, true)
	// A phone that BlueZ remembers from an hour ago.
	bluez.remember(phonePath, serviceData(uuidFIDO, []byte("old advert")))
	s := startScan(t, address)
	s.waitListening()
	bluez.expect("hci0 SetDiscoveryFilter", "hci0 StartDiscovery")

	bluez.added(phonePath, map[string]map[string]dbus.Variant{deviceIface: serviceData(uuidFIDO, []byte("added"))})
	bluez.changed(phonePath, deviceIface, serviceData(uuidLegacy, []byte("changed")))
	bluez.changed(phonePath, deviceIface, serviceData("0000FFF9-0000-1000-8000-00805F9B34FB", []byte("capitals")))
	bluez.changed(phonePath, deviceIface, serviceData(uuidLegacy, []byte("changed")))
	for _, want := range []string{"fff9 -48 added", "fde2 -48 changed", "fff9 -48 capitals", "fde2 -48 changed"} {
		if got := s.next(); got != want {
			t.Errorf("heard %q, want %q", got, want)
		}
	}
	s.stop()
	if err := <-s.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Scan = %v", err)
	}
	bluez.expect("hci0 StopDiscovery")
}

func TestBlueZPassesOverOddSignals(t *testing.T) {
	address := startBus(t)
	bluez := startBlueZ(t, address)
	bluez.addAdapter(hci0, true)
	s := startScan(t, address)
	s.waitListening()

	service := func(v any) map[string]dbus.Variant {
		return map[string]dbus.Variant{"ServiceData": dbus.MakeVariant(v)}
	}
	for _, properties := range []map[string]dbus.Variant{
		{},
		{"RSSI": dbus.MakeVariant(int16(-3))},
		service("text"),
		service([]map[string]dbus.Variant{{uuidFIDO: dbus.MakeVariant([]byte("list of maps"))}}),
		service(map[string]string{uuidFIDO: "text"}),
		service(map[string][]byte{uuidFIDO: []byte("no variant")}),
		service(map[uint32]dbus.Variant{1: dbus.MakeVariant([]byte("number"))}),
		serviceData(uuidFIDO, "text in the place of bytes"),
		serviceData(uuidFIDO, []uint16{1, 2}),
		serviceData(uuidFIDO, make([]byte, maxData+1)),
		serviceData("0000180f-0000-1000-8000-00805f9b34fb", []byte("battery")),
		serviceData("fff9", []byte("short form")),
		serviceData("", []byte("none")),
	} {
		bluez.changed(phonePath, deviceIface, properties)
		bluez.added(phonePath, map[string]map[string]dbus.Variant{deviceIface: properties})
	}
	bluez.added(phonePath, map[string]map[string]dbus.Variant{"org.bluez.Battery1": serviceData(uuidFIDO, []byte("other interface"))})
	bluez.emit("/", objectsIface+".InterfacesAdded", "a text", int32(4))
	bluez.emit("/", objectsIface+".InterfacesAdded", phonePath, map[string]string{deviceIface: "text"})
	bluez.emit("/", objectsIface+".InterfacesAdded")
	bluez.emit("/", objectsIface+".InterfacesRemoved", hci0)
	bluez.emit("/", objectsIface+".InterfacesRemoved", phonePath, []string{deviceIface})
	bluez.emit(phonePath, propertiesIface+".PropertiesChanged", deviceIface)
	bluez.emit(phonePath, propertiesIface+".PropertiesChanged", deviceIface, "text", []string{})
	bluez.changed(hci0, adapterIface, map[string]dbus.Variant{"Powered": dbus.MakeVariant("no")})
	bluez.changed(hci0, adapterIface, map[string]dbus.Variant{"Discovering": dbus.MakeVariant(false)})
	strange := serviceData(uuidFIDO, []byte("odd signal"))
	strange["RSSI"] = dbus.MakeVariant("loud")
	bluez.changed(phonePath, deviceIface, strange)
	if got := s.next(); got != "fff9 0 odd signal" {
		t.Errorf("heard %q", got)
	}
}

// Any program on the bus can send a signal that looks like one of BlueZ.
func TestBlueZIgnoresOtherSenders(t *testing.T) {
	address := startBus(t)
	bluez := startBlueZ(t, address)
	bluez.addAdapter(hci0, true)
	stranger, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	connected := make(chan *dbus.Conn, 1)
	heard := make(chan string, 10)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b := &BlueZ{Restart: make(chan time.Time), Connect: func() (*dbus.Conn, error) {
		conn, err := connectTo(address)()
		connected <- conn
		return conn, err
	}}
	listening := make(chan struct{})
	go func() {
		ended <- b.Scan(ctx, func() { close(listening) }, func(a transport.Advert) { heard <- string(a.Data) })
	}()
	conn := <-connected
	<-listening
	forged := &dbus.Message{Type: dbus.TypeSignal, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(conn.Names()[0]),
		dbus.FieldPath:        dbus.MakeVariant(hci0),
		dbus.FieldInterface:   dbus.MakeVariant(propertiesIface),
		dbus.FieldMember:      dbus.MakeVariant("PropertiesChanged"),
	}}
	for _, body := range [][]any{
		{deviceIface, serviceData(uuidFIDO, []byte("forged")), []string{}},
		{adapterIface, map[string]dbus.Variant{"Powered": dbus.MakeVariant(false)}, []string{}},
	} {
		message := *forged
		message.Headers = map[dbus.HeaderField]dbus.Variant{dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(body...))}
		for field, value := range forged.Headers {
			message.Headers[field] = value
		}
		message.Body = body
		if call := stranger.Send(&message, nil); call.Err != nil {
			t.Fatal(call.Err)
		}
	}
	// The bus keeps one sender's order: an answered call means the forgeries are out.
	if err := stranger.BusObject().Call("org.freedesktop.DBus.GetId", 0).Err; err != nil {
		t.Fatal(err)
	}
	bluez.changed(phonePath, deviceIface, serviceData(uuidFIDO, []byte("genuine")))
	select {
	case got := <-heard:
		if got != "genuine" {
			t.Errorf("heard %q", got)
		}
	case err := <-ended:
		t.Fatalf("Scan ended: %v", err)
	}
}

func TestBlueZFailsBeforeItListens(t *testing.T) {
	for name, row := range map[string]struct {
		prepare func(*fakeBlueZ)
		code    mfa.Code
	}{
		"no adapter":   {func(*fakeBlueZ) {}, mfa.CodeRadioMissing},
		"switched off": {func(f *fakeBlueZ) { f.addAdapter(hci0, false) }, mfa.CodeRadioOff},
		"all switched off": {func(f *fakeBlueZ) {
			f.addAdapter(hci0, false)
			f.addAdapter(hci1, false)
		}, mfa.CodeRadioOff},
		"power of an odd type": {func(f *fakeBlueZ) {
			f.addAdapter(hci0, true)
			f.set(hci0, "Powered", "yes")
		}, mfa.CodeRadioOff},
		"blocked by rfkill": {func(f *fakeBlueZ) {
			f.addAdapter(hci0, true)
			f.refuseWith("hci0 StartDiscovery", "org.bluez.Error.NotReady")
		}, mfa.CodeRadioOff},
		"not authorised": {func(f *fakeBlueZ) {
			f.addAdapter(hci0, true)
			f.refuseWith("hci0 StartDiscovery", "org.bluez.Error.NotAuthorized")
		}, mfa.CodeRadioDenied},
		"no talk permission for the adapter": {func(f *fakeBlueZ) {
			f.addAdapter(hci0, true)
			f.refuseWith("hci0 SetDiscoveryFilter", "org.freedesktop.DBus.Error.AccessDenied")
		}, mfa.CodeRadioDenied},
		"no talk permission at all": {func(f *fakeBlueZ) {
			f.addAdapter(hci0, true)
			f.refuseWith("/ GetManagedObjects", "org.freedesktop.DBus.Error.AccessDenied")
		}, mfa.CodeRadioDenied},
		"gone meanwhile": {func(f *fakeBlueZ) {
			f.addAdapter(hci0, true)
			f.refuseWith("hci0 SetDiscoveryFilter", "org.freedesktop.DBus.Error.UnknownObject")
		}, mfa.CodeRadioMissing},
		"some other fault": {func(f *fakeBlueZ) {
			f.addAdapter(hci0, true)
			f.refuseWith("hci0 StartDiscovery", "org.bluez.Error.Failed")
		}, mfa.CodeRadioFailed},
	} {
		t.Run(name, func(t *testing.T) {
			address := startBus(t)
			row.prepare(startBlueZ(t, address))
			s := startScan(t, address)
			s.endsWith(row.code)
			if len(s.listening) > 0 {
				t.Error("it said that it listens")
			}
		})
	}
}

func TestBlueZIsNotThere(t *testing.T) {
	t.Run("no BlueZ", func(t *testing.T) {
		b := &BlueZ{Connect: connectTo(startBus(t))}
		if _, err := b.Probe(t.Context()); !mfa.IsCode(err, mfa.CodeRadioNoService) {
			t.Errorf("Probe = %v", err)
		}
		if err := b.Scan(t.Context(), func() {}, func(transport.Advert) {}); !mfa.IsCode(err, mfa.CodeRadioNoService) {
			t.Errorf("Scan = %v", err)
		}
	})
	t.Run("no bus", func(t *testing.T) {
		b := &BlueZ{Connect: connectTo("unix:path=" + t.TempDir() + "/nobody")}
		if _, err := b.Probe(t.Context()); !mfa.IsCode(err, mfa.CodeRadioNoService) {
			t.Errorf("Probe = %v", err)
		}
	})
}

func TestBlueZProbe(t *testing.T) {
	address := startBus(t)
	bluez := startBlueZ(t, address)
	b := &BlueZ{Connect: connectTo(address)}
	probe := func(wantName string, wantCode mfa.Code) {
		t.Helper()
		name, err := b.Probe(t.Context())
		if name != wantName || wantCode == "" && err != nil || wantCode != "" && !mfa.IsCode(err, wantCode) {
			t.Errorf("Probe = %q, %v; want %q, %s", name, err, wantName, wantCode)
		}
	}
	probe("", mfa.CodeRadioMissing)
	bluez.addAdapter(hci0, false)
	probe("", mfa.CodeRadioOff)
	bluez.addAdapter(hci1, true)
	probe("Radio of hci1", "")
	bluez.set(hci1, "Alias")
	probe("machine", "")
	bluez.set(hci1, "Name")
	probe(string(hci1), "")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Probe(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Probe = %v", err)
	}
	if len(bluez.calls) > 0 {
		t.Errorf("Probe asked for %q", <-bluez.calls)
	}
}

func TestBlueZStartsAnew(t *testing.T) {
	address := startBus(t)
	bluez := startBlueZ(t, address)
	bluez.addAdapter(hci0, true)
	s := startScan(t, address)
	s.waitListening()
	bluez.expect("hci0 SetDiscoveryFilter", "hci0 StartDiscovery")
	for range 3 {
		s.restart <- time.Time{}
		bluez.expect("hci0 StopDiscovery", "hci0 SetDiscoveryFilter", "hci0 StartDiscovery")
	}
	bluez.changed(phonePath, deviceIface, serviceData(uuidFIDO, []byte("after")))
	if got := s.next(); got != "fff9 -48 after" {
		t.Errorf("heard %q", got)
	}
	if len(s.listening) > 0 {
		t.Error("it said twice that it listens")
	}
	// Somebody else's discovery is as good as ours.
	bluez.refuseWith("hci0 StopDiscovery", "org.bluez.Error.Failed")
	bluez.refuseWith("hci0 StartDiscovery", "org.bluez.Error.InProgress")
	s.restart <- time.Time{}
	bluez.expect("hci0 StopDiscovery", "hci0 SetDiscoveryFilter", "hci0 StartDiscovery")
	bluez.refuseWith("hci0 StartDiscovery", "org.bluez.Error.NotAuthorized")
	s.restart <- time.Time{}
	s.endsWith(mfa.CodeRadioDenied)
}

func TestBlueZAdaptersComeAndGo(t *testing.T) {
	address := startBus(t)
	bluez := startBlueZ(t, address)
	bluez.addAdapter(hci0, true)
	s := startScan(t, address)
	s.waitListening()
	bluez.expect("hci0 SetDiscoveryFilter", "hci0 StartDiscovery")

	bluez.added(hci1, bluez.addAdapter(hci1, true)) // a dongle is plugged in
	bluez.expect("hci1 SetDiscoveryFilter", "hci1 StartDiscovery")
	bluez.setPowered(hci0, false) // the other one still listens
	bluez.setPowered(hci0, true)
	bluez.expect("hci0 SetDiscoveryFilter", "hci0 StartDiscovery")
	bluez.emit("/", objectsIface+".InterfacesRemoved", hci1, []string{propertiesIface, adapterIface})
	bluez.changed(phonePath, deviceIface, serviceData(uuidFIDO, []byte("still here")))
	if got := s.next(); got != "fff9 -48 still here" {
		t.Errorf("heard %q", got)
	}
	bluez.setPowered(hci0, false)
	s.endsWith(mfa.CodeRadioOff)
}

func TestBlueZEndsWhileItListens(t *testing.T) {
	for name, row := range map[string]struct {
		happens func(*fakeBlueZ)
		code    mfa.Code
	}{
		"switched off": {func(f *fakeBlueZ) { f.setPowered(hci0, false) }, mfa.CodeRadioOff},
		"pulled out": {func(f *fakeBlueZ) {
			f.emit("/", objectsIface+".InterfacesRemoved", hci0, []string{adapterIface})
		}, mfa.CodeRadioMissing},
		"service stopped": {func(f *fakeBlueZ) {
			if _, err := f.conn.ReleaseName(busName); err != nil {
				f.t.Error(err)
			}
		}, mfa.CodeRadioNoService},
		"service crashed": {func(f *fakeBlueZ) { f.conn.Close() }, mfa.CodeRadioNoService},
	} {
		t.Run(name, func(t *testing.T) {
			address := startBus(t)
			bluez := startBlueZ(t, address)
			bluez.addAdapter(hci0, true)
			s := startScan(t, address)
			s.waitListening()
			row.happens(bluez)
			s.endsWith(row.code)
		})
	}
}

func TestBlueZOneAdapterIsEnough(t *testing.T) {
	address := startBus(t)
	bluez := startBlueZ(t, address)
	bluez.addAdapter(hci0, true)
	bluez.addAdapter(hci1, true)
	bluez.refuseWith("hci0 StartDiscovery", "org.bluez.Error.Failed")
	s := startScan(t, address)
	s.waitListening()
	bluez.changed(phonePath, deviceIface, serviceData(uuidFIDO, []byte("by hci1")))
	if got := s.next(); got != "fff9 -48 by hci1" {
		t.Errorf("heard %q", got)
	}
}

func TestBlueZScanMindsItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := &BlueZ{Connect: func() (*dbus.Conn, error) { t.Error("connected"); return nil, errors.New("no") }}
	if err := b.Scan(ctx, func() {}, func(transport.Advert) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("Scan = %v", err)
	}
}

// FuzzServiceData decodes a signal's body as it comes over the wire would:
// whatever types are in it, nothing but bytes under the two UUIDs is heard.
func FuzzServiceData(f *testing.F) {
	f.Add("ServiceData", uuidFIDO, []byte("data"), uint8(0))
	f.Add("ServiceData", uuidLegacy, []byte("data"), uint8(1))
	f.Add("servicedata", "FFF9", []byte{}, uint8(2))
	f.Fuzz(func(t *testing.T, property, uuid string, data []byte, form uint8) {
		var value any = data
		switch form % 3 {
		case 1:
			value = string(data)
		case 2:
			value = []dbus.Variant{dbus.MakeVariant(data)}
		}
		device := map[string]dbus.Variant{property: dbus.MakeVariant(map[string]dbus.Variant{uuid: dbus.MakeVariant(value)})}
		emitAdverts(device, func(a transport.Advert) {
			if !fromPhone(a.Service) || form%3 != 0 || len(a.Data) > maxData || property != "ServiceData" {
				t.Errorf("heard %04x %q from %q %q", a.Service, a.Data, property, uuid)
			}
		})
	})
}
