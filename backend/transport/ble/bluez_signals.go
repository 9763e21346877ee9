package ble

import (
	"context"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// take reads one signal. It fails when nothing can be heard any more. Whatever
// a signal holds besides what it should is passed over.
func (s *session) take(ctx context.Context, signal *dbus.Signal, heard func(transport.Advert)) error {
	if signal.Name == "org.freedesktop.DBus.NameOwnerChanged" {
		return s.ownerChanged(signal)
	}
	if signal.Sender != s.owner {
		return nil
	}
	switch signal.Name {
	case objectsIface + ".InterfacesAdded":
		var path dbus.ObjectPath
		var interfaces map[string]map[string]dbus.Variant
		if dbus.Store(signal.Body, &path, &interfaces) != nil {
			return nil
		}
		emitAdverts(interfaces[deviceIface], heard)
		if properties, ok := interfaces[adapterIface]; ok {
			return s.adapterChanged(ctx, path, properties)
		}
	case objectsIface + ".InterfacesRemoved":
		var path dbus.ObjectPath
		var interfaces []string
		if dbus.Store(signal.Body, &path, &interfaces) != nil {
			return nil
		}
		for _, name := range interfaces {
			if name == adapterIface {
				delete(s.adapters, path)
				return s.listens()
			}
		}
	case propertiesIface + ".PropertiesChanged":
		if len(signal.Body) < 2 {
			return nil
		}
		name, _ := signal.Body[0].(string)
		properties, _ := signal.Body[1].(map[string]dbus.Variant)
		switch name {
		case deviceIface:
			emitAdverts(properties, heard)
		case adapterIface:
			return s.adapterChanged(ctx, signal.Path, properties)
		}
	}
	return nil
}

func (s *session) ownerChanged(signal *dbus.Signal) error {
	var name, before, after string
	if signal.Sender != "org.freedesktop.DBus" || dbus.Store(signal.Body, &name, &before, &after) != nil ||
		name != busName || after == s.owner {
		return nil
	}
	return mfa.Fail(mfa.CodeRadioNoService)
}

// adapterChanged follows an adapter that came, or was switched on or off.
func (s *session) adapterChanged(ctx context.Context, path dbus.ObjectPath, properties map[string]dbus.Variant) error {
	powered, told := properties["Powered"].Value().(bool)
	a := s.adapters[path]
	if a == nil {
		a = readAdapter(properties)
		s.adapters[path] = a
	}
	switch {
	case told && !powered:
		a.powered, a.discovering = false, false
	case told && !a.discovering:
		a.powered = true
		_ = s.start(ctx, path, a) // a refusal leaves what runs already; the next restart tries again
	}
	return s.listens()
}

// emitAdverts gives what a device's properties say under the two UUIDs.
func emitAdverts(device map[string]dbus.Variant, heard func(transport.Advert)) {
	services, _ := device["ServiceData"].Value().(map[string]dbus.Variant)
	for uuid, value := range services {
		service := phoneService(uuid)
		data, isBytes := value.Value().([]byte)
		if service == 0 || !isBytes || len(data) > maxData {
			continue
		}
		signal, _ := device["RSSI"].Value().(int16)
		heard(transport.Advert{Service: service, Data: data, Signal: int(signal)})
	}
}

// phoneService reads a UUID as BlueZ writes it; 0 is any other.
func phoneService(uuid string) uint16 {
	switch {
	case strings.EqualFold(uuid, "0000fff9-0000-1000-8000-00805f9b34fb"):
		return transport.ServiceFIDO
	case strings.EqualFold(uuid, "0000fde2-0000-1000-8000-00805f9b34fb"):
		return transport.ServiceLegacy
	}
	return 0
}
