package storetest

import (
	"context"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// AssignDevice implements mfa.DeviceStore.
func (m *Memory) AssignDevice(ctx context.Context, d mfa.Device, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		now, err := m.deviceAt(d.ID, d.Version)
		switch {
		case err != nil:
			return err
		case now.IsAssigned():
			return mfa.Fail(mfa.CodeDeviceAssigned)
		case d.OneTime == nil:
			return mfa.Fail(mfa.CodeInvalidInput, "field", "kind")
		case m.principalIndex(d.PrincipalID) < 0:
			return notFound("principal")
		case m.owned(d.PrincipalID) >= mfa.MaxDevices:
			return deviceLimit(mfa.MaxDevices)
		case nameTaken(m.devices, d.Name, d.ID):
			return mfa.Fail(mfa.CodeNameTaken, "name", d.Name)
		}
		now.PrincipalID, now.Name, now.EnabledAt = d.PrincipalID, d.Name, whole(d.EnabledAt)
		now.OneTime.Drift, now.OneTime.LastStep = d.OneTime.Drift, d.OneTime.LastStep
		now.Version++
		m.drifts[d.ID] = []mfa.DriftSample{{At: now.EnabledAt, Drift: d.OneTime.Drift}}
		return nil
	})
}

// UnassignDevice implements mfa.DeviceStore.
func (m *Memory) UnassignDevice(ctx context.Context, id string, version int64, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		d, err := m.deviceAt(id, version)
		if err != nil {
			return err
		}
		if !d.IsAssigned() || !d.Kind.HasCodes() {
			return notFound("device")
		}
		m.unassign(d)
		return nil
	})
}

// unassign keeps LastStep: a code that was accepted once is never accepted again,
// whoever has the device next.
func (m *Memory) unassign(d *mfa.Device) {
	if d.Kind == mfa.KindToken {
		d.Name = ""
	}
	d.PrincipalID, d.EnabledAt, d.LastUsedAt = "", time.Time{}, time.Time{}
	d.OneTime.Drift = 0
	d.Version++
	delete(m.drifts, d.ID)
}

// AcceptCode implements mfa.DeviceStore.
func (m *Memory) AcceptCode(ctx context.Context, id string, u mfa.CodeUse, used bool, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		i := slices.IndexFunc(m.devices, func(d mfa.Device) bool {
			return d.ID == id && d.IsAssigned() && d.Kind.HasCodes()
		})
		if i < 0 {
			return notFound("device")
		}
		d := &m.devices[i]
		if u.Step <= d.OneTime.LastStep {
			return mfa.Fail(mfa.CodeCodeUsed)
		}
		d.OneTime.Drift, d.OneTime.LastStep = u.Drift, u.Step
		if used {
			d.LastUsedAt = whole(u.At)
		}
		samples := append(m.drifts[id], mfa.DriftSample{At: whole(u.At), Drift: u.Drift})
		m.drifts[id] = samples[max(0, len(samples)-mfa.MaxDriftSamples):]
		return nil
	})
}

// DriftHistory implements mfa.DeviceStore.
func (m *Memory) DriftHistory(ctx context.Context, id string) ([]mfa.DriftSample, error) {
	return read(ctx, m, func() ([]mfa.DriftSample, error) { return slices.Clone(m.drifts[id]), nil })
}
