package main

import (
	"context"
	"flag"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The commands of IAM's MFA devices: list, get, enable, deactivate, delete, resync;
// rename is this product's own. remove is another word for deactivate, and assign for
// enable.

var devicesList = signed("devices list", "[--user U]", "list somebody's devices", func(fs *flag.FlagSet) action {
	user := userFlag(fs)
	return func(ctx context.Context, s *seat) error {
		target, err := s.target(ctx, mfa.OpListDevices, *user)
		if err != nil {
			return err
		}
		devices, err := s.Devices.List(ctx, s.session, target)
		if err != nil {
			return err
		}
		s.t.result(map[string]any{"devices": devicesJSON(devices)})
		s.t.say("%s", deviceTable(devices))
		return nil
	}
})

var devicesUnassigned = signed("devices unassigned", "", "list authenticator apps and tokens that belong to nobody", plain(func(ctx context.Context, s *seat) error {
	apps, err := s.Devices.Unassigned(ctx, s.session)
	if err != nil {
		return err
	}
	tokens, err := s.Devices.Tokens(ctx, s.session)
	if err != nil {
		return err
	}
	all := append(apps, tokens...)
	s.t.result(map[string]any{"devices": devicesJSON(all)})
	s.t.say("%s", deviceTable(all))
	return nil
}))

var devicesGet = signed("devices get", "SERIAL [--user U]", "show a passkey by its serial number (an ARN with u2f)", func(fs *flag.FlagSet) action {
	user := userFlag(fs)
	return func(ctx context.Context, s *seat) error {
		target, err := s.target(ctx, mfa.OpListDevices, *user)
		if err != nil {
			return err
		}
		d, err := s.Devices.Get(ctx, s.session, target, s.args[0])
		if err != nil {
			return err
		}
		s.t.result(deviceOf(d))
		s.t.say("%s", deviceTable([]mfa.Device{d}))
		s.t.sayTrust(d)
		return nil
	}
})

var (
	devicesEnable = changing("devices enable", "SERIAL --codes A B [--user U] [--name N]", "give an authenticator app or a token to somebody", setEnable)
	devicesAssign = changing("devices assign", "SERIAL --codes A B [--user U] [--name N]", "the same as devices enable", setEnable)
)

func setEnable(fs *flag.FlagSet) action {
	user, codes := userFlag(fs), codesFlag(fs)
	name := fs.String("name", "", "the device's `NAME` (tokens only: an app has one)")
	return func(ctx context.Context, s *seat) error {
		first, second, err := codes.get()
		if err != nil {
			return err
		}
		target, err := s.target(ctx, mfa.OpEnableDevice, *user)
		if err != nil {
			return err
		}
		d, err := s.bySerial(ctx, s.args[0])
		if err != nil {
			return err
		}
		switch {
		case d.Kind == mfa.KindToken && *name == "":
			return usage("a token gets its name now: --name N")
		case d.Kind == mfa.KindToken:
			d, err = s.Ceremonies.AssignToken(ctx, s.session, target, d.Serial, *name, first, second)
		default:
			d, err = s.Ceremonies.EnableApp(ctx, s.session, target, d.ID, first, second)
		}
		if err != nil {
			return ofPair(err)
		}
		s.t.result(deviceOf(d))
		s.t.say("Enabled %s. These two codes are used up: sign in with the next one.", d.Name)
		return nil
	}
}

var (
	devicesDeactivate = changing("devices deactivate", "DEVICE [--user U] [--yes]", "take a device from its owner: a passkey is deleted, an app is unassigned, a token goes to stock", setDeactivate)
	devicesRemove     = changing("devices remove", "DEVICE [--user U] [--yes]", "the same as devices deactivate", setDeactivate)
)

func setDeactivate(fs *flag.FlagSet) action {
	user, yes := userFlag(fs), yesFlag(fs)
	return func(ctx context.Context, s *seat) error {
		d, err := s.device(ctx, *user, s.args[0])
		if err != nil {
			return err
		}
		if err := s.sure(ctx, *yes, "Remove "+d.Name+"? It can then no longer sign in."); err != nil {
			return err
		}
		left, err := s.Devices.Remove(ctx, s.session, d.ID, d.Version)
		if err != nil {
			return err
		}
		s.t.result(map[string]any{"removed": d.ID, "name": d.Name, "kind": d.Kind, "left": left.ID != ""})
		s.t.say("Removed %s. %s", d.Name, whatIsLeft(d))
		return nil
	}
}

// whatIsLeft says where to find what a removed device leaves behind.
func whatIsLeft(d mfa.Device) string {
	switch {
	case d.Kind == mfa.KindApp:
		return "It belongs to nobody now, until it is enabled again, deleted or swept."
	case d.Kind == mfa.KindToken:
		return "It is in stock again."
	case d.Passkey.OnKey():
		return "Its passkey may still be on the security key. To delete it there: keyferryctl keys delete"
	case d.Passkey.OnComputer():
		return "Its passkey may still be kept by the computer. To delete it there: keyferryctl keys delete --computer"
	}
	return "Its passkey is still on the phone and can be deleted there."
}

var devicesDelete = changing("devices delete", "SERIAL [--yes]", "delete an app that belongs to nobody, or a token in stock", func(fs *flag.FlagSet) action {
	yes := yesFlag(fs)
	return func(ctx context.Context, s *seat) error {
		d, err := s.bySerial(ctx, s.args[0])
		if err != nil {
			return err
		}
		return s.delete(ctx, d, *yes)
	}
})

func (s *seat) delete(ctx context.Context, d mfa.Device, yes bool) error {
	if !d.IsAssigned() {
		if err := s.sure(ctx, yes, "Delete "+d.Serial+"? Its seed is gone then."); err != nil {
			return err
		}
	}
	if err := s.Devices.Delete(ctx, s.session, d.ID, d.Version); err != nil {
		return err
	}
	s.t.result(map[string]string{"deleted": d.ID, "serial": d.Serial})
	s.t.say("Deleted %s.", d.Serial)
	return nil
}

var devicesResync = changing("devices resync", "DEVICE --codes A B [--user U]", "learn a device's clock anew from two codes", func(fs *flag.FlagSet) action {
	user, codes := userFlag(fs), codesFlag(fs)
	return func(ctx context.Context, s *seat) error {
		first, second, err := codes.get()
		if err != nil {
			return err
		}
		d, err := s.device(ctx, *user, s.args[0])
		if err != nil {
			return err
		}
		if d, err = s.Ceremonies.Resync(ctx, s.session, d.ID, first, second); err != nil {
			return ofPair(err)
		}
		s.t.result(deviceOf(d))
		s.t.say("Resynced %s. These two codes are used up.", d.Name)
		return nil
	}
})

var devicesRename = changing("devices rename", "DEVICE NEW-NAME [--user U]", "rename a device", func(fs *flag.FlagSet) action {
	user := userFlag(fs)
	return func(ctx context.Context, s *seat) error {
		if err := mfa.CheckName(s.args[1]); err != nil {
			return err
		}
		d, err := s.device(ctx, *user, s.args[0])
		if err != nil {
			return err
		}
		renamed, err := s.Devices.Rename(ctx, s.session, d.ID, d.Version, s.args[1])
		if err != nil {
			return err
		}
		s.t.result(deviceOf(renamed))
		s.t.say("Renamed %s to %s.", d.Name, renamed.Name)
		return nil
	}
})
