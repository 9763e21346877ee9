package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// unbuilt answers for what is not written yet; the file goes with the last of them.
var unbuilt = mfa.Fail(mfa.CodeInternal).Because(errors.New("not written yet"))

func (s *Memory) HighestTime(ctx context.Context) (time.Time, error) { return time.Time{}, unbuilt }
func (s *Memory) AddPrincipals(ctx context.Context, ps []mfa.Principal, es []mfa.Event) error {
	return unbuilt
}
func (s *Memory) PasswordAccepted(ctx context.Context, key []byte, id string, deadline time.Time, e mfa.Event) error {
	return unbuilt
}
func (s *Memory) RemovePrincipal(ctx context.Context, id string, version int64, withDevices bool, e mfa.Event) error {
	return unbuilt
}
func (s *Memory) Overviews(ctx context.Context) ([]mfa.Overview, error)             { return nil, unbuilt }
func (s *Memory) AddTokens(ctx context.Context, ds []mfa.Device, e mfa.Event) error { return unbuilt }
func (s *Memory) DeviceBySerial(ctx context.Context, serial string) (mfa.Device, error) {
	return mfa.Device{}, unbuilt
}
func (s *Memory) Unassigned(ctx context.Context, k mfa.DeviceKind) ([]mfa.Device, error) {
	return nil, unbuilt
}
func (s *Memory) KnownSerials(ctx context.Context, serials []string) (map[string]bool, error) {
	return nil, unbuilt
}
func (s *Memory) AssignDevice(ctx context.Context, d mfa.Device, e mfa.Event) error { return unbuilt }
func (s *Memory) UnassignDevice(ctx context.Context, id string, version int64, e mfa.Event) error {
	return unbuilt
}
func (s *Memory) AcceptCode(ctx context.Context, id string, u mfa.CodeUse, used bool, e mfa.Event) error {
	return unbuilt
}
func (s *Memory) DriftHistory(ctx context.Context, id string) ([]mfa.DriftSample, error) {
	return nil, unbuilt
}
func (s *Memory) SweepUnassigned(ctx context.Context, e mfa.Event) (int, error) { return 0, unbuilt }
func (s *Memory) AddGroup(ctx context.Context, g mfa.Group, e mfa.Event) error  { return unbuilt }
func (s *Memory) RemoveGroup(ctx context.Context, id string, version int64, e mfa.Event) error {
	return unbuilt
}
func (s *Memory) Groups(ctx context.Context) ([]mfa.Group, error) { return nil, unbuilt }
func (s *Memory) SetMember(ctx context.Context, groupID, principalID string, in bool, e mfa.Event) error {
	return unbuilt
}
func (s *Memory) SetAttached(ctx context.Context, a mfa.Attachment, on bool, e mfa.Event) error {
	return unbuilt
}
func (s *Memory) PoliciesOf(ctx context.Context, principalID string) ([]string, error) {
	return nil, unbuilt
}
func (s *Memory) ReplaceRecoveryCodes(ctx context.Context, principalID string, codes []mfa.RecoveryCode, e mfa.Event) error {
	return unbuilt
}
func (s *Memory) RecoveryCodes(ctx context.Context, principalID string) ([]mfa.RecoveryCode, error) {
	return nil, unbuilt
}
func (s *Memory) UseRecoveryCode(ctx context.Context, id string, e mfa.Event) error { return unbuilt }
func (s *Memory) KeySlots(ctx context.Context) ([]mfa.KeySlot, error)               { return nil, unbuilt }
func (s *Memory) ReplaceKeySlots(ctx context.Context, gone []string, slots []mfa.KeySlot, e mfa.Event) error {
	return unbuilt
}
func (s *Memory) FindEvents(ctx context.Context, f mfa.EventFilter) ([]mfa.Event, error) {
	return nil, unbuilt
}
