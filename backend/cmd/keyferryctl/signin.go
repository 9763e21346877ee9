package main

import (
	"context"
	"flag"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
)

type sessionJSON struct {
	Principal string `json:"principal"`
	MFA       bool   `json:"mfa"`
	StartedAt int64  `json:"started_at"`
	MFAAt     int64  `json:"mfa_at"`
	Device    string `json:"device,omitempty"`
}

var signIn = command{
	path: []string{"signin"}, summary: "sign in and say whether a device proved it (exit code 0 only then)",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var s withSession
		s.flags(fs)
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) > 0 {
				return usage("signin takes no arguments")
			}
			t.staged, t.attempt = true, words.SignIn
			return s.run(ctx, t, g, func(house *assembly.House, session mfa.Session) error {
				t.attempt = ""
				return printSession(ctx, t, house, session)
			})
		}
	},
}

// printSession says who signed in and how. Without a second factor it fails with
// mfa-required.
func printSession(ctx context.Context, t *terminal, house *assembly.House, session mfa.Session) error {
	principal, err := house.Store.Principal(ctx, session.PrincipalID)
	if err != nil {
		return err
	}
	device := ""
	if session.MFAPresent() {
		d, err := house.Store.Device(ctx, session.DeviceID)
		if err != nil {
			return err
		}
		device = d.Name
	}
	t.line(stageLine{Stage: mfa.StageDone, Purpose: "sign-in", Message: words.Stage(mfa.StageDone), Session: &sessionJSON{
		Principal: principal.Label(), MFA: session.MFAPresent(),
		StartedAt: milliseconds(session.StartedAt), MFAAt: milliseconds(session.MFAAt), Device: device}})
	if !session.MFAPresent() {
		t.say("%s signed in with the password only: there is no device to prove it.", principal.Label())
		return mfa.Fail(mfa.CodeMFANeeded)
	}
	t.say("%s signed in. MFA verified by %s.", principal.Label(), device)
	return nil
}
