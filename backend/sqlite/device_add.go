package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// AddDevice implements mfa.DeviceStore.
func (s *Store) AddDevice(ctx context.Context, d mfa.Device, e mfa.Event) error {
	return s.transact(ctx, func(t tx) error {
		if !fitsKind(d) {
			return mfa.Fail(mfa.CodeInvalidInput, "field", "kind")
		}
		if err := t.mustHaveAccount(); err != nil {
			return err
		}
		if d.Kind == mfa.KindApp && !d.IsAssigned() {
			n, err := t.exec(sweep)
			if err != nil {
				return err
			}
			if n > 0 {
				e = e.With("swept", strconv.FormatInt(n, 10))
			}
		}
		if err := mayAdd(t, d, s.maxVirtual); err != nil {
			return err
		}
		if err := insertDevice(t, d); err != nil {
			return err
		}
		if d.Kind == mfa.KindPasskey {
			// A missing date must not leave the RPID open.
			frozen := cmp.Or(audit.Micros(d.EnabledAt), audit.Micros(e.At), 1)
			if _, err := t.exec("UPDATE accounts SET frozen_at = ?, version = version + 1 WHERE frozen_at = 0", frozen); err != nil {
				return err
			}
		}
		return appendEvent(t, e)
	})
}

func fitsKind(d mfa.Device) bool {
	return d.Kind == mfa.KindPasskey && d.Passkey != nil && d.OneTime == nil || d.Kind.HasCodes() && d.OneTime != nil && d.Passkey == nil
}

// mayAdd asks for everything that forbids a device. Nobody else writes meanwhile.
// maxVirtual is how many virtual devices an account may hold.
func mayAdd(t tx, d mfa.Device, maxVirtual int) error {
	var credential []byte
	if d.Passkey != nil {
		credential = blob(d.Passkey.ID)
	}
	var principal, name, serial, registered bool
	var owned int
	err := t.get(`SELECT EXISTS (SELECT 1 FROM principals WHERE id = ?1), EXISTS (SELECT 1 FROM devices WHERE name_folded = ?2),
		EXISTS (SELECT 1 FROM devices WHERE serial_folded = ?3), EXISTS (SELECT 1 FROM passkeys WHERE credential_id = ?4),
		(SELECT count(*) FROM devices WHERE principal_id = ?1)`,
		[]any{owner(d), folded(d.Name), mfa.FoldName(d.Serial), credential}, &principal, &name, &serial, &registered, &owned)
	switch {
	case err != nil:
		return err
	case !principal && (d.IsAssigned() || d.Kind == mfa.KindPasskey):
		return notFound("principal")
	case name:
		return mfa.Fail(mfa.CodeNameTaken, "name", d.Name)
	case serial:
		return mfa.Fail(mfa.CodeSerialTaken, "serial", d.Serial)
	case registered:
		return mfa.Fail(mfa.CodeCredentialRegistered)
	case owned >= mfa.MaxDevices:
		return deviceLimit(mfa.MaxDevices)
	case d.Kind != mfa.KindApp:
		return nil
	}
	var virtual int
	if err := t.get("SELECT count(*) FROM devices WHERE kind = 'app'", nil, &virtual); err != nil {
		return err
	}
	if virtual >= maxVirtual {
		return deviceLimit(maxVirtual)
	}
	return nil
}

func deviceLimit(most int) *mfa.Failure {
	return mfa.Fail(mfa.CodeDeviceLimit, "max", strconv.Itoa(most))
}

// Rows are inserted with these. The second of a device follows its first.
const (
	insertDeviceRow = `INSERT INTO devices (id, principal_id, kind, name, name_folded, serial, serial_folded, created_at, enabled_at,
		last_used_at, suspect_at, sign_count, backup_state, drift, last_step, samples, version)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1)`
	insertPasskeyRow = `INSERT INTO passkeys (device, credential_id, public_key, algorithm, aaguid, transports, backup_eligible,
		discoverable, user_verified, attestation_format, attestation_object, trust)
		VALUES (last_insert_rowid(), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertCodesRow = `INSERT INTO code_devices (device, sealed, algorithm, digits, period, manufacturer, model)
		VALUES (last_insert_rowid(), ?, ?, ?, ?, ?, ?)`
)

func insertDevice(t tx, d mfa.Device) error {
	if _, err := t.exec(insertDeviceRow, deviceValues(d)...); err != nil {
		return err
	}
	if d.OneTime != nil {
		_, err := t.exec(insertCodesRow, codesValues(*d.OneTime)...)
		return err
	}
	c := d.Passkey
	transports, err := json.Marshal(c.Transports)
	if err != nil {
		return err
	}
	trust, err := trustText(c.Trust)
	if err != nil {
		return err
	}
	_, err = t.exec(insertPasskeyRow, blob(c.ID), blob(c.PublicKey), c.Algorithm, c.AAGUID[:], string(transports),
		c.BackupEligible, c.Discoverable, c.UserVerified, c.AttestationFormat, blob(c.AttestationObject), trust)
	return err
}

func trustText(trust mfa.Trust) (string, error) {
	if reflect.ValueOf(trust).IsZero() {
		return "", nil
	}
	text, err := json.Marshal(trust)
	return string(text), err
}

func deviceValues(d mfa.Device) []any {
	var count, drift, step int64
	var state bool
	if d.Passkey != nil {
		count, state = int64(d.Passkey.SignCount), d.Passkey.BackupState
	}
	if d.OneTime != nil {
		drift, step = int64(d.OneTime.Drift), d.OneTime.LastStep
	}
	return []any{d.ID, owner(d), string(d.Kind), d.Name, folded(d.Name), d.Serial, mfa.FoldName(d.Serial), audit.Micros(d.CreatedAt),
		audit.Micros(d.EnabledAt), audit.Micros(d.LastUsedAt), audit.Micros(d.SuspectAt), count, state, drift, step}
}

func codesValues(o mfa.OneTime) []any {
	return []any{blob(o.Sealed), o.Algorithm, o.Digits, o.Period.Microseconds(), o.Manufacturer, o.Model}
}

// owner is the value of principal_id: NULL for nobody.
func owner(d mfa.Device) any {
	if !d.IsAssigned() {
		return nil
	}
	return d.PrincipalID
}

// AddTokens implements mfa.DeviceStore.
func (s *Store) AddTokens(ctx context.Context, ds []mfa.Device, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		if err := t.mustHaveAccount(); err != nil {
			return err
		}
		for _, d := range ds {
			if d.Kind != mfa.KindToken || !fitsKind(d) || d.IsAssigned() {
				return mfa.Fail(mfa.CodeInvalidInput, "field", "kind")
			}
			err := insertDevice(t, d)
			if isUnique(err) { // its serial, or its ID, which is random
				taken, err := t.has("SELECT 1 FROM devices WHERE serial_folded = ?", mfa.FoldName(d.Serial))
				if err != nil {
					return err
				}
				if taken {
					return mfa.Fail(mfa.CodeSerialTaken, "serial", d.Serial)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
