package atspi

import (
	"context"
	"errors"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// Names of the bus and of the registry, from the AT-SPI 2 D-Bus interfaces.
const (
	launcher     = "org.a11y.Bus"
	launcherPath = "/org/a11y/bus"
	registry     = "org.a11y.atspi.Registry"
	rootPath     = "/org/a11y/atspi/accessible/root"
	registryPath = "/org/a11y/atspi/registry"
	nullPath     = "/org/a11y/atspi/null"
	accessible   = "org.a11y.atspi.Accessible"
)

// Bus is a connection to the accessibility bus of the session.
type Bus struct {
	conn    *dbus.Conn
	changed chan *dbus.Signal // something changed somewhere; the oldest may be dropped
}

// Connect asks the session bus at this address for the accessibility bus and
// turns accessibility on, so that programs that start later expose themselves.
func Connect(ctx context.Context, address string) (*Bus, error) {
	session, err := dbus.Connect(address)
	if err != nil {
		return nil, fmt.Errorf("no session bus: %w", err)
	}
	defer session.Close()
	door := session.Object(launcher, launcherPath)
	if err := door.CallWithContext(ctx, launcher+".GetAddress", 0).Store(&address); err != nil {
		return nil, fmt.Errorf("no accessibility bus: %w", err)
	}
	if err := door.SetProperty("org.a11y.Status.IsEnabled", dbus.MakeVariant(true)); err != nil {
		return nil, fmt.Errorf("accessibility cannot be turned on: %w", err)
	}
	conn, err := dbus.Connect(address)
	if err != nil {
		return nil, fmt.Errorf("accessibility bus: %w", err)
	}
	b := &Bus{conn: conn, changed: make(chan *dbus.Signal, 256)}
	return b, b.listen(ctx)
}

// listen asks to be told of changes: a wait then looks again at once.
func (b *Bus) listen(ctx context.Context) error {
	var failed error
	for _, event := range []string{"Object:ChildrenChanged", "Object:StateChanged", "Object:PropertyChange", "Object:TextChanged"} {
		call := b.conn.Object(registry, registryPath).CallWithContext(ctx, "org.a11y.atspi.Registry.RegisterEvent", 0, event, []string{}, "")
		failed = errors.Join(failed, call.Err)
	}
	failed = errors.Join(failed, b.conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface("org.a11y.atspi.Event.Object")))
	b.conn.Signal(b.changed)
	return failed
}

// Close leaves the bus.
func (b *Bus) Close() error { return b.conn.Close() }

// App gives the program with this process ID, or ErrAbsent.
func (b *Bus) App(ctx context.Context, pid int) (Node, error) {
	desktop := Node{bus: b, ref: ref{Sender: registry, Path: rootPath}}
	apps, err := desktop.Children(ctx)
	if err != nil {
		return Node{}, err
	}
	for _, app := range apps {
		var owner uint32
		call := b.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetConnectionUnixProcessID", 0, app.ref.Sender)
		if call.Store(&owner) == nil && int(owner) == pid {
			return app, nil
		}
	}
	return Node{}, ErrAbsent
}

// ErrAbsent says that there is no such thing on the screen.
var ErrAbsent = errors.New("atspi: not on the screen")
