package main

import (
	"context"
	"flag"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/qrpicture"
)

// virtualCreate is the one place where a key leaves the program, because an
// authenticator app must get it: on the terminal (IAM: Base32StringSeed), in a picture
// (QRCodePNG), or in a file.
var virtualCreate = changing("virtual create", "--name N [--qr FILE] [--key-file FILE] [--user U]", "make an authenticator app's key; devices enable makes it work", func(fs *flag.FlagSet) action {
	user := userFlag(fs)
	name := fs.String("name", "", "the device's `NAME`")
	qr := fs.String("qr", "", "write the code to scan as a PNG to `FILE`, which must not exist, and do not print the key")
	keyFile := fs.String("key-file", "", "write the key to `FILE`, which must not exist, and do not print it")
	return func(ctx context.Context, s *seat) error {
		if *name == "" {
			return usage("virtual create needs --name")
		}
		target, err := s.target(ctx, *user)
		if err != nil {
			return err
		}
		// The files first: a key that could not be written down is lost, and the app with it.
		picture, err := createIfGiven(*qr)
		if err != nil {
			return err
		}
		defer picture.drop()
		key, err := createIfGiven(*keyFile)
		if err != nil {
			return err
		}
		defer key.drop()
		app, err := s.Ceremonies.CreateApp(ctx, s.session, target, *name)
		if err != nil {
			return err
		}
		defer app.Wipe()
		s.t.attempt = "" // the app is there, whatever comes
		swept := s.sweptFor(ctx, app.Device.ID)
		out := map[string]any{"device": deviceOf(app.Device), "serial": app.Device.Serial, "swept": swept}
		s.t.say("Made %s: %s", app.Device.Name, app.Device.Serial)
		if swept > 0 {
			s.t.say("That deleted %s that belonged to nobody.", plural(swept, "other app"))
		}
		if picture != nil {
			if err := drawTo(picture, app.URI); err != nil {
				return err
			}
			s.t.say("Scan %s with the authenticator app, and delete it.", *qr)
		}
		if key != nil {
			if err := key.fill(app.Key.Bytes()); err != nil {
				return err
			}
			s.t.say("Its key is in %s.", *keyFile)
		}
		if picture == nil && key == nil {
			out["base32_string_seed"] = string(app.Key.Bytes())
			s.t.say("Key  %s", app.Key.Bytes())
		}
		s.t.result(out)
		s.t.say("Then: keyferryctl devices enable %s --codes A B", app.Device.Name)
		return nil
	}
})

// sweptFor says how many apps that nobody had went when this one came. Its event knows;
// the person may not be allowed to list them.
func (s *seat) sweptFor(ctx context.Context, deviceID string) int {
	found, err := s.Store.FindEvents(ctx, mfa.EventFilter{Kinds: []mfa.EventKind{mfa.EventVirtualCreated}, Limit: 1})
	if err != nil {
		s.t.warn(err) // the app is there all the same, and its key must be shown
		return 0
	}
	if len(found) == 0 || found[0].DeviceID != deviceID {
		return 0
	}
	n, _ := strconv.Atoi(found[0].Detail["swept"]) // not there: none
	return n
}

// drawTo draws an otpauth address for a camera.
func drawTo(f *newFile, uri *mfa.Secret) error {
	code, err := qrpicture.Draw(string(uri.Bytes()))
	if err != nil {
		return err
	}
	png := code.PNG(pixelsPerModule, qrpicture.QuietZone)
	defer clear(png)
	return f.fill(png)
}

var virtualList = signed("virtual list", "[--status S]", "list authenticator apps", func(fs *flag.FlagSet) action {
	status := fs.String("status", "any", "which ones: `assigned|unassigned|any`")
	return func(ctx context.Context, s *seat) error {
		if *status != "any" && *status != "assigned" && *status != "unassigned" {
			return usage("--status is assigned, unassigned or any")
		}
		list, table := []deviceJSON{}, newTable("NAME", "USER", "ENABLED", "SERIAL NUMBER")
		add := func(d mfa.Device, user string) {
			j := deviceOf(d)
			j.User = user
			list = append(list, j)
			table.row(d.Name, user, when(d.EnabledAt), d.Serial)
		}
		unassigned, err := s.Devices.Unassigned(ctx, s.session)
		if err != nil {
			return err
		}
		if *status != "unassigned" {
			if err := s.assignedApps(ctx, add); err != nil {
				return err
			}
		}
		if *status != "assigned" {
			for _, d := range unassigned {
				add(d, "")
			}
		}
		s.t.result(map[string]any{"virtual_devices": list})
		s.t.say("%s", table)
		return nil
	}
})

func (s *seat) assignedApps(ctx context.Context, add func(d mfa.Device, user string)) error {
	apps, err := s.Devices.Assigned(ctx, s.session)
	if err != nil {
		return err
	}
	users, err := s.Accounts.Users(ctx, s.session)
	if err != nil {
		return err
	}
	names := make(map[string]string, len(users))
	for _, u := range users {
		names[u.ID] = u.Name
	}
	for _, d := range apps {
		add(d, names[d.PrincipalID])
	}
	return nil
}
