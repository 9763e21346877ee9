package ble

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/keyferry/keyferry/backend/mfa"
)

// adapter is one Bluetooth radio of the machine.
type adapter struct {
	name        string
	powered     bool
	discovering bool // by us
}

// findAdapters asks for all objects and keeps the adapters only: devices that
// BlueZ remembers from before may be long gone.
func (s *session) findAdapters(ctx context.Context) error {
	var objects map[dbus.ObjectPath]map[string]map[string]dbus.Variant
	if err := s.call(ctx, "/", objectsIface+".GetManagedObjects").Store(&objects); err != nil {
		return err
	}
	for path, interfaces := range objects {
		if properties, ok := interfaces[adapterIface]; ok {
			s.adapters[path] = readAdapter(properties)
		}
	}
	// After the call above, as it may have started the service.
	return s.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, busName).Store(&s.owner)
}

func readAdapter(properties map[string]dbus.Variant) *adapter {
	a := &adapter{}
	a.powered, _ = properties["Powered"].Value().(bool)
	if a.name, _ = properties["Alias"].Value().(string); a.name == "" {
		a.name, _ = properties["Name"].Value().(string)
	}
	return a
}

// usable says why no adapter can be used, or nil.
func (s *session) usable() error {
	if len(s.adapters) == 0 {
		return mfa.Fail(mfa.CodeRadioMissing)
	}
	for _, a := range s.adapters {
		if a.powered {
			return nil
		}
	}
	return mfa.Fail(mfa.CodeRadioOff)
}

// listens says why nothing can be heard any more, or nil.
func (s *session) listens() error {
	for _, a := range s.adapters {
		if a.discovering {
			return nil
		}
	}
	if err := s.usable(); err != nil {
		return err
	}
	return mfa.Fail(mfa.CodeRadioFailed)
}

// startAll begins discovery on every adapter that is on. One is enough; if all
// refuse it gives the first refusal.
func (s *session) startAll(ctx context.Context) error {
	if err := s.usable(); err != nil {
		return err
	}
	var refused error
	for path, a := range s.adapters {
		if !a.powered {
			continue
		}
		if err := s.start(ctx, path, a); err != nil {
			if refused == nil {
				refused = err
			}
		}
	}
	if s.listens() == nil {
		return nil
	}
	return meaning(ctx, refused)
}

// start begins discovery of low-energy adverts, repeats included: without
// repeats BlueZ tells only the first advert of a device, and a phone that was
// seen before would stay silent. No UUIDs are asked for, because BlueZ would
// hold them against the list of services and not the service data.
func (s *session) start(ctx context.Context, path dbus.ObjectPath, a *adapter) error {
	filter := map[string]dbus.Variant{
		"Transport":     dbus.MakeVariant("le"),
		"DuplicateData": dbus.MakeVariant(true),
	}
	if err := s.call(ctx, path, adapterIface+".SetDiscoveryFilter", filter).Err; err != nil {
		return err
	}
	err := s.call(ctx, path, adapterIface+".StartDiscovery").Err
	if err != nil && errorName(err) != "org.bluez.Error.InProgress" {
		return err
	}
	a.discovering = true
	return nil
}

// restartAll ends and begins discovery where it runs, and gives an adapter that
// refused before another chance.
func (s *session) restartAll(ctx context.Context) error {
	for path, a := range s.adapters {
		if a.discovering {
			a.discovering = false
			s.call(ctx, path, adapterIface+".StopDiscovery") // it may have ended by itself
		}
	}
	return s.startAll(ctx)
}

// stopAll is for the way out, when ctx is over. The end of the connection would
// stop the discovery too; this only does it in good form.
func (s *session) stopAll() {
	ctx, cancel := context.WithTimeout(context.Background(), partingTimeout)
	defer cancel()
	for path, a := range s.adapters {
		if a.discovering {
			s.call(ctx, path, adapterIface+".StopDiscovery")
		}
	}
}
