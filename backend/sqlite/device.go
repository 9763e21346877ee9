package sqlite

import (
	"context"
	"encoding/json"
	"time"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// selectDevices reads whole devices; a WHERE or ORDER BY follows.
const selectDevices = `SELECT d.id, ifnull(d.principal_id, ''), d.kind, d.name, d.serial, d.created_at, d.enabled_at, d.last_used_at,
	d.suspect_at, d.version, d.sign_count, d.backup_state, d.drift, d.last_step,
	p.credential_id, p.public_key, ifnull(p.algorithm, 0), p.aaguid, p.transports, ifnull(p.backup_eligible, 0),
	ifnull(p.discoverable, 0), ifnull(p.user_verified, 0), ifnull(p.attestation_format, ''), p.attestation_object, ifnull(p.trust, ''),
	c.sealed, ifnull(c.algorithm, ''), ifnull(c.digits, 0), ifnull(c.period, 0), ifnull(c.manufacturer, ''), ifnull(c.model, '')
	FROM devices d LEFT JOIN passkeys p ON p.device = d.number LEFT JOIN code_devices c ON c.device = d.number `

func scanDevice(r row) (mfa.Device, error) {
	var d mfa.Device
	var c mfa.Credential
	var o mfa.OneTime
	var created, enabled, used, suspect, period int64
	var aaguid, transports, trust []byte
	err := r.Scan(&d.ID, &d.PrincipalID, &d.Kind, &d.Name, &d.Serial, &created, &enabled, &used,
		&suspect, &d.Version, &c.SignCount, &c.BackupState, &o.Drift, &o.LastStep,
		&c.ID, &c.PublicKey, &c.Algorithm, &aaguid, &transports, &c.BackupEligible,
		&c.Discoverable, &c.UserVerified, &c.AttestationFormat, &c.AttestationObject, &trust,
		&o.Sealed, &o.Algorithm, &o.Digits, &period, &o.Manufacturer, &o.Model)
	if err != nil {
		return d, err
	}
	d.CreatedAt, d.EnabledAt = audit.FromMicros(created), audit.FromMicros(enabled)
	d.LastUsedAt, d.SuspectAt = audit.FromMicros(used), audit.FromMicros(suspect)
	if d.Kind.HasCodes() {
		o.Period = time.Duration(period) * time.Microsecond
		d.OneTime = &o
		return d, nil
	}
	if err := json.Unmarshal(transports, &c.Transports); err != nil {
		return d, damaged("device %s: transports are no JSON", d.ID)
	}
	if len(trust) > 0 {
		if err := json.Unmarshal(trust, &c.Trust); err != nil {
			return d, damaged("device %s: its trust is no JSON", d.ID)
		}
	}
	copy(c.AAGUID[:], aaguid)
	d.Passkey = &c
	return d, nil
}

// Device implements mfa.DeviceStore.
func (s *Store) Device(ctx context.Context, id string) (mfa.Device, error) {
	return one(ctx, s, notFound("device"), scanDevice, selectDevices+"WHERE d.id = ?", id)
}

// DeviceBySerial implements mfa.DeviceStore.
func (s *Store) DeviceBySerial(ctx context.Context, serial string) (mfa.Device, error) {
	return one(ctx, s, notFound("device"), scanDevice, selectDevices+"WHERE d.serial_folded = ?", mfa.FoldName(serial))
}

// DeviceByCredential implements mfa.DeviceStore.
func (s *Store) DeviceByCredential(ctx context.Context, credentialID []byte) (mfa.Device, error) {
	return one(ctx, s, notFound("device"), scanDevice, selectDevices+"WHERE p.credential_id = ?", blob(credentialID))
}

// Devices implements mfa.DeviceStore.
func (s *Store) Devices(ctx context.Context, principalID string) ([]mfa.Device, error) {
	return many(ctx, s, scanDevice, selectDevices+"WHERE d.principal_id = ? ORDER BY d.enabled_at, d.number", principalID)
}

// Unassigned implements mfa.DeviceStore.
func (s *Store) Unassigned(ctx context.Context, k mfa.DeviceKind) ([]mfa.Device, error) {
	return many(ctx, s, scanDevice, selectDevices+"WHERE d.principal_id IS NULL AND d.kind = ? ORDER BY d.created_at, d.number", string(k))
}

// DeviceNameTaken implements mfa.DeviceStore.
func (s *Store) DeviceNameTaken(ctx context.Context, name string) (bool, error) {
	return one(ctx, s, nil, func(r row) (taken bool, err error) { return taken, r.Scan(&taken) },
		"SELECT EXISTS (SELECT 1 FROM devices WHERE name_folded = ?)", folded(name))
}

// KnownSerials implements mfa.DeviceStore.
func (s *Store) KnownSerials(ctx context.Context, serials []string) (map[string]bool, error) {
	asked := make([]string, len(serials))
	for i, serial := range serials {
		asked[i] = mfa.FoldName(serial)
	}
	list, err := json.Marshal(asked)
	if err != nil {
		return nil, failure(err)
	}
	found, err := many(ctx, s, func(r row) (serial string, err error) { return serial, r.Scan(&serial) },
		"SELECT serial_folded FROM devices WHERE serial_folded IN (SELECT value FROM json_each(?))", string(list))
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(found))
	for _, serial := range found {
		known[serial] = true
	}
	return known, nil
}

// folded is the value of name_folded: NULL for no name, which is not unique and
// equals nothing.
func folded(name string) any {
	if name == "" {
		return nil
	}
	return mfa.FoldName(name)
}
