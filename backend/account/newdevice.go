package account

import (
	"context"
	"slices"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// CheckNewDevice says whether a device of this name may be added for somebody, the
// caller when targetID is empty. It asks in the order that is to be expected of
// EnableMFADevice: syntax, authorisation, user, limit, name. What only the store can
// know for certain (limit, name) it decides once more when the device is written.
//
// name-invalid, name-taken, device-limit (params: max), or as May fails.
func (s *Service) CheckNewDevice(ctx context.Context, who mfa.Session, targetID, name string) (Acting, error) {
	if err := mfa.CheckName(name); err != nil {
		return Acting{}, err
	}
	acting, err := s.May(ctx, who, mfa.OpEnableDevice, targetID)
	if err != nil {
		return Acting{}, err
	}
	if err := s.CheckRoom(ctx, acting.Target); err != nil {
		return Acting{}, err
	}
	return acting, s.CheckDeviceName(ctx, name)
}

// CheckDeviceName says whether a device may be called so: name-taken (params: name). The
// name of an authenticator app that nobody has is free: the app is swept by the time
// another device takes its name.
func (s *Service) CheckDeviceName(ctx context.Context, name string) error {
	taken, err := s.store.DeviceNameTaken(ctx, name)
	if err != nil || !taken {
		return err
	}
	unassigned, err := s.store.Unassigned(ctx, mfa.KindApp)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(unassigned, func(d mfa.Device) bool { return mfa.FoldName(d.Name) == mfa.FoldName(name) }) {
		return nil
	}
	return mfa.Fail(mfa.CodeNameTaken, "name", name)
}

// CheckRoom says whether somebody may have one more device: device-limit (params:
// max).
func (s *Service) CheckRoom(ctx context.Context, p mfa.Principal) error {
	devices, err := s.store.Devices(ctx, p.ID)
	if err != nil {
		return err
	}
	if len(devices) >= mfa.MaxDevices {
		return mfa.Fail(mfa.CodeDeviceLimit, "max", strconv.Itoa(mfa.MaxDevices))
	}
	return nil
}
