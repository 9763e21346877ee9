package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// unbuilt answers for what is not written yet; the file goes with the last of them.
var unbuilt = mfa.Fail(mfa.CodeInternal).Because(errors.New("not written yet"))

func (s *Store) HighestTime(ctx context.Context) (time.Time, error) { return time.Time{}, unbuilt }
func (s *Store) AddPrincipals(ctx context.Context, ps []mfa.Principal, attached []mfa.Attachment, es []mfa.Event) error {
	return unbuilt
}
func (s *Store) PasswordAccepted(ctx context.Context, key []byte, id string, deadline time.Time, e mfa.Event) error {
	return unbuilt
}
func (s *Store) RemovePrincipal(ctx context.Context, id string, version int64, withDevices bool, e mfa.Event) error {
	return unbuilt
}
func (s *Store) Overviews(ctx context.Context) ([]mfa.Overview, error)             { return nil, unbuilt }
func (s *Store) AddTokens(ctx context.Context, ds []mfa.Device, e mfa.Event) error { return unbuilt }
func (s *Store) DeviceBySerial(ctx context.Context, serial string) (mfa.Device, error) {
	return mfa.Device{}, unbuilt
}
func (s *Store) Unassigned(ctx context.Context, k mfa.DeviceKind) ([]mfa.Device, error) {
	return nil, unbuilt
}
func (s *Store) KnownSerials(ctx context.Context, serials []string) (map[string]bool, error) {
	return nil, unbuilt
}
func (s *Store) AssignDevice(ctx context.Context, d mfa.Device, e mfa.Event) error { return unbuilt }
func (s *Store) UnassignDevice(ctx context.Context, id string, version int64, e mfa.Event) error {
	return unbuilt
}
func (s *Store) AcceptCode(ctx context.Context, id string, u mfa.CodeUse, used bool, e mfa.Event) error {
	return unbuilt
}
func (s *Store) DriftHistory(ctx context.Context, id string) ([]mfa.DriftSample, error) {
	return nil, unbuilt
}
func (s *Store) SweepUnassigned(ctx context.Context, e mfa.Event) (int, error) { return 0, unbuilt }
func (s *Store) AddGroup(ctx context.Context, g mfa.Group, e mfa.Event) error  { return unbuilt }
func (s *Store) RemoveGroup(ctx context.Context, id string, version int64, e mfa.Event) error {
	return unbuilt
}
func (s *Store) Groups(ctx context.Context) ([]mfa.Group, error) { return nil, unbuilt }
func (s *Store) SetMember(ctx context.Context, groupID, principalID string, in bool, e mfa.Event) error {
	return unbuilt
}
func (s *Store) SetAttached(ctx context.Context, a mfa.Attachment, on bool, e mfa.Event) error {
	return unbuilt
}
func (s *Store) PoliciesOf(ctx context.Context, principalID string) ([]string, error) {
	return nil, unbuilt
}
func (s *Store) ReplaceRecoveryCodes(ctx context.Context, principalID string, codes []mfa.RecoveryCode, e mfa.Event) error {
	return unbuilt
}
func (s *Store) RecoveryCodes(ctx context.Context, principalID string) ([]mfa.RecoveryCode, error) {
	return nil, unbuilt
}
func (s *Store) UseRecoveryCode(ctx context.Context, id string, e mfa.Event) error { return unbuilt }
func (s *Store) KeySlots(ctx context.Context) ([]mfa.KeySlot, error)               { return nil, unbuilt }
func (s *Store) ReplaceKeySlots(ctx context.Context, gone []string, slots []mfa.KeySlot, e mfa.Event) error {
	return unbuilt
}
func (s *Store) FindEvents(ctx context.Context, f mfa.EventFilter) ([]mfa.Event, error) {
	return nil, unbuilt
}
