package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// The first is the way of every sign-in: the name stays, and so does its index.
const (
	useDevice = `UPDATE devices SET last_used_at = max(last_used_at, ?1), suspect_at = ?2, sign_count = ifnull(?3, sign_count),
		backup_state = ifnull(?4, backup_state), version = version + 1 WHERE id = ?5 AND version = ?6 AND name = ?7`
	renameDevice = `UPDATE devices SET last_used_at = max(last_used_at, ?1), suspect_at = ?2, sign_count = ifnull(?3, sign_count),
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
			n, err = t.exec(renameDevice, append(args, folded(d.Name))...)
			if isUnique(err) {
				return mfa.Fail(mfa.CodeNameTaken, "name", d.Name)
			}
		}
		return t.hit(n, err, hasDevice, d.ID, "device")
	})
}

// RemoveDevice implements mfa.DeviceStore.
func (s *Store) RemoveDevice(ctx context.Context, id string, version int64, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		now, err := deviceNow(t, id, version)
		if err != nil {
			return err
		}
		if now.kind.HasCodes() && now.assigned {
			return mfa.Fail(mfa.CodeDeleteConflict, "what", "owner")
		}
		_, err = t.exec("DELETE FROM devices WHERE number = ?", now.number)
		return err
	})
}

// sweep deletes the apps that belong to nobody.
const sweep = "DELETE FROM devices WHERE principal_id IS NULL AND kind = 'app'"

// SweepUnassigned implements mfa.DeviceStore.
func (s *Store) SweepUnassigned(ctx context.Context, e mfa.Event) (swept int, err error) {
	err = s.transact(ctx, func(t tx) error {
		n, err := t.exec(sweep)
		if err != nil || n == 0 {
			return err
		}
		swept = int(n)
		return appendEvent(t, e.With("count", strconv.Itoa(swept)))
	})
	if err != nil {
		return 0, err
	}
	return swept, nil
}

// standing is what decides what may be done to a device.
type standing struct {
	number   int64
	kind     mfa.DeviceKind
	assigned bool
}

// deviceNow finds a device that has not moved on: not-found, or
// concurrent-modification.
func deviceNow(t tx, id string, version int64) (now standing, err error) {
	var at int64
	err = t.get("SELECT number, kind, principal_id IS NOT NULL, version FROM devices WHERE id = ?", []any{id},
		&now.number, &now.kind, &now.assigned, &at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return now, notFound("device")
	case err == nil && at != version:
		return now, mfa.Fail(mfa.CodeConflict)
	}
	return now, err
}
