package main

import (
	"context"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

const (
	keyName = "Simulated security key" // what the simulated key calls itself
	keyPIN  = "5182"
	rpID    = "sandbox.keyferry.internal"
)

// keys looks after a security key, adds it, and signs in with it. It is unplugged and
// empty before and after.
func (v *visitor) keys() []chapter {
	return []chapter{
		{"Look after a security key", []walk.Step{
			v.Open("keys"), v.Says("keys.s_none"), v.Looks("keys-none"), v.Plug(true), v.Button("keys.l_look", "key", keyName), v.Looks("keys"),
			v.OpenKey(keyName), v.Says("keys.s_pin_unset"), v.Looks("key"), v.Enter("metadata.s_for", "alice"), v.Key("Return"), v.SaysOne("trust.s_yes", "trust.s_no"), v.Looks("key-ask"),
			v.Push("pin.s_set"), v.Enter("pin.s_new", keyPIN), v.Enter("pin.s_again", keyPIN), v.Looks("key-set-pin"),
			v.Push("do.s_save"), v.Button("pin.s_change"), v.Looks("key-with-pin"),
			v.Push("pin.s_change"), v.Enter("pin.s_old", "0000"), v.Enter("pin.s_new", keyPIN), v.Enter("pin.s_again", keyPIN),
			v.Push("do.s_save"), v.Says("pin.l_wrong"), v.Looks("key-change-pin"), v.Push("do.s_cancel"),
			v.OpenPasskeys(keyName, keyPIN), v.Says("onkey.s_none"), v.Looks("key-passkeys-none"), v.Push("nav.s_keys"),
		}},
		{"Add a security key", []walk.Step{
			v.Plug(false), v.Open("security"), v.BeginAddingKey("harbour-key"), v.Unfold("phone.s_behaviour"), v.Looks("key-models"),
			v.Plug(true), v.Title("pin.s_title"), v.Looks("key-pin"), v.Enter("pin.s_pin", "0000"), v.Push("do.s_continue"), v.Says("pin.l_wrong"), v.Looks("key-pin-wrong"),
			v.Enter("pin.s_pin", "0001"), v.Push("do.s_continue"), v.Says("pin.s_replug"), v.Looks("key-pin-replug"),
			v.Enter("pin.s_pin", keyPIN), v.Push("do.s_continue"), v.Enabled("simkey.s_touch"), v.Looks("key-touch"),
			v.Push("simkey.s_unplug"), v.Title("failure.key-lost.s_title"), v.Looks("key-lost"), v.Push("do.s_replugged"),
			v.Plug(true), v.GivePIN(keyPIN), v.Touch("key-touch"), v.AcceptKey("harbour-key"),
			v.Push("device.l_details_named", "name", "harbour-key"), v.Looks("key-details"), v.Push("device.l_details_named", "name", "harbour-key"),
		}},
		{"Sign in by security key", []walk.Step{
			v.SignOut, v.BeginKeySignIn(), v.Title("pin.s_title"), v.Looks("sign-in-key-pin"), v.GivePIN(keyPIN), v.Touch("sign-in-key-touch"), v.IsHome,
			v.OpenKey(keyName), v.OpenPasskeys(keyName, keyPIN), v.Says("onkey.l_yours", "name", "harbour-key"), v.Looks("key-passkeys"),
			v.Push("onkey.l_delete_named", "user", walk.Email, "rpId", rpID), v.Title("onkey.l_delete"), v.Looks("key-passkey-delete"), v.Push("remove.s_keep"),
		}},
		{"Reset a security key", []walk.Step{
			v.Open("keys"), v.Push("keys.l_look", "key", keyName), v.Push("keys.s_reset"), v.Title("reset.l_title", "key", keyName), v.Looks("key-reset"),
			v.confirmReset, v.Push("reset.s_go"), v.Title("reset.s_title"), v.Looks("key-resetting"),
			v.Push("simkey.s_unplug"), v.Push("simkey.s_plug"), v.Touch("key-reset-touch"), v.Says("reset.l_done"), v.Open("keys"), v.Plug(false),
		}},
		{"Ask what works here", []walk.Step{
			v.Open("settings"), v.Push("ready.s_title"), v.Says("ready.s_way_phone"), v.Looks("readiness"),
			v.Says("ready.s_aws"), v.Looks("readiness-table"), v.Push("do.s_back"), v.Title("nav.s_settings"),
			v.Open("security"), v.NameDevice("heard-phone"), v.Push("do.s_continue"), v.Title("ceremony.s_enrol"), v.Unfold("heard.s_title"), v.Looks("phone-not-heard"),
			v.Cancel,
		}},
	}
}

// confirmReset types the word that says that it is meant.
func (v *visitor) confirmReset(ctx context.Context) error {
	word := v.Words.Say("reset.s_word")
	return v.Fill(ctx, v.Words.Say("reset.l_type", "word", word), word)
}
