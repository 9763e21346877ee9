package devices

import (
	"context"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Rename gives an enabled device another name. Its serial number stays, as everywhere
// where one is written down already. A device that nobody has is not-found: its name
// comes with its owner.
//
// name-invalid, not-found, name-taken, concurrent-modification, or as account.May
// fails.
func (s *Service) Rename(ctx context.Context, who mfa.Session, id string, version int64, name string) (mfa.Device, error) {
	if err := mfa.CheckName(name); err != nil {
		return mfa.Device{}, err
	}
	d, acting, err := s.find(ctx, who, always(mfa.OpRenameDevice), id)
	if err != nil {
		return mfa.Device{}, err
	}
	if !d.IsAssigned() {
		return mfa.Device{}, account.NoDevice()
	}
	event := s.accounts.Did(acting, mfa.EventDeviceRenamed, id, "from", d.Name, "to", name)
	d.Name, d.Version = name, version
	if err := s.store.UpdateDevice(ctx, d, event); err != nil {
		return mfa.Device{}, err
	}
	d.Version++ // what was written: by now somebody else may have removed it
	return d, nil
}

// Remove takes a device from its owner (DeactivateMFADevice) and gives what is left of
// it: nothing of a passkey, an unassigned app (or nothing, if it was swept at once), a
// token in stock. A passkey stays on its
// phone, where it opens nothing any more; a code that was accepted once is not accepted
// again from the next owner either.
//
// not-found, concurrent-modification, or as account.May fails.
func (s *Service) Remove(ctx context.Context, who mfa.Session, id string, version int64) (mfa.Device, error) {
	d, acting, err := s.find(ctx, who, always(mfa.OpDeactivateDevice), id)
	if err != nil {
		return mfa.Device{}, err
	}
	if !d.IsAssigned() {
		return mfa.Device{}, account.NoDevice()
	}
	if d.Kind.HasCodes() {
		if err := s.store.UnassignDevice(ctx, id, version, s.accounts.Did(acting, mfa.EventDeviceDeactivated, id, "name", d.Name)); err != nil {
			return mfa.Device{}, err
		}
		left, err := s.store.Device(context.WithoutCancel(ctx), id)
		if mfa.IsCode(err, mfa.CodeNotFound) {
			return mfa.Device{}, nil // swept or deleted by somebody else, after it was taken away here
		}
		return left, err
	}
	if err := s.store.RemoveDevice(ctx, id, version, s.accounts.Did(acting, mfa.EventDeviceRemoved, id, "name", d.Name)); err != nil {
		return mfa.Device{}, err
	}
	// The passkey is gone, and that is what was asked for. A link that stays because of
	// a failure here rings a phone with nothing to say, and can be forgotten by hand.
	_ = s.forgetUseless(context.WithoutCancel(ctx), d)
	// So it is with a passkey of this computer's own: one that stays opens nothing any
	// more, and is listed where this computer's passkeys are looked after.
	_ = s.store.RemoveLocalPasskey(context.WithoutCancel(ctx), d.Passkey.ID)
	return mfa.Device{}, nil
}

// Delete deletes an unassigned app (DeleteVirtualMFADevice), or a token in stock.
//
// not-found (also for a passkey: removing it deletes it), delete-conflict while it is
// somebody's, concurrent-modification, or as account.May fails.
func (s *Service) Delete(ctx context.Context, who mfa.Session, id string, version int64) error {
	d, acting, err := s.find(ctx, who, deletion, id)
	if err != nil {
		return err
	}
	if !d.Kind.HasCodes() {
		return account.NoDevice()
	}
	return s.store.RemoveDevice(ctx, id, version, s.accounts.Did(acting, mfa.EventDeviceDeleted, id, "name", d.Name, "serial", d.Serial))
}

func deletion(d mfa.Device) mfa.Operation {
	if d.Kind == mfa.KindToken {
		return mfa.OpDeleteToken
	}
	return mfa.OpDeleteVirtualDevice
}

// Sweep deletes the authenticator apps that nobody has, as IAM does when somebody
// signs in. principalID is who did.
func (s *Service) Sweep(ctx context.Context, principalID string) error {
	_, err := s.store.SweepUnassigned(ctx, mfa.Event{At: s.clock(), Kind: mfa.EventVirtualSwept, PrincipalID: principalID})
	return err
}
