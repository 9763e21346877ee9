package ble

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// BlueZ scans with the Bluetooth service of Linux, over D-Bus (bluez
// doc/org.bluez.Adapter.rst and org.bluez.Device.rst). The zero value is ready.
//
//	connect, subscribe --> adapters? --> start discovery --> listening
//	                          |none, off      |refused          |
//	                        failure         failure             v
//	      +---- every 4 s: stop and start discovery <------ signals ----+
//	      |                                                   |         |
//	      +---------------------------------------------------+      last adapter off,
//	                                                                 gone, or no service: failure
type BlueZ struct {
	// Connect opens a bus connection that the scanner may close; nil means the
	// system bus.
	Connect func() (*dbus.Conn, error)

	// RestartEvery is how long one discovery runs before it is begun anew; 4 s.
	// The kernel suppresses repeats and can take changed service data of one
	// address for a repeat; a new discovery forgets what it has seen.
	RestartEvery time.Duration

	// Restart, if set, says when to begin anew in place of RestartEvery.
	Restart <-chan time.Time
}

// Names of the D-Bus interface of BlueZ.
const (
	busName         = "org.bluez"
	adapterIface    = "org.bluez.Adapter1"
	deviceIface     = "org.bluez.Device1"
	objectsIface    = "org.freedesktop.DBus.ObjectManager"
	propertiesIface = "org.freedesktop.DBus.Properties"
)

const (
	defaultRestart = 4 * time.Second
	callTimeout    = 10 * time.Second // BlueZ answers at once, or it hangs
	partingTimeout = time.Second
	signalBacklog  = 256
)

// Probe gives the name of the first adapter that is on, or bluetooth-missing,
// bluetooth-off, bluetooth-denied, bluetooth-service-missing or bluetooth-failed.
func (b *BlueZ) Probe(ctx context.Context) (string, error) {
	s, err := b.open(ctx)
	if err != nil {
		return "", err
	}
	defer s.conn.Close()
	if err := s.usable(); err != nil {
		return "", err
	}
	for _, path := range slices.Sorted(maps.Keys(s.adapters)) {
		if a := s.adapters[path]; a.powered {
			return cmp.Or(a.name, string(path)), nil
		}
	}
	return "", mfa.Fail(mfa.CodeRadioOff)
}

// Scan listens on all adapters that are on, those included that come later. It
// fails like Probe, also when the last adapter goes while it listens.
func (b *BlueZ) Scan(ctx context.Context, listening func(), heard func(transport.Advert)) error {
	s, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer s.conn.Close()
	defer s.stopAll()
	if err := s.startAll(ctx); err != nil {
		return err
	}
	restart := b.Restart
	if restart == nil {
		ticks := time.NewTicker(cmp.Or(b.RestartEvery, defaultRestart))
		defer ticks.Stop()
		restart = ticks.C
	}
	listening()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case signal, open := <-s.signals:
			if !open {
				return mfa.Fail(mfa.CodeRadioNoService)
			}
			if err := s.take(ctx, signal, heard); err != nil {
				return err
			}
		case <-restart:
			if err := s.restartAll(ctx); err != nil {
				return err
			}
		}
	}
}

// session is one connection to BlueZ and what is known over it.
type session struct {
	conn     *dbus.Conn
	signals  chan *dbus.Signal
	owner    string // the connection that is BlueZ; signals of others do not count
	adapters map[dbus.ObjectPath]*adapter
}

// open connects, subscribes, and only then asks for the adapters, so that no
// change falls between.
func (b *BlueZ) open(ctx context.Context) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	conn, err := b.connect(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{
		conn:     conn,
		signals:  make(chan *dbus.Signal, signalBacklog),
		adapters: map[dbus.ObjectPath]*adapter{},
	}
	conn.Signal(s.signals)
	if err = s.subscribe(ctx); err == nil {
		err = s.findAdapters(ctx)
	}
	if err != nil {
		conn.Close()
		return nil, meaning(ctx, err)
	}
	return s, nil
}

// connect waits for a bus no longer than for any other call. One that answers
// too late is closed again.
func (b *BlueZ) connect(ctx context.Context) (*dbus.Conn, error) {
	open := b.Connect
	if open == nil {
		open = systemBus
	}
	ctx, cancel := context.WithTimeoutCause(ctx, callTimeout, mfa.Fail(mfa.CodeRadioNoService))
	defer cancel()
	type result struct {
		conn *dbus.Conn
		err  error
	}
	opened := make(chan result)
	go func() {
		conn, err := open()
		select {
		case opened <- result{conn, err}:
		case <-ctx.Done():
			if err == nil {
				conn.Close()
			}
		}
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case r := <-opened:
		if r.err != nil {
			return nil, mfa.Fail(mfa.CodeRadioNoService).Because(r.err)
		}
		return r.conn, nil
	}
}

// systemBus keeps signals in their order: "off" must not overtake "on".
func systemBus() (*dbus.Conn, error) {
	return dbus.ConnectSystemBus(dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
}

func (s *session) subscribe(ctx context.Context) error {
	from := dbus.WithMatchSender(busName)
	for _, match := range [][]dbus.MatchOption{
		{from, dbus.WithMatchInterface(objectsIface), dbus.WithMatchMember("InterfacesAdded")},
		{from, dbus.WithMatchInterface(objectsIface), dbus.WithMatchMember("InterfacesRemoved")},
		{from, dbus.WithMatchInterface(propertiesIface), dbus.WithMatchMember("PropertiesChanged"), dbus.WithMatchArg(0, deviceIface)},
		{from, dbus.WithMatchInterface(propertiesIface), dbus.WithMatchMember("PropertiesChanged"), dbus.WithMatchArg(0, adapterIface)},
		{dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, busName)},
	} {
		if err := s.conn.AddMatchSignalContext(ctx, match...); err != nil {
			return err
		}
	}
	return nil
}

// call calls a method of BlueZ and bounds its time.
func (s *session) call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.conn.Object(busName, path).CallWithContext(ctx, method, 0, args...)
}
