package bind

import (
	"context"
	"encoding/hex"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/simkey"
)

// Keys lists the security keys that are plugged in.
func (a *API) Keys() ([]KeyDTO, error) {
	return call(a, func(ctx context.Context, b Backend) ([]KeyDTO, error) {
		house, _, err := b.Seat()
		if err != nil {
			return nil, err
		}
		list, err := b.Keys(ctx)
		return each(list, a.key(a.modelIn(house))), err
	})
}

// WinkKey makes a key show itself.
func (a *API) WinkKey(id string) error {
	return a.withKeys(func(ctx context.Context, k *keys.Service) error { return k.Wink(ctx, id) })
}

// SetKeyPIN sets the first PIN of a key, or changes it.
func (a *API) SetKeyPIN(req KeyPINRequest) (KeyDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, _ mfa.Session) (KeyDTO, error) {
		old, fresh := req.Old.optional(), req.New.secret()
		defer old.Wipe()
		defer fresh.Wipe()
		k, err := h.Keys.SetPIN(ctx, req.ID, old, fresh)
		return a.key(a.modelIn(h))(k), err
	})
}

// KeyPasskeys lists the passkeys on a key. With an empty PIN the one that was given
// before is used.
func (a *API) KeyPasskeys(req KeyPasskeysRequest) ([]KeyPasskeyDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) ([]KeyPasskeyDTO, error) {
		if pin := req.PIN.optional(); pin.Len() > 0 {
			defer pin.Wipe()
			if err := h.Keys.Unlock(ctx, req.ID, pin); err != nil {
				return nil, err
			}
		}
		list, err := h.Keys.Passkeys(ctx, req.ID)
		if err != nil {
			return nil, err
		}
		mine, err := h.Devices.List(ctx, who, "")
		if err != nil {
			return nil, err
		}
		return each(list, keyPasskey(mine)), nil
	})
}

// DeleteKeyPasskey takes a passkey off a key.
func (a *API) DeleteKeyPasskey(req KeyPasskeyRequest) error {
	return a.withKeys(func(ctx context.Context, k *keys.Service) error {
		id, err := hex.DecodeString(req.Passkey)
		if err != nil {
			return mfa.Fail(mfa.CodeInvalidInput, "field", "passkey").Because(err)
		}
		return k.DeletePasskey(ctx, req.ID, id)
	})
}

// CloseKey forgets the PIN of a key.
func (a *API) CloseKey(id string) error {
	return a.withKeys(func(_ context.Context, k *keys.Service) error { k.CloseKey(id); return nil })
}

// ResetKey wipes a key, with its owner's help.
func (a *API) ResetKey(id string) error {
	return run(a, func(ctx context.Context, b Backend) error { return b.ResetKey(ctx, id) })
}

// ResetDTO is how far a reset is: unplug, insert, then touch or, where it has to last, hold.
type ResetDTO struct {
	Stage string `json:"stage"`
}

// CancelReset ends a reset that waits.
func (a *API) CancelReset() error {
	return run(a, func(_ context.Context, b Backend) error { b.CancelReset(); return nil })
}

func (a *API) withKeys(do func(context.Context, *keys.Service) error) error {
	_, err := seated(a, func(ctx context.Context, h *desk.House, _ mfa.Session) (struct{}, error) {
		return struct{}{}, do(ctx, h.Keys)
	})
	return err
}

// SimulatedKey is what the sandbox's security key shows.
func (a *API) SimulatedKey() (SimKeyDTO, error) {
	return look(a, func(_ context.Context, b Backend) (SimKeyDTO, error) {
		s, err := b.SimulatedKey()
		return simKey(s), err
	})
}

// TouchSimulatedKey puts a finger on it.
func (a *API) TouchSimulatedKey() error {
	return run(a, func(_ context.Context, b Backend) error { return b.TouchSimulatedKey() })
}

// PlugSimulatedKey puts it in or takes it out.
func (a *API) PlugSimulatedKey(on bool) (SimKeyDTO, error) {
	return call(a, func(_ context.Context, b Backend) (SimKeyDTO, error) {
		s, err := b.PlugSimulatedKey(on)
		return simKey(s), err
	})
}

// SetSimulatedKey chooses which key it resembles.
func (a *API) SetSimulatedKey(model string) (SimKeyDTO, error) {
	return call(a, func(_ context.Context, b Backend) (SimKeyDTO, error) {
		s, err := b.SetSimulatedKey(simkey.Model(model))
		return simKey(s), err
	})
}
