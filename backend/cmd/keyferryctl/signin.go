package main

import (
	"context"
	"flag"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/enforcement"
	"github.com/keyferry/keyferry/backend/mfa"
)

type sessionJSON struct {
	Principal string    `json:"principal"`
	MFA       bool      `json:"mfa"`
	StartedAt int64     `json:"started_at"`
	MFAAt     int64     `json:"mfa_at"`
	Device    string    `json:"device,omitempty"`
	Recovered bool      `json:"recovered,omitempty"` // a recovery code stood in for a device
	Limit     mfa.Limit `json:"limit,omitempty"`
	Deadline  int64     `json:"mfa_deadline,omitempty"` // until when one may go without a device
}

var signIn = command{
	path: []string{"signin"}, args: "[--key | --computer | --code C | --recovery-code-file F] [--passkey]",
	summary: "sign in and say whether a device proved it (exit code 0 only then, or with a recovery code)",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var s withSession
		s.flags(fs)
		s.w.resyncFlags(fs)
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

// printSession says who signed in and how. It fails with what the session is held to
// (password-change-needed, device-setup-needed), and without a second factor with
// mfa-required.
func printSession(ctx context.Context, t *terminal, house *assembly.House, session mfa.Session) error {
	principal, err := house.Store.Principal(ctx, session.PrincipalID)
	if err != nil {
		return err
	}
	j := &sessionJSON{Principal: principal.Label(), MFA: session.MFAPresent(), StartedAt: milliseconds(session.StartedAt),
		MFAAt: milliseconds(session.MFAAt), Recovered: !session.RecoveredAt.IsZero(), Limit: session.Limit}
	if session.MFAPresent() {
		d, err := house.Store.Device(ctx, session.DeviceID)
		if err != nil {
			return err
		}
		j.Device = d.Name
	}
	verdict, err := house.Accounts.Verdict(ctx, principal)
	if err != nil {
		return err
	}
	if verdict.State == enforcement.Grace {
		j.Deadline = milliseconds(verdict.Deadline)
	}
	t.line(stageLine{Stage: mfa.StageDone, Purpose: "sign-in", Message: words.Stage(mfa.StageDone), Session: j})
	switch {
	case j.MFA:
		t.say("%s signed in. MFA verified by %s.", j.Principal, j.Device)
	case j.Recovered:
		t.say("%s signed in with a recovery code. Remove the device that is lost, and add another.", j.Principal)
	default:
		t.say("%s signed in with the password only: there is no device to prove it. To add one: keyferryctl virtual create, or enroll phone, key or computer.", j.Principal)
	}
	if j.Deadline != 0 {
		t.say("Without a device that goes on until %s.", when(verdict.Deadline))
	}
	switch {
	case session.Limit == mfa.LimitNewPassword:
		return mfa.Fail(mfa.CodeChangeNeeded)
	case session.Limit == mfa.LimitSetUpDevice:
		return mfa.Fail(mfa.CodeSetUpNeeded)
	case !j.MFA && !j.Recovered:
		return mfa.Fail(mfa.CodeMFANeeded)
	}
	return nil
}
