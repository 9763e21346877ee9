package main

import (
	"context"
	"flag"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
)

var (
	enrollPhone    = enrolling("phone", mfa.RoadPhone, "add a phone as a passkey device by a QR code")
	enrollKey      = enrolling("key", mfa.RoadKey, "add a security key (USB, or NFC on a reader)")
	enrollComputer = enrolling("computer", mfa.RoadComputer, "add this computer, whose TPM keeps the passkey and asks for a PIN")
)

// enrolling makes the command that adds a passkey by a road.
func enrolling(what string, road mfa.Road, summary string) command {
	return command{
		path: []string{"enroll", what}, args: "--name N [--user U]", summary: summary,
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
					return usage("enroll %s needs --name, and nothing else", what)
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
					shown, err := s.w.stages(ctx, t, house, "enrol", road)
					if err != nil {
						return err
					}
					defer shown.end()
					person := s.w.person(t, shown)
					person.Confirm = t.confirm(yes)
					device, err := house.Ceremonies.Enrol(ctx, session, target, name, house.Road(road), person)
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
}

// places are where a passkey lies, by the road to it.
var places = map[mfa.Road]string{mfa.RoadPhone: "phone", mfa.RoadKey: "security key", mfa.RoadComputer: "computer", mfa.RoadSystem: "device"}

// confirm asks "Add?", or answers by --yes.
func (t *terminal) confirm(yes bool) ceremony.Confirm {
	return func(ctx context.Context, c ceremony.Candidate) (bool, error) {
		provider := c.Provider
		if provider == "" {
			provider = "the passkey"
		}
		where := "on this " + places[c.Road] + " only"
		if c.Synced {
			where = "synced"
		}
		t.line(stageLine{Stage: mfa.StageNameDevice, Purpose: "enrol", Message: words.Stage(mfa.StageNameDevice),
			Found: &foundPasskey{Provider: c.Provider, AAGUID: c.AAGUID.String(), Synced: c.Synced, OnPhone: c.OnPhone, Road: c.Road}})
		t.say("%s: %s, %s", words.Stage(mfa.StageNameDevice), provider, where)
		if yes {
			return true, nil
		}
		return t.yes(ctx, "Add "+provider+" on your "+places[c.Road]+"?", "--yes")
	}
}
