package main

import (
	"context"

	"github.com/keyferry/keyferry/app/e2e/walk"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/ble"
)

// otherKeys takes keys of other models than the usual one, and one whose PIN is typed
// wrong until it takes none. The usual key is in the drawer before and after.
func (v *visitor) otherKeys() []chapter {
	return []chapter{
		{"Add keys of other models", []walk.Step{
			v.tryModel("certified", "A", "Simulated certified key"), v.tryModel("fingerprint", "O", "Simulated fingerprint key"),
			v.tryModel("old", "A", "Simulated key of CTAP 2.0"), v.tryModel("u2f", "A", "Simulated U2F key"), v.takeModel("A", keyName),
		}},
		{"Type wrong PINs until the key takes none", []walk.Step{
			v.OpenKey(keyName), v.Push("pin.s_set"), v.Enter("pin.s_new", keyPIN), v.Enter("pin.s_again", keyPIN),
			v.Push("do.s_save"), v.Button("pin.s_change"),
			v.Open("security"), v.NameDevice("shut-key"), v.Push("add.s_key"), v.Push("do.s_continue"), v.untilBlocked,
			v.Push("do.s_cancel"), v.OpenKey(keyName), v.Says("keys.l_blocked"), v.Looks("key-blocked"),
			v.Push("keys.s_reset"), v.Title("reset.l_title", "key", keyName), v.confirmReset, v.Push("reset.s_go"), v.Title("reset.s_title"),
			v.Push("simkey.s_unplug"), v.Push("simkey.s_plug"), v.Touch("key-reset-touch"), v.Says("reset.l_done"), v.Open("keys"), v.Plug(false),
		}},
		{"Hear other people's phones", []walk.Step{
			v.Open("security"), v.NameDevice("heard-phone"), v.Push("do.s_continue"), v.Title("ceremony.s_enrol"), v.Unfold("heard.s_title"),
			v.strangers, v.Cancel,
		}},
	}
}

// takeModel takes another key out of the drawer and plugs it in: the next one in the list
// whose text begins with a letter. It calls itself name.
func (v *visitor) takeModel(letter, name string) walk.Step {
	return walk.All(v.Open("keys"), v.Unfold("phone.s_behaviour"), v.Key("Tab"), v.At("simkey.s_model"), v.Key(letter),
		v.Plug(true), v.Button("keys.l_look", "key", name))
}

// tryModel adds a key of a model as far as to the last question.
func (v *visitor) tryModel(model, letter, name string) walk.Step {
	return walk.All(v.takeModel(letter, name), v.Open("security"), v.NameDevice(model+"-key"), v.Push("add.s_key"), v.Push("do.s_continue"),
		v.Touch("key-touch-"+model), v.Button("confirm.s_add"), v.Looks("add-this-key-"+model), v.Push("confirm.s_decline"), v.IsHome,
		v.Open("keys"), v.Plug(false))
}

// untilBlocked types wrong PINs. After three in a row the key wants to be plugged in anew.
func (v *visitor) untilBlocked(ctx context.Context) error {
	const locked, blocked = "failure.pin-locked.s_title", "failure.pin-blocked.s_title"
	for {
		if err := walk.Do(ctx, v.Title("pin.s_title"), v.lastTry, v.Enter("pin.s_pin", "0000"), v.Push("do.s_continue"), v.SaysOne("pin.l_wrong", locked, blocked)); err != nil {
			return err
		}
		switch {
		case v.Reads(ctx, v.Words.Say(blocked)):
			return v.Looks("key-blocked-now")(ctx)
		case v.Reads(ctx, v.Words.Say(locked)):
			if err := walk.Do(ctx, v.Looks("key-locked"), v.Plug(false), v.Plug(true), v.Push("do.s_replugged")); err != nil {
				return err
			}
		}
	}
}

// lastTry looks at the warning before the last try.
func (v *visitor) lastTry(ctx context.Context) error {
	if !v.Reads(ctx, v.Words.Say("pin.s_last")) {
		return nil
	}
	return v.Looks("key-last-try")(ctx)
}

// strangers has a newer phone call that has scanned no code of ours.
func (v *visitor) strangers(ctx context.Context) error {
	air, err := walk.AirOf(v.PID())
	if err != nil {
		return err
	}
	calling, hush := context.WithCancel(ctx)
	defer hush()
	newer := transport.Advert{Service: transport.ServiceFIDO, Data: make([]byte, 32), Signal: -58}
	go ble.LoopbackAdvertiser{Addr: air.Radio}.Advertise(calling, newer)
	return walk.Do(ctx, v.Says("heard.s_newer"), v.Looks("phone-others-heard"))
}
