//go:build e2e

package e2e

import (
	"context"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

const (
	keyPIN      = "5182"
	keySlotName = "Simulated security key"
	rpID        = "sandbox.keyferry.internal" // what the sandbox's passkeys are for
)

// A security key from the wizard to the next sign-in, without a mouse: it is plugged
// in, gets its first PIN, is touched, added, and then used.
func TestSecurityKeyByKeyboard(t *testing.T) {
	s := sit(t, account(t))
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome)
	must(t, s.Tab("home.s_add"), s.Key("Return"), s.At("add.s_name"), s.Keys("harbour-key"), s.Says("add.l_free"),
		s.Tab("add.s_phone"), s.Key("Down"), s.At("add.s_key"), s.Looks("add-device-key"), s.Key("Return"),
		s.Title("touch.s_insert"), s.Looks("key-insert"), s.Tab("simkey.s_plug"), s.Key("space"),
		s.touch("touch.l_enrol", "shift+Tab"), s.Button("confirm.s_add"), s.Looks("add-this-key"), s.Key("Return"),
		s.Title("done.l_title", "name", "harbour-key"), s.Key("Return"), s.Shows("harbour-key"))
	must(t, s.Tab("nav.s_sign_out"), s.Key("Return"), s.At("create.s_password"), s.Keys(walk.Password), s.Key("Return"),
		s.Title("second.s_title"), s.Tab("second.s_key"), s.Looks("second-factor-key"), s.Key("Return"),
		s.touch("touch.l_signin", "Tab"), s.IsHome)

	if err := walk.SignedIn(s.trail(t)); err != nil {
		t.Error(err)
	}
}

// touch waits until the key blinks; a press of key then goes to its button.
func (s *seat) touch(why, key string) walk.Step {
	return walk.All(s.Says(why, "rpId", rpID), s.Enabled("simkey.s_touch"), s.Looks("key-touch"), s.Key(key), s.At("simkey.s_touch"), s.Key("space"))
}

// A PIN is set where keys are looked after. Adding the key then takes that PIN: a wrong
// one is told with the tries that are left. The passkey is found on the key and deleted,
// so the key signs nobody in any more; the account has its device as before.
func TestKeyPIN(t *testing.T) {
	s := sit(t, account(t))
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome,
		s.Open("keys"), s.Says("keys.s_none"), s.Looks("keys-none"), s.Plug(true), s.OpenKey(keySlotName), s.Says("keys.s_pin_unset"), s.Looks("key-page"),
		s.Push("pin.s_set"), s.Enter("pin.s_new", keyPIN), s.Enter("pin.s_again", keyPIN), s.Looks("key-set-pin"), s.Push("do.s_save"),
		s.Button("pin.s_change"), s.Says("keys.s_pin_set"))
	must(t, s.Open("security"), s.NameDevice("harbour-key"), s.Push("add.s_key"), s.Push("do.s_continue"),
		s.GivePIN("0000"), s.Says("pin.l_wrong"), s.Says("pin.l_left", "n", "7"), s.Looks("key-pin-wrong"), s.GivePIN(keyPIN),
		s.Touch("key-touch"), s.AcceptKey("harbour-key"),
		s.SignOut, s.BeginKeySignIn(), s.GivePIN(keyPIN), s.Touch("key-touch"), s.IsHome)
	must(t, s.OpenKey(keySlotName), s.OpenPasskeys(keySlotName, keyPIN), s.Says("onkey.l_yours", "name", "harbour-key"), s.Looks("key-passkeys"),
		s.Push("onkey.l_delete_named", "user", walk.Email, "rpId", rpID), s.Title("onkey.l_delete"), s.Says("onkey.p_delete_device", "device", "harbour-key"), s.Looks("key-passkey-delete"),
		s.Push("onkey.s_delete"), s.Says("onkey.s_none"),
		s.SignOut, s.BeginKeySignIn(), s.GivePIN(keyPIN), s.failedNear("no-credential"))

	trail := s.trail(t)
	if err := walk.SignedIn(trail); err != nil {
		t.Error(err)
	}
	if last := trail[len(trail)-1]; last.Detail["code"] != "no-credential" {
		t.Errorf("the last event is %+v, not the sign-in without a passkey", last)
	}
	if kinds := walk.Kinds(trail); slices.Contains(kinds, "device-removed") {
		t.Errorf("the account lost its device: %v", kinds)
	}
}

// failedNear waits for a failure that is about something other than a phone.
func (s *seat) failedNear(code string) walk.Step {
	title := "failure." + code + ".s_title"
	if _, near := s.Words[title+"_near"]; near {
		title += "_near"
	}
	return walk.All(s.Title(title), s.Looks("failed-"+code))
}

// The key is pulled out while it blinks. Nothing was added; it is plugged in again, and
// the way goes on from there.
func TestKeyPulledWhileItBlinks(t *testing.T) {
	s := sit(t, account(t))
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome, s.BeginAddingKey("harbour-key"), s.Plug(true),
		s.Enabled("simkey.s_touch"), s.Push("simkey.s_unplug"), s.failedNear("key-lost"), s.NothingAdded, s.Push("do.s_replugged"),
		s.Title("touch.s_insert"), s.Plug(true), s.Touch("key-touch"), s.AcceptKey("harbour-key"))
	trail := s.trail(t)
	kinds := slices.DeleteFunc(walk.Kinds(trail), func(kind string) bool { return kind != "enrolment-failed" && kind != "device-added" })
	if !slices.Equal(kinds, []string{"enrolment-failed", "device-added"}) {
		t.Errorf("the trail tells %v", kinds)
	}
}

// What works on this computer is shown from the settings, way by way, and the page
// leads back there.
func TestReadiness(t *testing.T) {
	s := sit(t, account(t))
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome, s.Open("settings"), s.Push("ready.s_title"), s.Title("ready.s_title"),
		s.ladders, s.Looks("readiness"), s.Push("do.s_check_again"), s.ladders, s.Push("do.s_back"), s.Title("nav.s_settings"))
}

// ladders waits for a ladder of each way, and for what is known of this computer.
func (s *seat) ladders(ctx context.Context) error {
	for _, way := range []string{"phone", "key", "nfc", "computer", "code"} {
		if err := s.Shows(s.Words.Say("ready.s_way_" + way))(ctx); err != nil {
			return err
		}
	}
	return walk.Do(ctx, s.Says("ready.s_radio-service"), s.Says("ready.s_clock"), s.Says("ready.s_guide"), s.Says("machine.s_kernel"))
}
