package ceremony

import (
	"context"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// AssignToken gives a hardware token in stock to somebody under a name (EnableMFADevice
// with a vendor's serial number), the caller when targetID is empty. Two consecutive
// codes prove that the token is at hand; see enableWindow for how far they may be off.
//
// In this order: name-invalid, serial-invalid, code-format, codes-equal; as
// account.May fails; not-found, device-assigned, device-limit; vault-locked, and the
// codes' failures as at EnableApp; name-taken.
func (s *Service) AssignToken(ctx context.Context, who mfa.Session, targetID, serial, name, first, second string) (mfa.Device, error) {
	if err := mfa.CheckName(name); err != nil {
		return mfa.Device{}, err
	}
	if err := mfa.CheckSerial(serial); err != nil {
		return mfa.Device{}, err
	}
	if err := checkPair(first, second); err != nil {
		return mfa.Device{}, err
	}
	acting, err := s.Accounts.May(ctx, who, mfa.OpEnableDevice, targetID)
	if err != nil {
		return mfa.Device{}, err
	}
	d, err := s.Store.DeviceBySerial(ctx, serial)
	if err == nil && d.Kind != mfa.KindToken {
		err = account.NoDevice()
	}
	if err != nil {
		return mfa.Device{}, err
	}
	return s.enable(ctx, acting, d, name, first, second)
}
