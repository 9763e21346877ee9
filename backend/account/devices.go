package account

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Devices lists the session's own devices, oldest first.
func (s *Service) Devices(ctx context.Context, who mfa.Session) ([]mfa.Device, error) {
	return s.store.Devices(ctx, who.PrincipalID)
}

// MayChangeDevices is the step-up rule (IAM, "a user who already has a device"):
// once a device exists, one's own devices are changed only in an MFA session.
func (s *Service) MayChangeDevices(ctx context.Context, who mfa.Session) error {
	if who.MFAPresent() {
		return nil
	}
	devices, err := s.store.Devices(ctx, who.PrincipalID)
	if err != nil {
		return err
	}
	if len(devices) > 0 {
		return mfa.Fail(mfa.CodeMFANeeded)
	}
	return nil
}

// RenameDevice renames one of the session's own devices. version is the one the
// caller has seen: concurrent-modification, name-invalid, name-taken, not-found.
func (s *Service) RenameDevice(ctx context.Context, who mfa.Session, id string, version int64, name string) (mfa.Device, error) {
	if err := mfa.CheckName(name); err != nil {
		return mfa.Device{}, err
	}
	d, err := s.own(ctx, who, id)
	if err != nil {
		return mfa.Device{}, err
	}
	event := mfa.Event{At: s.clock(), Kind: mfa.EventDeviceRenamed, PrincipalID: who.PrincipalID, DeviceID: id,
		Detail: map[string]string{"from": d.Name, "to": name}}
	d.Name, d.Version = name, version
	if err := s.store.UpdateDevice(ctx, d, event); err != nil {
		return mfa.Device{}, err
	}
	return s.store.Device(ctx, id)
}

// RemoveDevice deletes one of the session's own devices. The passkey itself
// stays where it is, on the phone.
func (s *Service) RemoveDevice(ctx context.Context, who mfa.Session, id string, version int64) error {
	d, err := s.own(ctx, who, id)
	if err != nil {
		return err
	}
	return s.store.RemoveDevice(ctx, id, version, mfa.Event{At: s.clock(), Kind: mfa.EventDeviceRemoved,
		PrincipalID: who.PrincipalID, DeviceID: id, Detail: map[string]string{"name": d.Name}})
}

// own finds a device of the session's principal. Somebody else's device is
// not-found: its existence is not told.
func (s *Service) own(ctx context.Context, who mfa.Session, id string) (mfa.Device, error) {
	if err := s.MayChangeDevices(ctx, who); err != nil {
		return mfa.Device{}, err
	}
	d, err := s.store.Device(ctx, id)
	if err == nil && d.PrincipalID != who.PrincipalID {
		err = mfa.Fail(mfa.CodeNotFound, "what", "device")
	}
	return d, err
}

// Links lists the phones that can be rung without a code.
func (s *Service) Links(ctx context.Context, principalID string) ([]mfa.LinkedPhone, error) {
	return s.store.Links(ctx, principalID)
}

// ForgetLink forgets one of the principal's linked phones. not-found.
func (s *Service) ForgetLink(ctx context.Context, principalID, id string) error {
	links, err := s.store.Links(ctx, principalID)
	if err != nil {
		return err
	}
	for _, l := range links {
		l.Secret.Wipe()
		if l.ID == id {
			return s.store.RemoveLink(ctx, id, mfa.Event{At: s.clock(), Kind: mfa.EventPhoneUnlinked,
				PrincipalID: principalID, Detail: map[string]string{"name": l.Name}})
		}
	}
	return mfa.Fail(mfa.CodeNotFound, "what", "phone")
}
