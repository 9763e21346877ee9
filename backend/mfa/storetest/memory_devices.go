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
	return m.changeAs(ctx, &e, func() error {
		if !fitsKind(d) {
			return mfa.Fail(mfa.CodeInvalidInput, "field", "kind")
		}
		if m.account == nil {
			return mfa.Fail(mfa.CodeNoAccount)
		}
		if (d.IsAssigned() || d.Kind == mfa.KindPasskey) && m.principalIndex(d.PrincipalID) < 0 {
			return notFound("principal")
		}
		rest := m.devices
		if d.Kind == mfa.KindApp && !d.IsAssigned() {
			rest = slices.DeleteFunc(slices.Clone(rest), isSwept)
		}
		if nameTaken(rest, d.Name, "") {
			return mfa.Fail(mfa.CodeNameTaken, "name", d.Name)
		}
		for _, o := range rest {
			if mfa.FoldName(o.Serial) == mfa.FoldName(d.Serial) {
				return mfa.Fail(mfa.CodeSerialTaken, "serial", d.Serial)
			}
			if d.Passkey != nil && o.Passkey != nil && bytes.Equal(o.Passkey.ID, d.Passkey.ID) {
				return mfa.Fail(mfa.CodeCredentialRegistered)
			}
		}
		if d.IsAssigned() && m.owned(d.PrincipalID) >= mfa.MaxDevices {
			return deviceLimit(mfa.MaxDevices)
		}
		if d.Kind == mfa.KindApp && virtual(rest) >= m.maxVirtual {
			return deviceLimit(m.maxVirtual)
		}
		if swept := len(m.devices) - len(rest); swept > 0 {
			e = e.With("swept", fmt.Sprint(swept))
		}
		m.devices = append(rest, newDevice(d))
		if d.Kind == mfa.KindPasskey && m.account.FrozenAt.IsZero() {
			// A missing date must not leave the RPID open.
			m.account.FrozenAt = audit.FromMicros(cmp.Or(audit.Micros(d.EnabledAt), audit.Micros(e.At), 1))
			m.account.Version++
		}
		return nil
	})
}

// AddTokens implements mfa.DeviceStore.
func (m *Memory) AddTokens(ctx context.Context, ds []mfa.Device, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		if m.account == nil {
			return mfa.Fail(mfa.CodeNoAccount)
		}
		taken := make(map[string]bool, len(m.devices)+len(ds))
		for _, d := range m.devices {
			taken[mfa.FoldName(d.Serial)] = true
		}
		for _, d := range ds {
			if d.Kind != mfa.KindToken || d.OneTime == nil || d.IsAssigned() {
				return mfa.Fail(mfa.CodeInvalidInput, "field", "kind")
			}
			if taken[mfa.FoldName(d.Serial)] {
				return mfa.Fail(mfa.CodeSerialTaken, "serial", d.Serial)
			}
			taken[mfa.FoldName(d.Serial)] = true
		}
		for _, d := range ds {
			m.devices = append(m.devices, newDevice(d))
		}
		return nil
	})
}

// UpdateDevice implements mfa.DeviceStore.
func (m *Memory) UpdateDevice(ctx context.Context, d mfa.Device, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		now, err := m.deviceAt(d.ID, d.Version)
		if err != nil {
			return err
		}
		if nameTaken(m.devices, d.Name, d.ID) {
			return mfa.Fail(mfa.CodeNameTaken, "name", d.Name)
		}
		now.Name, now.SuspectAt = d.Name, whole(d.SuspectAt)
		if used := whole(d.LastUsedAt); used.After(now.LastUsedAt) {
			now.LastUsedAt = used
		}
		if d.Passkey != nil && now.Passkey != nil {
			now.Passkey.SignCount, now.Passkey.BackupState = d.Passkey.SignCount, d.Passkey.BackupState
		}
		now.Version++
		return nil
	})
}

// RemoveDevice implements mfa.DeviceStore.
func (m *Memory) RemoveDevice(ctx context.Context, id string, version int64, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		d, err := m.deviceAt(id, version)
		if err != nil {
			return err
		}
		if d.Kind.HasCodes() && d.IsAssigned() {
			return mfa.Fail(mfa.CodeDeleteConflict, "what", "owner")
		}
		m.devices = slices.DeleteFunc(m.devices, func(o mfa.Device) bool { return o.ID == id })
		delete(m.drifts, id)
		return nil
	})
}

// SweepUnassigned implements mfa.DeviceStore.
func (m *Memory) SweepUnassigned(ctx context.Context, e mfa.Event) (int, error) {
	return read(ctx, m, func() (int, error) {
		before := len(m.devices)
		m.devices = slices.DeleteFunc(m.devices, isSwept)
		swept := before - len(m.devices)
		if swept > 0 {
			m.append(e.With("count", fmt.Sprint(swept)))
		}
		return swept, nil
	})
}

// releaseDevices deletes what a user had, but tokens go back to stock.
func (m *Memory) releaseDevices(principalID string) {
	m.devices = slices.DeleteFunc(m.devices, func(d mfa.Device) bool {
		gone := d.PrincipalID == principalID && d.Kind != mfa.KindToken
		if gone {
			delete(m.drifts, d.ID)
		}
		return gone
	})
	for i := range m.devices {
		if m.devices[i].PrincipalID == principalID {
			m.unassign(&m.devices[i])
		}
	}
}

// deviceAt finds a device that has not moved on.
func (m *Memory) deviceAt(id string, version int64) (*mfa.Device, error) {
	i := slices.IndexFunc(m.devices, func(d mfa.Device) bool { return d.ID == id })
	if i < 0 {
		return nil, notFound("device")
	}
	if m.devices[i].Version != version {
		return nil, mfa.Fail(mfa.CodeConflict)
	}
	return &m.devices[i], nil
}

func (m *Memory) owned(principalID string) (n int) {
	for _, d := range m.devices {
		if d.PrincipalID == principalID {
			n++
		}
	}
	return n
}

func fitsKind(d mfa.Device) bool {
	switch d.Kind {
	case mfa.KindPasskey:
		return d.Passkey != nil && d.OneTime == nil
	case mfa.KindApp, mfa.KindToken:
		return d.OneTime != nil && d.Passkey == nil
	}
	return false
}

func isSwept(d mfa.Device) bool { return d.Kind == mfa.KindApp && !d.IsAssigned() }

// nameTaken leaves tokens in stock alone: they have no name.
func nameTaken(devices []mfa.Device, name, except string) bool {
	folded := mfa.FoldName(name)
	return name != "" && slices.ContainsFunc(devices, func(d mfa.Device) bool {
		return d.ID != except && mfa.FoldName(d.Name) == folded
	})
}

func virtual(devices []mfa.Device) (n int) {
	for _, d := range devices {
		if d.Kind == mfa.KindApp {
			n++
		}
	}
	return n
}

func deviceLimit(most int) *mfa.Failure {
	return mfa.Fail(mfa.CodeDeviceLimit, "max", fmt.Sprint(most))
}

func newDevice(d mfa.Device) mfa.Device {
	d = cloneDevice(d)
	d.CreatedAt, d.EnabledAt, d.LastUsedAt, d.SuspectAt = whole(d.CreatedAt), whole(d.EnabledAt), whole(d.LastUsedAt), whole(d.SuspectAt)
	d.Version = 1
	return d
}

func cloneDevice(d mfa.Device) mfa.Device {
	if d.Passkey != nil {
		c := *d.Passkey
		c.ID, c.PublicKey, c.AttestationObject = bytes.Clone(c.ID), bytes.Clone(c.PublicKey), bytes.Clone(c.AttestationObject)
		c.Transports, c.Trust.Reports = slices.Clone(c.Transports), slices.Clone(c.Trust.Reports)
		d.Passkey = &c
	}
	if d.OneTime != nil {
		o := *d.OneTime
		o.Sealed = bytes.Clone(o.Sealed)
		d.OneTime = &o
	}
	return d
}
