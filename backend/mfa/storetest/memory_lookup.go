package storetest

import (
	"bytes"
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Device implements mfa.DeviceStore.
func (m *Memory) Device(ctx context.Context, id string) (mfa.Device, error) {
	return m.findDevice(ctx, func(d mfa.Device) bool { return d.ID == id })
}

// DeviceBySerial implements mfa.DeviceStore.
func (m *Memory) DeviceBySerial(ctx context.Context, serial string) (mfa.Device, error) {
	return m.findDevice(ctx, func(d mfa.Device) bool { return mfa.FoldName(d.Serial) == mfa.FoldName(serial) })
}

// DeviceByCredential implements mfa.DeviceStore.
func (m *Memory) DeviceByCredential(ctx context.Context, credentialID []byte) (mfa.Device, error) {
	return m.findDevice(ctx, func(d mfa.Device) bool { return d.Passkey != nil && bytes.Equal(d.Passkey.ID, credentialID) })
}

// Devices implements mfa.DeviceStore.
func (m *Memory) Devices(ctx context.Context, principalID string) ([]mfa.Device, error) {
	found, err := m.listDevices(ctx, func(d mfa.Device) bool { return d.IsAssigned() && d.PrincipalID == principalID })
	slices.SortStableFunc(found, func(a, b mfa.Device) int { return a.EnabledAt.Compare(b.EnabledAt) })
	return found, err
}

// Unassigned implements mfa.DeviceStore.
func (m *Memory) Unassigned(ctx context.Context, k mfa.DeviceKind) ([]mfa.Device, error) {
	found, err := m.listDevices(ctx, func(d mfa.Device) bool { return !d.IsAssigned() && d.Kind == k })
	slices.SortStableFunc(found, func(a, b mfa.Device) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return found, err
}

// KnownSerials implements mfa.DeviceStore.
func (m *Memory) KnownSerials(ctx context.Context, serials []string) (map[string]bool, error) {
	return read(ctx, m, func() (map[string]bool, error) {
		asked := make(map[string]bool, len(serials))
		for _, s := range serials {
			asked[mfa.FoldName(s)] = true
		}
		known := map[string]bool{}
		for _, d := range m.devices {
			if folded := mfa.FoldName(d.Serial); asked[folded] {
				known[folded] = true
			}
		}
		return known, nil
	})
}

// DeviceNameTaken implements mfa.DeviceStore.
func (m *Memory) DeviceNameTaken(ctx context.Context, name string) (bool, error) {
	return read(ctx, m, func() (bool, error) { return nameTaken(m.devices, name, ""), nil })
}

func (m *Memory) findDevice(ctx context.Context, fits func(mfa.Device) bool) (mfa.Device, error) {
	return read(ctx, m, func() (mfa.Device, error) {
		i := slices.IndexFunc(m.devices, fits)
		if i < 0 {
			return mfa.Device{}, notFound("device")
		}
		return cloneDevice(m.devices[i]), nil
	})
}

func (m *Memory) listDevices(ctx context.Context, fits func(mfa.Device) bool) ([]mfa.Device, error) {
	return read(ctx, m, func() ([]mfa.Device, error) {
		var found []mfa.Device
		for _, d := range m.devices {
			if fits(d) {
				found = append(found, cloneDevice(d))
			}
		}
		return found, nil
	})
}
