package bind

import (
	"context"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Devices lists somebody's devices, oldest first; one's own for an empty ID.
func (a *API) Devices(principalID string) ([]DeviceDTO, error) {
	return a.deviceList(func(ctx context.Context, h *desk.House, who mfa.Session) ([]mfa.Device, error) {
		return h.Devices.List(ctx, who, principalID)
	})
}

// UnassignedDevices lists the authenticator apps that belong to nobody.
func (a *API) UnassignedDevices() ([]DeviceDTO, error) {
	return a.deviceList(func(ctx context.Context, h *desk.House, who mfa.Session) ([]mfa.Device, error) {
		return h.Devices.Unassigned(ctx, who)
	})
}

// Tokens lists the hardware tokens in stock.
func (a *API) Tokens() ([]DeviceDTO, error) {
	return a.deviceList(func(ctx context.Context, h *desk.House, who mfa.Session) ([]mfa.Device, error) {
		return h.Devices.Tokens(ctx, who)
	})
}

func (a *API) deviceList(list func(context.Context, *desk.House, mfa.Session) ([]mfa.Device, error)) ([]DeviceDTO, error) {
	return call(a, func(ctx context.Context, b Backend) ([]DeviceDTO, error) {
		found, err := as(ctx, b, list)
		return each(found, a.device(rpID(b.State()))), err
	})
}

// CheckDeviceName says whether somebody could have a device of this name now.
func (a *API) CheckDeviceName(req EnrolmentRequest) error {
	_, err := seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) (struct{}, error) {
		_, err := h.Accounts.CheckNewName(ctx, who, req.PrincipalID, req.Name)
		return struct{}{}, err
	})
	return err
}

// RenameDevice renames a device.
func (a *API) RenameDevice(req RenameDeviceRequest) (DeviceDTO, error) {
	return a.changed(func(ctx context.Context, h *desk.House, who mfa.Session) (mfa.Device, error) {
		return h.Devices.Rename(ctx, who, req.ID, req.Version, req.Name)
	})
}

// RemoveDevice takes a device from its owner. Of a passkey nothing is left.
func (a *API) RemoveDevice(req DeviceRequest) error {
	_, err := changing(a, func(ctx context.Context, h *desk.House, who mfa.Session) (struct{}, error) {
		_, err := h.Devices.Remove(ctx, who, req.ID, req.Version)
		return struct{}{}, err
	})
	return err
}

// DeleteDevice deletes an unassigned app, or a token in stock.
func (a *API) DeleteDevice(req DeviceRequest) error {
	_, err := changing(a, func(ctx context.Context, h *desk.House, who mfa.Session) (struct{}, error) {
		return struct{}{}, h.Devices.Delete(ctx, who, req.ID, req.Version)
	})
	return err
}

// Drift is how a device's clock went, and where it goes.
func (a *API) Drift(deviceID string) (DriftDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) (DriftDTO, error) {
		d, err := h.Devices.Drift(ctx, who, deviceID)
		if err != nil {
			return DriftDTO{Samples: []DriftSampleDTO{}}, err
		}
		return driftOf(d), nil
	})
}

// Resync brings a device back by two codes.
func (a *API) Resync(req TwoCodesRequest) (DeviceDTO, error) {
	return a.changed(func(ctx context.Context, h *desk.House, who mfa.Session) (mfa.Device, error) {
		return h.Ceremonies.Resync(ctx, who, req.ID, req.First, req.Second)
	})
}

// AssignApp gives an unassigned app to somebody, whose phone still has it.
func (a *API) AssignApp(req AssignTokenRequest) (DeviceDTO, error) {
	return a.changed(func(ctx context.Context, h *desk.House, who mfa.Session) (mfa.Device, error) {
		d, err := unassigned(ctx, h, who, req.Serial)
		if err != nil {
			return mfa.Device{}, err
		}
		return h.Ceremonies.EnableApp(ctx, who, req.PrincipalID, d.ID, req.First, req.Second)
	})
}

// unassigned finds an app that belongs to nobody.
func unassigned(ctx context.Context, h *desk.House, who mfa.Session, serial string) (mfa.Device, error) {
	free, err := h.Devices.Unassigned(ctx, who)
	if err != nil {
		return mfa.Device{}, err
	}
	for _, d := range free {
		if d.Serial == serial {
			return d, nil
		}
	}
	return mfa.Device{}, mfa.Fail(mfa.CodeNotFound, "what", "device")
}

// AssignToken gives a token in stock to somebody.
func (a *API) AssignToken(req AssignTokenRequest) (DeviceDTO, error) {
	return a.changed(func(ctx context.Context, h *desk.House, who mfa.Session) (mfa.Device, error) {
		return h.Ceremonies.AssignToken(ctx, who, req.PrincipalID, req.Serial, req.Name, req.First, req.Second)
	})
}

// LinkedPhones lists the phones that can be rung.
func (a *API) LinkedPhones() ([]LinkedPhoneDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) ([]LinkedPhoneDTO, error) {
		list, err := h.Devices.Links(ctx, who)
		return each(list, linkedPhone), err
	})
}

// ForgetPhone forgets a linked phone.
func (a *API) ForgetPhone(id string) error {
	_, err := seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) (struct{}, error) {
		return struct{}{}, h.Devices.ForgetLink(ctx, who, id)
	})
	return err
}

// changed is changing for what gives a device.
func (a *API) changed(do func(context.Context, *desk.House, mfa.Session) (mfa.Device, error)) (DeviceDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (DeviceDTO, error) {
		d, err := as(ctx, b, do)
		if err != nil {
			return DeviceDTO{}, err
		}
		err = b.Refresh(ctx)
		return a.device(rpID(b.State()))(d), err
	})
}

func rpID(s desk.State) string {
	if s.Account != nil {
		return s.Account.RPID
	}
	return ""
}
