package main

import (
	"context"
	"flag"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
)

var enrollPhone = command{
	path: []string{"enroll", "phone"}, args: "--name N [--user U]", summary: "add a phone as a passkey device by a QR code",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var s withSession
		var name string
		var yes bool
		s.flags(fs)
		user := userFlag(fs)
		fs.StringVar(&name, "name", "", "the device's name (`N`)")
		fs.BoolVar(&yes, "yes", false, "answer yes to \"Add?\"")
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) > 0 || name == "" {
				return usage("enroll phone needs --name, and nothing else")
			}
			if err := mfa.CheckName(name); err != nil {
				return err // before the password is asked for
			}
			t.staged, t.attempt = true, words.Enrol
			return s.run(ctx, t, g, func(house *assembly.House, session mfa.Session) error {
				target, err := (&seat{House: house, session: session}).target(ctx, mfa.OpEnableDevice, *user)
				if err != nil {
					return err
				}
				shown := s.w.phone.stages(ctx, t, house, "enrol")
				defer shown.end()
				device, err := house.Ceremonies.Enrol(ctx, session, target, name, mfa.RoadPhone, ceremony.Person{Report: shown.report, Confirm: t.confirm(yes)})
				if err != nil {
					return err
				}
				t.attempt = ""
				j := deviceOf(device)
				t.line(stageLine{Stage: mfa.StageDone, Purpose: "enrol", Message: words.Stage(mfa.StageDone), Device: &j})
				t.say("Added %s.", device.Name)
				return nil
			})
		}
	},
}

// confirm asks "Add?", or answers by --yes.
func (t *terminal) confirm(yes bool) ceremony.Confirm {
	return func(ctx context.Context, c ceremony.Candidate) (bool, error) {
		provider := c.Provider
		if provider == "" {
			provider = "the passkey"
		}
		where := "on this phone only"
		if c.Synced {
			where = "synced"
		}
		t.line(stageLine{Stage: mfa.StageNameDevice, Purpose: "enrol", Message: words.Stage(mfa.StageNameDevice),
			Found: &foundPasskey{Provider: c.Provider, AAGUID: c.AAGUID.String(), Synced: c.Synced, OnPhone: c.OnPhone}})
		t.say("%s: %s, %s", words.Stage(mfa.StageNameDevice), provider, where)
		if yes {
			return true, nil
		}
		return t.yes(ctx, "Add "+provider+" on your phone?", "--yes")
	}
}
