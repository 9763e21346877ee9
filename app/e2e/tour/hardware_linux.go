package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/keyferry/keyferry/app/e2e/machine"
	"github.com/keyferry/keyferry/app/e2e/walk"
	"github.com/keyferry/keyferry/backend/simkey"
)

// What is in the computer of the pictures, and the PIN of its passkeys.
const (
	keyHere    = "Northlight N1"
	keyMeant   = "Northlight N2"
	keyNoLeave = "Weir One"
	chipPIN    = "harbour 27"
)

// hardware is somebody with a real account at a computer with a security chip, two keys,
// and a third one that the system keeps to itself.
type hardware struct {
	walk.Person
	meant *simkey.Key
}

// hardware walks at a computer of our own.
func (s *shooting) hardware(ctx context.Context, home string) error {
	m, err := machine.New()
	if err != nil {
		return err
	}
	defer m.Close()
	ctl := walk.Ctl{Program: filepath.Join(s.bin, "keyferryctl"), Home: home, Real: true}
	if err := errors.Join(m.Try(), m.Chip(ctx), ctl.Run(nil, "account", "create", "--alias", "harbour", "--email", owner)); err != nil {
		return err
	}
	if _, err := m.Key(ctx, keyHere, simkey.Plain); err != nil {
		return err
	}
	meant, err := m.Key(ctx, keyMeant, simkey.Plain)
	if err != nil {
		return err
	}
	if err := m.Forbidden(keyNoLeave); err != nil {
		return err
	}
	return s.openOn(ctx, m.Command, home, func(p walk.Person) []chapter {
		h := &hardware{Person: p, meant: meant}
		return h.chapters()
	})
}

func (h *hardware) chapters() []chapter {
	computer := h.Words.Say("settings.s_system")
	return []chapter{
		{"See a chip and several keys", []walk.Step{
			h.password, h.IsHome, h.Open("keys"), h.Shows(keyHere), h.Shows(keyNoLeave), h.Looks("keys-several"),
			h.Scroll("keys.s_copy_rule"), h.Looks("keys-not-allowed"),
			h.Push("keys.l_look", "key", computer), h.Heading(computer), h.Looks("computer"),
			h.OpenKey(keyMeant), h.Push("pin.s_set"), h.Enter("pin.s_new", keyPIN), h.Enter("pin.s_again", keyPIN), h.Push("do.s_save"), h.Button("pin.s_change"),
			h.Push("keys.s_all"), h.Push("ready.s_title"), h.Says("ready.s_way_computer"), h.Looks("readiness-hardware"),
			h.ladder, h.Looks("readiness-computer"), h.Open("security"), h.IsHome,
		}},
		{"Add this computer", []walk.Step{
			h.NameDevice("harbour-desk"), h.Push("settings.s_system"), h.Looks("add-computer"), h.Push("do.s_continue"),
			h.Title("ceremony.s_enrol_computer"), h.Title("pin.s_set"), h.Looks("computer-new-pin"),
			h.Enter("pin.s_new", chipPIN), h.Enter("pin.s_again", chipPIN), h.Push("do.s_continue"),
			h.Button("confirm.s_add"), h.Looks("add-this-computer"), h.Push("confirm.s_add"),
			h.Title("done.l_title", "name", "harbour-desk"), h.Looks("computer-added"), h.Push("done.s_finish"), h.Button("home.s_add"), h.Shows("harbour-desk"),
		}},
		{"Sign in by this computer", []walk.Step{
			h.SignOut, h.beginComputer, h.Looks("sign-in-computer"), h.givePIN("0000"), h.Says("pin.l_wrong"), h.Looks("computer-pin-wrong"),
			h.givePIN(chipPIN), h.IsHome,
		}},
		{"Touch the key that is meant", []walk.Step{
			h.NameDevice("harbour-key"), h.Push("add.s_key"), h.Push("do.s_continue"), h.Title("touch.s_choose"), h.Looks("key-which"), h.touch,
			h.Title("pin.s_title"), h.Enter("pin.s_pin", keyPIN), h.Push("do.s_continue"), h.Title("touch.l_named", "key", keyMeant), h.Looks("key-named"), h.touch,
			h.AcceptKey("harbour-key"), h.Looks("home-computer"),
			h.Open("settings"), h.Push("settings.l_passwordless"), h.Push("do.s_save"), h.Says("settings.l_saved"),
		}},
		{"Sign in by a key alone", []walk.Step{
			h.SignOut, h.Says("signin.s_or"), h.Looks("sign-in-passkeys"), h.Push("second.s_key"),
			h.Title("touch.s_choose"), h.Looks("passwordless-which"), h.touch,
			h.Title("pin.s_title"), h.Looks("passwordless-pin"), h.Enter("pin.s_pin", keyPIN), h.Push("do.s_continue"),
			h.Title("touch.l_named", "key", keyMeant), h.Looks("passwordless-touch"), h.touch, h.IsHome,
		}},
		{"Type wrong PINs until the chip takes none", []walk.Step{
			h.SignOut, h.beginComputer, h.untilLast, h.Looks("computer-last-try"), h.givePIN("0000"),
			h.Title("failure.tpm-lockout.s_title"), h.Looks("computer-locked"),
		}},
	}
}

// password is the first factor of the account's owner.
func (h *hardware) password(ctx context.Context) error {
	return walk.Do(ctx, h.SignInScreen, h.Enter("signin.s_email", owner), h.Enter("create.s_password", walk.Password), h.Push("signin.s_title"))
}

// ladder brings what is known of this computer itself into sight.
func (h *hardware) ladder(ctx context.Context) error {
	return h.ScrollTo(ctx, h.Words.Say("ready.s_way_computer")+" "+h.Words.Say("ready.s_state_ready"))
}

// touch puts a finger on the key that is meant, once it blinks.
func (h *hardware) touch(ctx context.Context) error {
	for {
		if h.meant.Touch() == nil {
			return nil
		}
		if err := wait(ctx, motionTime/4); err != nil {
			return fmt.Errorf("%s does not blink: %w", keyMeant, err)
		}
	}
}

// beginComputer gives the right password and takes this computer for the second factor.
func (h *hardware) beginComputer(ctx context.Context) error {
	return walk.Do(ctx, h.password, h.Title("second.s_title"), h.Looks("second-factor-computer"), h.Push("second.s_computer"),
		h.Title("ceremony.s_signin_computer"), h.Title("step.pin.s_local"))
}

func (h *hardware) givePIN(pin string) walk.Step {
	return walk.All(h.Enter("pin.s_pin", pin), h.Push("do.s_continue"))
}

// untilLast types wrong PINs until the window warns of the last try.
func (h *hardware) untilLast(ctx context.Context) error {
	for !h.Reads(ctx, h.Words.Say("pin.s_last")) {
		if err := walk.Do(ctx, h.givePIN("0000"), h.Says("pin.l_wrong")); err != nil {
			return err
		}
	}
	return nil
}
