package storetest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// AddDevice implements mfa.DeviceStore.
func (m *Memory) AddDevice(ctx context.Context, d mfa.Device, e mfa.Event) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if d.Kind != mfa.KindPasskey || d.Passkey == nil {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "kind")
	}
	if !slices.ContainsFunc(m.principals, func(p mfa.Principal) bool { return p.ID == d.PrincipalID }) {
		return mfa.Fail(mfa.CodeNotFound, "what", "principal")
	}
	if m.nameTaken(d.Name, "") {
		return mfa.Fail(mfa.CodeNameTaken, "name", d.Name)
	}
	owned := 0
	for _, o := range m.devices {
		if bytes.Equal(o.Passkey.ID, d.Passkey.ID) {
			return mfa.Fail(mfa.CodeCredentialRegistered)
		}
		if o.PrincipalID == d.PrincipalID {
			owned++
		}
	}
	if owned >= mfa.MaxDevices {
		return mfa.Fail(mfa.CodeDeviceLimit, "max", fmt.Sprint(mfa.MaxDevices))
	}
	d = cloneDevice(d)
	d.EnabledAt, d.LastUsedAt, d.SuspectAt, d.Version = whole(d.EnabledAt), whole(d.LastUsedAt), whole(d.SuspectAt), 1
	m.devices = append(m.devices, d)
	if m.account.FrozenAt.IsZero() {
		// A missing date must not leave the RPID open.
		m.account.FrozenAt = audit.FromMicros(cmp.Or(audit.Micros(d.EnabledAt), audit.Micros(e.At), 1))
		m.account.Version++
	}
	m.append(e)
	return nil
}

// Device implements mfa.DeviceStore.
func (m *Memory) Device(ctx context.Context, id string) (mfa.Device, error) {
	return m.findDevice(ctx, func(d mfa.Device) bool { return d.ID == id })
}

// DeviceByCredential implements mfa.DeviceStore.
func (m *Memory) DeviceByCredential(ctx context.Context, credentialID []byte) (mfa.Device, error) {
	return m.findDevice(ctx, func(d mfa.Device) bool { return bytes.Equal(d.Passkey.ID, credentialID) })
}

// Devices implements mfa.DeviceStore.
func (m *Memory) Devices(ctx context.Context, principalID string) ([]mfa.Device, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var found []mfa.Device
	for _, d := range m.devices {
		if d.PrincipalID == principalID {
			found = append(found, cloneDevice(d))
		}
	}
	slices.SortStableFunc(found, func(a, b mfa.Device) int { return a.EnabledAt.Compare(b.EnabledAt) })
	return found, nil
}

// DeviceNameTaken implements mfa.DeviceStore.
func (m *Memory) DeviceNameTaken(ctx context.Context, name string) (bool, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	return m.nameTaken(name, ""), nil
}

// UpdateDevice implements mfa.DeviceStore.
func (m *Memory) UpdateDevice(ctx context.Context, d mfa.Device, e mfa.Event) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	i := m.deviceIndex(d.ID)
	if i < 0 {
		return mfa.Fail(mfa.CodeNotFound, "what", "device")
	}
	now := &m.devices[i]
	if now.Version != d.Version {
		return mfa.Fail(mfa.CodeConflict)
	}
	if m.nameTaken(d.Name, d.ID) {
		return mfa.Fail(mfa.CodeNameTaken, "name", d.Name)
	}
	now.Name, now.LastUsedAt, now.SuspectAt = d.Name, whole(d.LastUsedAt), whole(d.SuspectAt)
	if d.Passkey != nil {
		now.Passkey.SignCount, now.Passkey.BackupState = d.Passkey.SignCount, d.Passkey.BackupState
	}
	now.Version++
	m.append(e)
	return nil
}

// RemoveDevice implements mfa.DeviceStore.
func (m *Memory) RemoveDevice(ctx context.Context, id string, version int64, e mfa.Event) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	i := m.deviceIndex(id)
	if i < 0 {
		return mfa.Fail(mfa.CodeNotFound, "what", "device")
	}
	if m.devices[i].Version != version {
		return mfa.Fail(mfa.CodeConflict)
	}
	m.devices = slices.Delete(m.devices, i, i+1)
	m.append(e)
	return nil
}

// SaveLink implements mfa.LinkStore.
func (m *Memory) SaveLink(ctx context.Context, l mfa.LinkedPhone, e mfa.Event) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if !slices.ContainsFunc(m.principals, func(p mfa.Principal) bool { return p.ID == l.PrincipalID }) {
		return mfa.Fail(mfa.CodeNotFound, "what", "principal")
	}
	m.links = slices.DeleteFunc(m.links, func(o mfa.LinkedPhone) bool {
		same := o.PrincipalID == l.PrincipalID && bytes.Equal(o.PublicKey, l.PublicKey)
		if same {
			o.Secret.Wipe()
		}
		return same
	})
	l = cloneLink(l)
	l.CreatedAt = whole(l.CreatedAt)
	m.links = append(m.links, l)
	m.append(e)
	return nil
}

// Links implements mfa.LinkStore.
func (m *Memory) Links(ctx context.Context, principalID string) ([]mfa.LinkedPhone, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var found []mfa.LinkedPhone
	for _, l := range slices.Backward(m.links) {
		if l.PrincipalID == principalID {
			found = append(found, cloneLink(l))
		}
	}
	slices.SortStableFunc(found, func(a, b mfa.LinkedPhone) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return found, nil
}

// RemoveLink implements mfa.LinkStore.
func (m *Memory) RemoveLink(ctx context.Context, id string, e mfa.Event) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	i := slices.IndexFunc(m.links, func(l mfa.LinkedPhone) bool { return l.ID == id })
	if i < 0 {
		return mfa.Fail(mfa.CodeNotFound, "what", "phone")
	}
	m.links[i].Secret.Wipe()
	m.links = slices.Delete(m.links, i, i+1)
	m.append(e)
	return nil
}

func (m *Memory) findDevice(ctx context.Context, fits func(mfa.Device) bool) (mfa.Device, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return mfa.Device{}, err
	}
	defer leave()
	i := slices.IndexFunc(m.devices, fits)
	if i < 0 {
		return mfa.Device{}, mfa.Fail(mfa.CodeNotFound, "what", "device")
	}
	return cloneDevice(m.devices[i]), nil
}

func (m *Memory) deviceIndex(id string) int {
	return slices.IndexFunc(m.devices, func(d mfa.Device) bool { return d.ID == id })
}

func (m *Memory) nameTaken(name, except string) bool {
	return slices.ContainsFunc(m.devices, func(d mfa.Device) bool {
		return d.ID != except && mfa.FoldName(d.Name) == mfa.FoldName(name)
	})
}

func cloneDevice(d mfa.Device) mfa.Device {
	if d.Passkey != nil {
		c := *d.Passkey
		c.ID, c.PublicKey, c.AttestationObject = bytes.Clone(c.ID), bytes.Clone(c.PublicKey), bytes.Clone(c.AttestationObject)
		c.Transports = slices.Clone(c.Transports)
		d.Passkey = &c
	}
	return d
}

func cloneLink(l mfa.LinkedPhone) mfa.LinkedPhone {
	l.ContactID, l.LinkID, l.PublicKey = bytes.Clone(l.ContactID), bytes.Clone(l.LinkID), bytes.Clone(l.PublicKey)
	l.Secret = mfa.NewSecret(bytes.Clone(l.Secret.Bytes()))
	return l
}
