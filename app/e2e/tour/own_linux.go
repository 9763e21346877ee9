package main

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// visitor is root of the account in the pictures, with an authenticator app.
type visitor struct {
	walk.Person
	h   *harbour
	app walk.Authenticator
}

// door is signing in, and what comes before one is inside.
func (v *visitor) door() []chapter {
	return []chapter{
		{"Sign in, wrongly and rightly", []walk.Step{
			v.OpenSandboxAgain, v.RootPassword("wrong horse 7"), v.Failed("sign-in-refused"),
			v.RootPassword(walk.Password), v.IsHome,
		}},
		{"Choose a password of one's own", []walk.Step{
			v.SignOut, v.UserPassword("frank", givenByRoot), v.ChangePassword(givenByRoot, userPassword), v.IsHome, v.Looks("home-user"),
			v.SignOut, v.RootPassword(walk.Password), v.IsHome,
		}},
	}
}

// own adds a device of each kind.
func (v *visitor) own() []chapter {
	stock := v.h.tokens[0]
	now := stock.Step(time.Now())
	return []chapter{
		{"Add a phone", []walk.Step{
			v.Push("home.s_add"), v.Enter("add.s_name", "my phone"), v.Says("add.l_suggest", "name", "my-phone"), v.Looks("add-device-refused"), v.Push("do.s_cancel"),
			v.BeginAdding("my-pixel"), v.Scan, v.Answer(true), v.Accept("my-pixel"),
			v.Push("home.s_add"), v.Enter("add.s_name", "my-aegis"), v.Says("failure.mfa-required.s_title"), v.Looks("add-device-mfa-needed"),
			v.Push("do.s_sign_in_again"), v.BeginSignIn, v.Scan, v.Answer(true), v.IsHome,
		}},
		{"Add an authenticator app", []walk.Step{func(ctx context.Context) (err error) {
			v.app, err = v.AddApp(ctx, "my-aegis")
			return err
		}}},
		{"Add a hardware token", []walk.Step{
			v.NameDevice("my-token"), v.Push("device.s_token"), v.Push("do.s_continue"), v.Title("token.s_title"),
			v.Enter("details.s_number", stock.serial),
			v.Enter("code.s_first", stock.Code(now)), v.Enter("code.s_second", stock.Code(now)), v.Push("token.s_add"),
			v.Says("failure.codes-equal.s_title"), v.Looks("token-codes-equal"),
			v.pair(stock.Authenticator, -1, 0), v.Push("token.s_add"), v.Added("my-token"),
		}},
		{"Look at one's devices", []walk.Step{
			v.Looks("home"), v.Push("device.l_details_named", "name", "my-token"), v.Says("drift.s_title"), v.Scroll("access.s_title"), v.Looks("device-details"),
			v.Push("device.l_details_named", "name", "my-token"),
			v.Push("device.l_more", "name", "my-aegis"), v.Says("device.s_resync"), v.Looks("device-menu"), v.Push("device.s_resync"),
			v.Title("device.l_resync_title", "name", "my-aegis"), v.Looks("device-resync"), v.Push("do.s_cancel"),
			v.Push("device.l_rename_named", "name", "my-token"), v.Says("device.s_new_name"), v.Looks("device-rename"), v.Push("do.s_cancel"),
			v.Push("device.l_more", "name", "my-token"), v.Push("device.s_remove_menu"), v.Title("remove.l_title", "name", "my-token"),
			v.Looks("device-remove"), v.Push("remove.s_keep"),
			v.Push("password.s_change"), v.Says("password.s_old"), v.Looks("password-change"), v.Push("do.s_cancel"),
		}},
		{"Sign in with a code, after wrong ones", []walk.Step{
			v.SignOut, v.RootPassword(walk.Password), v.Title("second.s_title"), v.Looks("second-factor"), v.Push("second.s_code"), v.CodeScreen,
			v.wrongCodes, v.Says("code.s_trouble"), v.Looks("sign-in-code-wrong"),
			v.Push("code.s_resync"), v.Title("code.s_resync_title"), v.swapped, v.Push("code.s_resync"),
			v.Says("failure.codes-swapped.s_title"), v.Looks("sign-in-resync"), v.Push("do.s_back"), v.SignInWithNext(&v.app), v.IsHome,
		}},
		{"Print recovery codes", []walk.Step{
			v.Push("recovery.s_make"), v.Says("recovery.p_what"), v.Looks("recovery-codes-before"), v.Push("recovery.s_make"),
			v.Says("recovery.l_once"), v.Looks("recovery-codes"), v.Push("recovery.s_have"), v.IsHome, v.Says("recovery.l_left", "n", "10"), v.Looks("home-full"),
		}},
	}
}

// pair types the codes of two steps around the one that is now: now for both, however
// long the typing takes.
func (v *visitor) pair(a walk.Authenticator, first, second int64) walk.Step {
	return func(ctx context.Context) error {
		now := a.Step(time.Now())
		return walk.Do(ctx, v.Enter("code.s_first", a.Code(now+first)), v.Enter("code.s_second", a.Code(now+second)))
	}
}

// wrongCodes types so many that resynchronising is offered.
func (v *visitor) wrongCodes(ctx context.Context) error {
	wrong := v.app.Wrong()
	for range 5 {
		if err := walk.Do(ctx, v.TypeCode(wrong), v.Says("failure.code-wrong.s_title")); err != nil {
			return err
		}
	}
	return nil
}

// swapped types two codes of the app the wrong way round.
func (v *visitor) swapped(ctx context.Context) error {
	return v.pair(v.app, 5, 4)(ctx)
}
