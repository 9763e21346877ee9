package ble

import (
	"context"
	"errors"

	"github.com/godbus/dbus/v5"

	"github.com/keyferry/keyferry/backend/mfa"
)

func errorName(err error) string {
	var e dbus.Error
	if errors.As(err, &e) {
		return e.Name
	}
	return ""
}

// meaning turns what D-Bus or BlueZ answered into a failure with something to
// do about it.
func meaning(ctx context.Context, err error) error {
	var f *mfa.Failure
	switch {
	case err == nil:
		return mfa.Fail(mfa.CodeRadioFailed)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &f):
		return f
	case errors.Is(err, dbus.ErrClosed):
		return mfa.Fail(mfa.CodeRadioNoService).Because(err)
	}
	code := mfa.CodeRadioFailed
	switch errorName(err) {
	case "org.freedesktop.DBus.Error.ServiceUnknown",
		"org.freedesktop.DBus.Error.NameHasNoOwner",
		"org.freedesktop.DBus.Error.Disconnected",
		"org.freedesktop.DBus.Error.Spawn.ServiceNotFound",
		"org.freedesktop.DBus.Error.Spawn.ChildExited",
		"org.freedesktop.DBus.Error.Spawn.ExecFailed",
		"org.freedesktop.systemd1.NoSuchUnit",
		"org.freedesktop.systemd1.UnitMasked":
		code = mfa.CodeRadioNoService
	case "org.freedesktop.DBus.Error.AccessDenied",
		"org.freedesktop.DBus.Error.AuthFailed",
		"org.bluez.Error.NotAuthorized",
		"org.bluez.Error.NotPermitted":
		code = mfa.CodeRadioDenied
	case "org.bluez.Error.NotReady":
		code = mfa.CodeRadioOff
	case "org.freedesktop.DBus.Error.UnknownObject",
		"org.bluez.Error.DoesNotExist",
		"org.bluez.Error.NotAvailable":
		code = mfa.CodeRadioMissing // the adapter went between two calls
	}
	return mfa.Fail(code).Because(err)
}
