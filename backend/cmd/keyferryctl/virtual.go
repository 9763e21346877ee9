package main

import (
	"context"
	"flag"
	"strconv"

	"github.com/keyferry/keyferry/backend/ceremony"
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
		target, err := s.target(ctx, mfa.OpCreateVirtualDevice, *user)
		if err != nil {
			return err
		}
		// The files first: a key that could not be written down is lost, and the app with it.
		var files keyFiles
		defer files.drop()
		if files.picture, err = createIfGiven(*qr); err != nil {
			return err
		}
		if files.key, err = createIfGiven(*keyFile); err != nil {
			return err
		}
		app, err := s.Ceremonies.CreateApp(ctx, s.session, target, *name)
		if err != nil {
			return err
		}
		defer app.Wipe()
		s.t.attempt = "" // others may be gone, whatever comes
		if err := s.writeDown(ctx, app, &files); err != nil {
			return err
		}
		swept := s.sweptFor(ctx, app.Device.ID)
		out := map[string]any{"device": deviceOf(app.Device), "serial": app.Device.Serial, "swept": swept}
		s.t.say("Made %s: %s", app.Device.Name, app.Device.Serial)
		if swept > 0 {
			s.t.say("That deleted %s that belonged to nobody.", plural(swept, "other app"))
		}
		if files.picture != nil {
			s.t.say("Scan %s with the authenticator app, and delete it.", *qr)
		}
		if files.key != nil {
			s.t.say("Its key is in %s.", *keyFile)
		}
		if files.none() {
			out["base32_string_seed"] = string(app.Key.Bytes())
			s.t.say("Key  %s", app.Key.Bytes())
		}
		s.t.result(out)
		s.t.say("Then: keyferryctl devices enable %s --codes A B", app.Device.Name)
		return nil
	}
})

// keyFiles are where the key of an app is written down.
type keyFiles struct{ picture, key *newFile }

func (f *keyFiles) none() bool { return f.picture == nil && f.key == nil }

// drop takes away what was not filled.
func (f *keyFiles) drop() {
	f.picture.drop()
	f.key.drop()
}

// writeDown fills the files with an app's key, which nothing gives a second time. Where
// that fails the app goes again, and what was written of its key: an app whose key
// nobody has stands in the way of its name.
func (s *seat) writeDown(ctx context.Context, app ceremony.NewApp, f *keyFiles) error {
	err := f.fill(app)
	if err == nil {
		return nil
	}
	f.picture.remove()
	f.key.remove()
	d := app.Device
	if left := s.Devices.Delete(context.WithoutCancel(ctx), s.session, d.ID, d.Version); left != nil {
		s.t.warn(left)
		s.t.say("Nobody has the key of %s. Delete it: keyferryctl devices delete %s", d.Name, d.Serial)
		return err
	}
	s.t.say("Deleted %s again, as its key could not be written.", d.Name)
	return err
}

func (f *keyFiles) fill(app ceremony.NewApp) error {
	if f.picture != nil {
		if err := drawTo(f.picture, app.URI); err != nil {
			return err
		}
	}
	if f.key != nil {
		return f.key.fill(app.Key.Bytes())
	}
	return nil
}

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
