package main

import (
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

var keysPIN = ofKeys("keys pin", "[ID]", "set the PIN of a security key, or change it", thePIN|newPIN, func(*flag.FlagSet) keyAction {
	return func(ctx context.Context, h *holder) error {
		k, err := h.key(ctx, h.arg(0))
		if err != nil {
			return err
		}
		first := k.PIN == keys.PINUnset
		if first {
			err = h.withNewPIN(ctx, k, func(fresh *mfa.Secret) error { return h.setPIN(ctx, &k, nil, fresh) })
		} else {
			err = h.changePIN(ctx, &k)
		}
		if err != nil {
			return err
		}
		h.t.document(keyOf(k))
		if first {
			h.t.say("%s has a PIN now.", subject(k))
		} else {
			h.t.say("The PIN of %s was changed.", nameOf(k))
		}
		return nil
	}
})

// changePIN asks for the present PIN and a new one. The new one is asked for once,
// however often the present one was mistyped.
func (h *holder) changePIN(ctx context.Context, k *keys.Key) error {
	if err := usable(*k); err != nil {
		return err
	}
	var fresh *mfa.Secret
	defer func() { fresh.Wipe() }()
	return h.withPIN(ctx, *k, func(present *mfa.Secret) error {
		if fresh == nil {
			return h.withNewPIN(ctx, *k, func(pin *mfa.Secret) error {
				err := h.setPIN(ctx, k, present, pin)
				if mfa.IsCode(err, mfa.CodePINWrong) {
					fresh = mfa.NewSecret(pin.Bytes())
				}
				return err
			})
		}
		return h.setPIN(ctx, k, present, fresh)
	})
}

func (h *holder) setPIN(ctx context.Context, k *keys.Key, present, fresh *mfa.Secret) error {
	now, err := h.SetPIN(ctx, k.ID, present, fresh)
	if err == nil {
		*k = now
	}
	return err
}

// usable says why a key takes no PIN now: nobody should type one in vain.
func usable(k keys.Key) error {
	switch {
	case k.PIN == keys.PINNone:
		return mfa.Fail(mfa.CodeKeyCannot, "what", "pin")
	case k.PIN == keys.PINUnset:
		return mfa.Fail(mfa.CodePINNotSet)
	case k.Left == 0 && k.Way != transport.WayInternal: // a TPM forgives in time, and says when
		return mfa.Fail(mfa.CodePINBlocked)
	case k.Replug:
		return mfa.Fail(mfa.CodePINLocked)
	}
	return nil
}

// inARow is how many wrong PINs lock a key until it is unplugged (CTAP 2.2 section
// 6.5.5.7), and shortest the least that any PIN has.
const inARow, shortest = 3, 4

// withPIN asks for a key's PIN until use is content with it: see mfa.AskPIN. use gives
// pin-wrong for one that is not.
func (h *holder) withPIN(ctx context.Context, k keys.Key, use func(pin *mfa.Secret) error) error {
	asking := h.pins.asking(h.t)
	_, longest := k.Info.PINLength()
	local := k.Way == transport.WayInternal
	ask := mfa.PINAsk{For: mfa.PINVerify, Key: k.Name, Local: local, Min: shortest, Max: longest, Left: k.Left}
	for wrong := 1; ; wrong++ {
		h.pins.say(h.t, ask)
		pin, err := asking(ctx, ask)
		if err != nil {
			return err
		}
		err = use(pin)
		pin.Wipe()
		if !mfa.IsCode(err, mfa.CodePINWrong) {
			return err
		}
		ask.Wrong, ask.Replug, ask.Left = true, wrong == inARow-1 && !local, -1
		if left, err := strconv.Atoi(mfa.AsFailure(err).Params["left"]); err == nil {
			ask.Left = left
		}
		if ask.Left == 0 || wrong == inARow && !local {
			return err
		}
	}
}

// withNewPIN asks for a PIN to be, until set takes it.
func (h *holder) withNewPIN(ctx context.Context, k keys.Key, set func(pin *mfa.Secret) error) error {
	if k.PIN == keys.PINNone {
		return mfa.Fail(mfa.CodeKeyCannot, "what", "pin")
	}
	asking := h.pins.asking(h.t)
	ask := mfa.PINAsk{For: mfa.PINNew, Key: k.Name, Local: k.Way == transport.WayInternal, Left: -1}
	if k.PIN == keys.PINSet {
		ask.For = mfa.PINChange
	}
	ask.Min, ask.Max = k.Info.PINLength()
	for {
		if ask.For == mfa.PINNew || ask.Wrong {
			h.pins.say(h.t, ask)
		}
		pin, err := asking(ctx, ask)
		if err != nil {
			return err
		}
		err = set(pin)
		pin.Wipe()
		if !mfa.IsCode(err, mfa.CodePINLength) && !mfa.IsCode(err, mfa.CodePINRefused) {
			return err
		}
		ask.Wrong = true
	}
}

// unlock opens the list of a key's passkeys with its PIN.
func (h *holder) unlock(ctx context.Context, k keys.Key) error {
	if !k.CanList() {
		return mfa.Fail(mfa.CodeKeyCannot, "what", "management")
	}
	if err := usable(k); err != nil {
		return err
	}
	return h.withPIN(ctx, k, func(pin *mfa.Secret) error { return h.Unlock(ctx, k.ID, pin) })
}

var keysPasskeys = ofKeys("keys passkeys", "[ID]", "list the passkeys on a security key, which takes its PIN", thePIN, func(*flag.FlagSet) keyAction {
	return func(ctx context.Context, h *holder) error {
		k, err := h.key(ctx, h.arg(0))
		if err != nil {
			return err
		}
		if err := h.unlock(ctx, k); err != nil {
			return err
		}
		stored, err := h.Passkeys(ctx, k.ID)
		if err != nil {
			return err
		}
		out, table := []storedJSON{}, newTable("ACCOUNT", "AT", "PASSKEY")
		for _, p := range stored {
			j := storedOf(p)
			out = append(out, j)
			table.row(j.User, j.RPID, j.ID)
		}
		h.t.document(map[string]any{"passkeys": out})
		if len(out) == 0 {
			h.t.say("No passkeys.")
			return nil
		}
		h.t.say("%s", table)
		return nil
	}
})

var keysDelete = ofKeys("keys delete", "[ID] PASSKEY [--yes]", "delete a passkey from a security key, named by its ID or the beginning of it", thePIN, func(fs *flag.FlagSet) keyAction {
	yes := yesFlag(fs)
	return func(ctx context.Context, h *holder) error {
		id, which := "", h.args[0]
		if len(h.args) == 2 {
			id, which = h.args[0], h.args[1]
		}
		k, err := h.key(ctx, id)
		if err != nil {
			return err
		}
		if err := h.unlock(ctx, k); err != nil {
			return err
		}
		p, err := h.passkey(ctx, k, which)
		if err != nil {
			return err
		}
		j := storedOf(p)
		question := fmt.Sprintf("Delete the passkey of %s at %s? It can then no longer sign in there.", printable(j.User), printable(j.RPID))
		if err := h.t.sure(ctx, *yes, question); err != nil {
			return err
		}
		if err := h.DeletePasskey(ctx, k.ID, p.ID); err != nil {
			return err
		}
		h.t.document(map[string]any{"deleted": j})
		h.t.say("Deleted the passkey of %s at %s.", printable(j.User), printable(j.RPID))
		return nil
	}
})

// passkey finds one by its ID, or by a beginning that no other has.
func (h *holder) passkey(ctx context.Context, k keys.Key, which string) (found keys.Passkey, err error) {
	stored, err := h.Passkeys(ctx, k.ID)
	if err != nil {
		return found, err
	}
	n := 0
	for _, p := range stored {
		if strings.HasPrefix(hex.EncodeToString(p.ID), strings.ToLower(which)) {
			found = p
			n++
		}
	}
	switch {
	case n == 0:
		return found, mfa.Fail(mfa.CodeNotFound, "what", "passkey")
	case n > 1:
		return found, usage("%d passkeys begin with that: give more of the ID", n)
	}
	return found, nil
}

var keysReset = ofKeys("keys reset", "[ID] [--yes]", "wipe a security key: its PIN and every passkey on it", noPIN, func(fs *flag.FlagSet) keyAction {
	yes := yesFlag(fs)
	return func(ctx context.Context, h *holder) error {
		k, err := h.key(ctx, h.arg(0))
		if err != nil {
			return err
		}
		if k.Old {
			return mfa.Fail(mfa.CodeKeyCannot, "what", "reset")
		}
		question := "Reset " + nameOf(k) + "? That deletes its PIN and every passkey on it, for good."
		if k.Way == transport.WayUSB {
			question += " The key that is plugged in again is the one that is erased: two of one model look the same here."
		}
		if err := h.t.sure(ctx, *yes, question); err != nil {
			return err
		}
		if err := h.Reset(ctx, k.ID, h.resetting); err != nil {
			return err
		}
		h.t.line(map[string]string{"reset": k.ID})
		h.t.say("%s is as new.", subject(k))
		return nil
	}
})

// resetting tells what to do next, or lets the hand do it with a simulated key. A
// computer is not touched.
func (h *holder) resetting(s keys.ResetStage) {
	if h.computer {
		return
	}
	h.t.line(map[string]string{"stage": string(s), "message": words.Reset(string(s))})
	h.t.say("%s", words.Reset(string(s)))
	if h.sim != nil && (s == keys.ResetUnplug || s == keys.ResetInsert) {
		h.sim.Plug(s == keys.ResetInsert)
	}
}
