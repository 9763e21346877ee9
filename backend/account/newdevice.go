package account

import (
	"context"
	"slices"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// CheckNewDevice says whether a device of this name may be added for somebody, the
// caller when targetID is empty: a FIDO authenticator at this step of its registration,
// or, when registering is nil, a device with codes. It asks in the order that is to be
// expected of EnableMFADevice: syntax, authorisation, user, limit, name. What only the
// store can know for certain (limit, name) it decides once more when the device is
// written.
//
// name-invalid, name-taken, device-limit (params: max), or as MayDo fails.
func (s *Service) CheckNewDevice(ctx context.Context, who mfa.Session, targetID, name string, registering *mfa.Registration) (Acting, error) {
	return s.checkNewDevice(ctx, who, targetID, name, registering)
}

// CheckNewName is CheckNewDevice before anybody has said what kind of device it will be:
// one of the kinds must be allowed.
func (s *Service) CheckNewName(ctx context.Context, who mfa.Session, targetID, name string) (Acting, error) {
	return s.checkNewDevice(ctx, who, targetID, name, &mfa.Registration{Step: mfa.StepCreate}, nil)
}

func (s *Service) checkNewDevice(ctx context.Context, who mfa.Session, targetID, name string, ways ...*mfa.Registration) (acting Acting, err error) {
	if err := mfa.CheckName(name); err != nil {
		return Acting{}, err
	}
	for _, way := range ways {
		acting, err = s.MayDo(ctx, who, Ask{Operation: mfa.OpEnableDevice, TargetID: targetID, Registering: way})
		if !mfa.IsCode(err, mfa.CodeAccessDenied) {
			break
		}
	}
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

// NoDevice is not-found (what=device): there is none, or none of the kind that is meant.
func NoDevice() *mfa.Failure { return mfa.Fail(mfa.CodeNotFound, "what", "device") }
