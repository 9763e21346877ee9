package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// selectDevices reads whole devices; a WHERE or ORDER BY follows.
const selectDevices = `SELECT d.id, d.principal_id, d.kind, d.name, d.serial, d.enabled_at, d.last_used_at, d.suspect_at, d.version,
	p.credential_id, p.public_key, p.algorithm, p.aaguid, d.sign_count, p.transports, p.backup_eligible, d.backup_state,
	p.discoverable, p.user_verified, p.attestation_format, p.attestation_object
	FROM devices d JOIN passkeys p ON p.device = d.number `

func scanDevice(r row) (mfa.Device, error) {
	var d mfa.Device
	var c mfa.Credential
	var enabled, used, suspect int64
	var aaguid, transports []byte
	err := r.Scan(&d.ID, &d.PrincipalID, &d.Kind, &d.Name, &d.Serial, &enabled, &used, &suspect, &d.Version,
		&c.ID, &c.PublicKey, &c.Algorithm, &aaguid, &c.SignCount, &transports, &c.BackupEligible, &c.BackupState,
		&c.Discoverable, &c.UserVerified, &c.AttestationFormat, &c.AttestationObject)
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(transports, &c.Transports); err != nil {
		return d, damaged("device %s: transports are no JSON", d.ID)
	}
	copy(c.AAGUID[:], aaguid)
	d.EnabledAt, d.LastUsedAt, d.SuspectAt = audit.FromMicros(enabled), audit.FromMicros(used), audit.FromMicros(suspect)
	d.Passkey = &c
	return d, nil
}

// AddDevice implements mfa.DeviceStore.
func (s *Store) AddDevice(ctx context.Context, d mfa.Device, e mfa.Event) error {
	if d.Kind != mfa.KindPasskey || d.Passkey == nil {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "kind")
	}
	return s.change(ctx, e, func(t tx) error {
		if err := mayAdd(t, d); err != nil {
			return err
		}
		if err := insertDevice(t, d); err != nil {
			return err
		}
		// A missing date must not leave the RPID open.
		frozen := cmp.Or(audit.Micros(d.EnabledAt), audit.Micros(e.At), 1)
		_, err := t.exec("UPDATE accounts SET frozen_at = ?, version = version + 1 WHERE frozen_at = 0", frozen)
		return err
	})
}

// mayAdd asks for everything that forbids a device. Nobody else writes meanwhile.
func mayAdd(t tx, d mfa.Device) error {
	var principal, name, credential bool
	var owned int
	err := t.get(`SELECT EXISTS (SELECT 1 FROM principals WHERE id = ?1), EXISTS (SELECT 1 FROM devices WHERE name_folded = ?2),
		EXISTS (SELECT 1 FROM passkeys WHERE credential_id = ?3), (SELECT count(*) FROM devices WHERE principal_id = ?1)`,
		[]any{d.PrincipalID, mfa.FoldName(d.Name), blob(d.Passkey.ID)}, &principal, &name, &credential, &owned)
	switch {
	case err != nil:
		return err
	case !principal:
		return notFound("principal")
	case name:
		return mfa.Fail(mfa.CodeNameTaken, "name", d.Name)
	case credential:
		return mfa.Fail(mfa.CodeCredentialRegistered)
	case owned >= mfa.MaxDevices:
		return mfa.Fail(mfa.CodeDeviceLimit, "max", strconv.Itoa(mfa.MaxDevices))
	}
	return nil
}

func insertDevice(t tx, d mfa.Device) error {
	c := d.Passkey
	transports, err := json.Marshal(c.Transports)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO devices (id, principal_id, kind, name, name_folded, serial, enabled_at, last_used_at, suspect_at,
		sign_count, backup_state, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`, d.ID, d.PrincipalID, string(d.Kind), d.Name,
		mfa.FoldName(d.Name), d.Serial, audit.Micros(d.EnabledAt), audit.Micros(d.LastUsedAt), audit.Micros(d.SuspectAt),
		c.SignCount, c.BackupState)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO passkeys (device, credential_id, public_key, algorithm, aaguid, transports, backup_eligible,
		discoverable, user_verified, attestation_format, attestation_object)
		VALUES (last_insert_rowid(), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, blob(c.ID), blob(c.PublicKey), c.Algorithm, c.AAGUID[:],
		string(transports), c.BackupEligible, c.Discoverable, c.UserVerified,
		c.AttestationFormat, blob(c.AttestationObject))
	return err
}

// Device implements mfa.DeviceStore.
func (s *Store) Device(ctx context.Context, id string) (mfa.Device, error) {
	return one(ctx, s, notFound("device"), scanDevice, selectDevices+"WHERE d.id = ?", id)
}

// DeviceByCredential implements mfa.DeviceStore.
func (s *Store) DeviceByCredential(ctx context.Context, credentialID []byte) (mfa.Device, error) {
	return one(ctx, s, notFound("device"), scanDevice, selectDevices+"WHERE p.credential_id = ?", blob(credentialID))
}

// Devices implements mfa.DeviceStore.
func (s *Store) Devices(ctx context.Context, principalID string) ([]mfa.Device, error) {
	return many(ctx, s, scanDevice, selectDevices+"WHERE d.principal_id = ? ORDER BY d.enabled_at, d.number", principalID)
}

// DeviceNameTaken implements mfa.DeviceStore.
func (s *Store) DeviceNameTaken(ctx context.Context, name string) (bool, error) {
	return one(ctx, s, nil, func(r row) (taken bool, err error) { return taken, r.Scan(&taken) },
		"SELECT EXISTS (SELECT 1 FROM devices WHERE name_folded = ?)", mfa.FoldName(name))
}

// The first is the way of every sign-in: the name stays, and so does its index.
const (
	useDevice = `UPDATE devices SET last_used_at = ?1, suspect_at = ?2, sign_count = ifnull(?3, sign_count),
		backup_state = ifnull(?4, backup_state), version = version + 1 WHERE id = ?5 AND version = ?6 AND name = ?7`
	renameDevice = `UPDATE devices SET last_used_at = ?1, suspect_at = ?2, sign_count = ifnull(?3, sign_count),
		backup_state = ifnull(?4, backup_state), version = version + 1, name = ?7, name_folded = ?8 WHERE id = ?5 AND version = ?6`
)

// UpdateDevice implements mfa.DeviceStore.
func (s *Store) UpdateDevice(ctx context.Context, d mfa.Device, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		args := []any{audit.Micros(d.LastUsedAt), audit.Micros(d.SuspectAt), nil, nil, d.ID, d.Version, d.Name}
		if d.Passkey != nil {
			args[2], args[3] = d.Passkey.SignCount, d.Passkey.BackupState
		}
		n, err := t.exec(useDevice, args...)
		if err == nil && n == 0 {
			n, err = t.exec(renameDevice, append(args, mfa.FoldName(d.Name))...)
			if isUnique(err) {
				return mfa.Fail(mfa.CodeNameTaken, "name", d.Name)
			}
		}
		return t.hit(n, err, "SELECT 1 FROM devices WHERE id = ?", d.ID, "device")
	})
}

// RemoveDevice implements mfa.DeviceStore.
func (s *Store) RemoveDevice(ctx context.Context, id string, version int64, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		n, err := t.exec("DELETE FROM devices WHERE id = ? AND version = ?", id, version)
		return t.hit(n, err, "SELECT 1 FROM devices WHERE id = ?", id, "device")
	})
}
