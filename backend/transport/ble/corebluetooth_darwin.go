package ble

import (
	"os"
	"sync"

	"github.com/ebitengine/purego"
	"github.com/ebitengine/purego/objc"

	"github.com/keyferry/keyferry/backend/platform/macos/foundation"
)

// coreBluetooth is CoreBluetooth itself.
type coreBluetooth struct{}

// bluetoothLibrary is what is loaded once, and registered for ever.
type bluetoothLibrary struct {
	delegate              objc.Class
	showAlert, duplicates string // keys of options

	newQueue func(label string, attributes uintptr) uintptr
	onQueue  func(queue, context, work uintptr)
	release  func(object uintptr)
}

const maxKey = 128 // bytes of an exported key

var loadBluetooth = sync.OnceValues(func() (*bluetoothLibrary, error) {
	framework, err := foundation.Load("CoreBluetooth")
	if err != nil {
		return nil, err
	}
	b := &bluetoothLibrary{}
	if err := foundation.Bind(foundation.Process, map[string]any{
		"dispatch_queue_create": &b.newQueue,
		"dispatch_sync_f":       &b.onQueue,
		"dispatch_release":      &b.release,
	}); err != nil {
		return nil, err
	}
	for name, key := range map[string]*string{
		"CBCentralManagerOptionShowPowerAlertKey":      &b.showAlert,
		"CBCentralManagerScanOptionAllowDuplicatesKey": &b.duplicates,
	} {
		at, err := foundation.Constant(framework, name)
		if err != nil {
			return nil, err
		}
		foundation.Pool(func() { *key = foundation.Text(objc.ID(at), maxKey) })
	}
	b.delegate, err = delegateClass()
	return b, err
})

// delegateClass registers the class that CoreBluetooth calls back. Whose a call is stands
// in managers under the object's address: no object points into memory of Go.
func delegateClass() (objc.Class, error) {
	var protocols []*objc.Protocol
	if p := objc.GetProtocol("CBCentralManagerDelegate"); p != nil {
		protocols = append(protocols, p)
	}
	return objc.RegisterClass("KeyferryCentralManagerDelegate", objc.GetClass("NSObject"), protocols, nil, []objc.MethodDef{
		{Cmd: objc.RegisterName("centralManagerDidUpdateState:"), Fn: func(self objc.ID, _ objc.SEL, central objc.ID) {
			if m, there := managers.get(self); there {
				m.state(cbState(foundation.Number(central, "state")))
			}
		}},
		{Cmd: objc.RegisterName("centralManager:didDiscoverPeripheral:advertisementData:RSSI:"), Fn: func(self objc.ID, _ objc.SEL, _, _, advertisement, signal objc.ID) {
			if m, there := managers.get(self); there {
				foundation.Pool(func() {
					dBm, is := foundation.Integer(signal)
					if !is || dBm < -noSignal || dBm > noSignal {
						dBm = noSignal
					}
					m.heard(object(advertisement), int(dBm))
				})
			}
		}},
	})
}

func (*coreBluetooth) load() error {
	_, err := loadBluetooth()
	return err
}

// authorization asks the class and not an object, which would ask the person. Before
// macOS 10.15 there was nothing to ask.
func (*coreBluetooth) authorization() cbAuthorization {
	manager := foundation.Class("CBManager")
	if !foundation.Can(manager, "authorization") {
		return cbAllowed
	}
	return cbAuthorization(foundation.Number(manager, "authorization"))
}

func (*coreBluetooth) mayAsk() (may bool) {
	foundation.Pool(func() {
		bundle := foundation.Ask(foundation.Class("NSBundle"), "mainBundle")
		text := foundation.Ask(bundle, "objectForInfoDictionaryKey:", foundation.String("NSBluetoothAlwaysUsageDescription"))
		may = describedAsk(foundation.Text(text, 4096), os.Getppid())
	})
	return may
}

// manager is a CBCentralManager with its delegate and the queue on which it is called.
type manager struct {
	*bluetoothLibrary
	queue, work      uintptr
	itself, delegate objc.ID
	state            func(cbState)
	heard            func(adObject, int)
}

func (*coreBluetooth) central(state func(cbState), heard func(adObject, int)) (cbCentral, error) {
	library, err := loadBluetooth()
	if err != nil {
		return nil, err
	}
	m := &manager{bluetoothLibrary: library, state: state, heard: heard}
	foundation.Pool(func() {
		m.queue = m.newQueue("io.github.keyferry.bluetooth", 0)
		m.delegate = foundation.Ask(foundation.Ask(objc.ID(library.delegate), "alloc"), "init")
		managers.put(m.delegate, m) // before there can be a call
		options := foundation.Dictionary(map[string]objc.ID{library.showAlert: foundation.Truth(false)})
		m.itself = foundation.Ask(foundation.Ask(foundation.Class("CBCentralManager"), "alloc"), "initWithDelegate:queue:options:", m.delegate, objc.ID(m.queue), options)
	})
	return m, nil
}

func (m *manager) scan() {
	m.do(func() {
		var services []objc.ID
		for _, uuid := range []string{"FFF9", "FDE2"} { // transport.ServiceFIDO, ServiceLegacy
			services = append(services, foundation.Ask(foundation.Class("CBUUID"), "UUIDWithString:", foundation.String(uuid)))
		}
		// Without duplicates a phone that was there before is not told of again, and its
		// hybrid advert is lost.
		options := foundation.Dictionary(map[string]objc.ID{m.duplicates: foundation.Truth(true)})
		foundation.Ask(m.itself, "scanForPeripheralsWithServices:options:", foundation.Array(services...), options)
	})
}

// close takes the delegate away on the queue, so that no call is under way once it is
// gone.
func (m *manager) close() {
	m.do(func() {
		foundation.Ask(m.itself, "stopScan")
		foundation.Ask(m.itself, "setDelegate:", objc.ID(0))
	})
	managers.remove(m.delegate)
	foundation.Pool(func() {
		foundation.Release(m.itself)
		foundation.Release(m.delegate)
	})
	m.release(m.queue)
}

// do runs something between the calls of the queue, and waits for it.
func (m *manager) do(work func()) {
	number := works.put(func() { foundation.Pool(work) })
	defer works.remove(number)
	m.onQueue(m.queue, number, runWork())
}

var (
	managers lookup[objc.ID, *manager]
	works    numbered

	runWork = sync.OnceValue(func() uintptr {
		return purego.NewCallback(func(number uintptr) {
			if work, there := works.get(number); there {
				work()
			}
		})
	})
)

// numbered keeps what is to run under numbers that are not used again.
type numbered struct {
	lookup[uintptr, func()]
	mu   sync.Mutex
	last uintptr
}

func (n *numbered) put(work func()) uintptr {
	n.mu.Lock()
	n.last++
	number := n.last
	n.mu.Unlock()
	n.lookup.put(number, work)
	return number
}

// lookup finds values for callbacks.
type lookup[K comparable, V any] struct{ all sync.Map }

func (l *lookup[K, V]) put(key K, value V) { l.all.Store(key, value) }
func (l *lookup[K, V]) remove(key K)       { l.all.Delete(key) }

func (l *lookup[K, V]) get(key K) (value V, there bool) {
	found, there := l.all.Load(key)
	if there {
		value = found.(V)
	}
	return value, there
}

// object is an object of an advertisement.
type object objc.ID

func (o object) entry(key string) adObject {
	value := foundation.Entry(objc.ID(o), foundation.String(key))
	if value == 0 {
		return nil
	}
	return object(value)
}

func (o object) pairs() (all [][2]adObject) {
	for _, key := range foundation.Keys(objc.ID(o)) {
		all = append(all, [2]adObject{object(key), object(foundation.Entry(objc.ID(o), key))})
	}
	return all
}

func (o object) uuid() string {
	if !foundation.Is(objc.ID(o), "CBUUID") {
		return ""
	}
	return foundation.Text(foundation.Ask(objc.ID(o), "UUIDString"), 36)
}

func (o object) data(most int) ([]byte, bool) { return foundation.Bytes(objc.ID(o), most) }
