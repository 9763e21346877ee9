package devices

import (
	"context"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// List gives somebody's devices, oldest first; the caller's own when targetID is
// empty (ListMFADevices).
func (s *Service) List(ctx context.Context, who mfa.Session, targetID string) ([]mfa.Device, error) {
	acting, err := s.accounts.May(ctx, who, mfa.OpListDevices, targetID)
	if err != nil {
		return nil, err
	}
	return s.store.Devices(ctx, acting.Target.ID)
}

// Unassigned gives the authenticator apps that belong to nobody, oldest first
// (ListVirtualMFADevices with AssignmentStatus Unassigned). They go with the next app
// that is made and with the next sign-in at the window.
func (s *Service) Unassigned(ctx context.Context, who mfa.Session) ([]mfa.Device, error) {
	if _, err := s.accounts.May(ctx, who, mfa.OpListVirtualDevices, ""); err != nil {
		return nil, err
	}
	return s.store.Unassigned(ctx, mfa.KindApp)
}

// Assigned gives the authenticator apps that somebody has, root's first, then by user
// (ListVirtualMFADevices with AssignmentStatus Assigned).
func (s *Service) Assigned(ctx context.Context, who mfa.Session) ([]mfa.Device, error) {
	if _, err := s.accounts.May(ctx, who, mfa.OpListVirtualDevices, ""); err != nil {
		return nil, err
	}
	everybody, err := s.store.Overviews(ctx)
	if err != nil {
		return nil, err
	}
	var apps []mfa.Device
	for _, owner := range everybody {
		if owner.Apps == 0 {
			continue
		}
		theirs, err := s.store.Devices(ctx, owner.ID)
		if err != nil {
			return nil, err
		}
		for _, d := range theirs {
			if d.Kind == mfa.KindApp {
				apps = append(apps, d)
			}
		}
	}
	return apps, nil
}

// Tokens gives the hardware tokens in stock, oldest first.
func (s *Service) Tokens(ctx context.Context, who mfa.Session) ([]mfa.Device, error) {
	if _, err := s.accounts.May(ctx, who, mfa.OpListTokens, ""); err != nil {
		return nil, err
	}
	return s.store.Unassigned(ctx, mfa.KindToken)
}

// Get gives one of somebody's passkeys by its serial number (GetMFADevice). Serials of
// other kinds are not-found, as IAM takes FIDO ARNs only.
func (s *Service) Get(ctx context.Context, who mfa.Session, targetID, serial string) (mfa.Device, error) {
	if err := mfa.CheckSerial(serial); err != nil {
		return mfa.Device{}, err
	}
	acting, err := s.accounts.May(ctx, who, mfa.OpListDevices, targetID)
	if err != nil {
		return mfa.Device{}, err
	}
	if !mfa.IsPasskeyARN(serial) {
		return mfa.Device{}, account.NoDevice()
	}
	d, err := s.store.DeviceBySerial(ctx, serial)
	if err == nil && d.PrincipalID != acting.Target.ID {
		err = account.NoDevice()
	}
	if err != nil {
		return mfa.Device{}, err
	}
	return d, nil
}

// Drift is how a device's clock went.
type Drift struct {
	Device  mfa.Device
	Samples []mfa.DriftSample // oldest first, at most mfa.MaxDriftSamples; in steps of the device's period
}

// Drift gives the drift history of a device with codes. not-found for others.
func (s *Service) Drift(ctx context.Context, who mfa.Session, id string) (Drift, error) {
	d, _, err := s.find(ctx, who, always(mfa.OpListDevices), id)
	if err != nil {
		return Drift{}, err
	}
	if d.OneTime == nil {
		return Drift{}, account.NoDevice()
	}
	samples, err := s.store.DriftHistory(ctx, id)
	if err != nil {
		return Drift{}, err
	}
	return Drift{Device: d, Samples: samples}, nil
}
