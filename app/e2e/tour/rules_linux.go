package main

import (
	"context"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

const (
	anyDevice = "EnableAnyDevice" // what a new user may do until somebody decides otherwise
	fipsOnly  = "FipsKeysOnly"
)

// rules holds somebody to certified keys, who tries another one all the same.
func (v *visitor) rules() []chapter {
	return []chapter{
		{"Write rules", []walk.Step{
			v.NewPolicy("fips-140-2-l2", fipsOnly, "2"), v.Push("policies.s_admits"), v.Looks("policy-admits"),
			v.Push("policies.s_all"),
			v.Push("policies.s_groups"), v.Title("policies.s_groups"), v.Looks("policy-groups"),
			v.OpenUser("olivia"), v.Exchange("olivia", anyDevice, fipsOnly),
		}},
		{"Be refused", []walk.Step{
			v.SignOut, v.UserPassword("olivia", userPassword), v.IsHome, v.NameDevice("olivias-key"), v.Says("trust.s_doomed"), v.Looks("add-device-doomed"),
			v.Push("add.s_key"), v.Push("do.s_continue"), v.Title("touch.s_insert"), v.Plug(true), v.Touch("key-touch"),
			v.Title("failure.device-not-admitted.s_title"), v.Looks("key-refused"),
			v.Push("keys.s_clean"), v.Title("failure.pin-not-set.s_title"), v.Looks("key-left-no-pin"), v.Push("pin.s_set"),
			v.Enter("pin.s_new", keyPIN), v.Enter("pin.s_again", keyPIN), v.Push("do.s_save"), v.Enter("pin.s_pin", keyPIN), v.Push("onkey.s_open"),
			v.Says("onkey.s_left"), v.Looks("key-left"), v.Push("onkey.l_delete_named", "user", "olivia", "rpId", rpID), v.Push("onkey.s_delete"), v.Says("onkey.s_none"),
			v.Push("nav.s_keys"), v.Plug(false), v.SignOut, v.rootAgain,
		}},
	}
}

// rootAgain signs root in, with the app where the walk has added one.
func (v *visitor) rootAgain(ctx context.Context) error {
	if err := walk.Do(ctx, v.RootPassword(walk.Password), v.SaysOne("second.s_title", "grace.s_skip", "nav.s_security")); err != nil {
		return err
	}
	if v.Reads(ctx, v.Words.Say("second.s_title")) {
		return walk.Do(ctx, v.Push("second.s_code"), v.SignInWithNext(&v.app), v.IsHome)
	}
	return v.IsHome(ctx)
}
