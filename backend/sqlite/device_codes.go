package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	// unassign keeps last_step: a code that was accepted once is never accepted
	// again, whoever has the device next. A WHERE follows.
	unassign = `UPDATE devices SET principal_id = NULL, name = iif(kind = 'token', '', name),
		name_folded = iif(kind = 'token', NULL, name_folded), enabled_at = 0, last_used_at = 0, drift = 0, samples = 0,
		version = version + 1 `
	// forgetDrift takes a history; which device follows.
	forgetDrift = "DELETE FROM drift_samples WHERE device "
	acceptCode  = `UPDATE devices SET drift = ?, last_step = ?2, last_used_at = iif(?, ?, last_used_at), samples = samples + 1
		WHERE id = ? AND last_step < ?2 AND principal_id IS NOT NULL AND kind <> 'passkey' RETURNING number, samples`
	// keepSample writes over the oldest one when the ring is full.
	keepSample = "INSERT OR REPLACE INTO drift_samples (device, slot, at, drift) VALUES (?, ?, ?, ?)"
)

// AssignDevice implements mfa.DeviceStore.
func (s *Store) AssignDevice(ctx context.Context, d mfa.Device, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		now, err := deviceNow(t, d.ID, d.Version)
		switch {
		case err != nil:
			return err
		case now.assigned:
			return mfa.Fail(mfa.CodeDeviceAssigned)
		case d.OneTime == nil:
			return mfa.Fail(mfa.CodeInvalidInput, "field", "kind")
		}
		if err := mayOwn(t, d.PrincipalID); err != nil {
			return err
		}
		enabled := audit.Micros(d.EnabledAt)
		_, err = t.exec(`UPDATE devices SET principal_id = ?, name = ?, name_folded = ?, enabled_at = ?, drift = ?, last_step = ?,
			samples = 1, version = version + 1 WHERE number = ?`,
			d.PrincipalID, d.Name, folded(d.Name), enabled, d.OneTime.Drift, d.OneTime.LastStep, now.number)
		if isUnique(err) {
			return mfa.Fail(mfa.CodeNameTaken, "name", d.Name)
		}
		if err != nil {
			return err
		}
		_, err = t.exec(keepSample, now.number, 0, enabled, d.OneTime.Drift)
		return err
	})
}

// mayOwn asks whether the principal is there and has room for one more device.
func mayOwn(t tx, principalID string) error {
	var there bool
	var owned int
	err := t.get("SELECT EXISTS (SELECT 1 FROM principals WHERE id = ?1), (SELECT count(*) FROM devices WHERE principal_id = ?1)",
		[]any{principalID}, &there, &owned)
	switch {
	case err != nil:
		return err
	case !there:
		return notFound("principal")
	case owned >= mfa.MaxDevices:
		return deviceLimit(mfa.MaxDevices)
	}
	return nil
}

// UnassignDevice implements mfa.DeviceStore.
func (s *Store) UnassignDevice(ctx context.Context, id string, version int64, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		now, err := deviceNow(t, id, version)
		if err != nil {
			return err
		}
		if !now.assigned || !now.kind.HasCodes() {
			return notFound("device")
		}
		if _, err := t.exec(unassign+"WHERE number = ?", now.number); err != nil {
			return err
		}
		_, err = t.exec(forgetDrift+"= ?", now.number)
		return err
	})
}

// AcceptCode implements mfa.DeviceStore. It changes one row of devices and one of
// samples, which mostly stays on its page.
func (s *Store) AcceptCode(ctx context.Context, id string, u mfa.CodeUse, used bool, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		at := audit.Micros(u.At)
		var number, samples int64
		err := t.get(acceptCode, []any{u.Drift, u.Step, used, at, id}, &number, &samples)
		if errors.Is(err, sql.ErrNoRows) {
			return whyRefused(t, id)
		}
		if err != nil {
			return err
		}
		_, err = t.exec(keepSample, number, (samples-1)%mfa.MaxDriftSamples, at, u.Drift)
		return err
	})
}

func whyRefused(t tx, id string) error {
	if err := t.must("SELECT 1 FROM devices WHERE id = ? AND principal_id IS NOT NULL AND kind <> 'passkey'", id, "device"); err != nil {
		return err
	}
	return mfa.Fail(mfa.CodeCodeUsed)
}

// DriftHistory implements mfa.DeviceStore.
func (s *Store) DriftHistory(ctx context.Context, id string) ([]mfa.DriftSample, error) {
	return many(ctx, s, func(r row) (d mfa.DriftSample, err error) {
		var at int64
		err = r.Scan(&at, &d.Drift)
		d.At = audit.FromMicros(at)
		return d, err
	}, `SELECT s.at, s.drift FROM devices d JOIN drift_samples s ON s.device = d.number WHERE d.id = ?1
		ORDER BY s.slot < d.samples % ?2, s.slot`, id, mfa.MaxDriftSamples)
}
