package ceremony

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// enable is what the kinds with codes have in common.
func (s *Service) enable(ctx context.Context, a account.Acting, d mfa.Device, name string, first, second string) (mfa.Device, error) {
	if d.IsAssigned() {
		return mfa.Device{}, mfa.Fail(mfa.CodeDeviceAssigned)
	}
	if err := s.Accounts.CheckRoom(ctx, a.Target); err != nil {
		return mfa.Device{}, err
	}
	if name != d.Name {
		if err := s.Accounts.CheckDeviceName(ctx, name); err != nil {
			return mfa.Device{}, err
		}
	}
	o, err := s.open(d)
	if err != nil {
		return mfa.Device{}, err
	}
	defer o.wipe()
	now := s.Clock()
	accepted, err := totp.VerifyPair(o.seed, o.params, o.state, first, second, o.enableWindow(), now)
	if err != nil {
		err = s.explained(o, first, second, now, err)
		s.note(ctx, s.Accounts.Did(a, mfa.EventEnrolmentFailed, d.ID), err)
		return mfa.Device{}, err
	}
	d = after(d, accepted)
	d.PrincipalID, d.Name, d.EnabledAt = a.Target.ID, name, now
	err = s.named(ctx, a.Caller, name, func() error {
		return s.Store.AssignDevice(ctx, d, s.did(a, mfa.EventDeviceAdded, d))
	})
	if err != nil {
		return mfa.Device{}, err
	}
	s.clocks.saw(d.ID, o.ahead(accepted.Drift), now)
	d.Version++ // what was written: by now somebody else may have removed it
	return d, nil
}

// enableWindow is how far the second code of a pair may be off when a device is enabled,
// in steps. A token lies in a drawer for years before its first use, and nobody has seen
// by how much its crystal drifted: it gets the hour of a resynchronisation. Even so a
// guess hits once in four thousand million pairs.
func (o otp) enableWindow() int {
	if o.Kind == mfa.KindToken {
		return o.params.HardwareResyncWindow()
	}
	return totp.EnableWindow
}

// named writes a device under a name. Where only an unassigned app stands in the way,
// that is swept: account.CheckNewDevice has called its name free.
func (s *Service) named(ctx context.Context, by mfa.Principal, name string, write func() error) error {
	err := write()
	if !mfa.IsCode(err, mfa.CodeNameTaken) {
		return err
	}
	left, lerr := s.Store.Unassigned(ctx, mfa.KindApp)
	if lerr != nil {
		return lerr
	}
	if !slices.ContainsFunc(left, func(d mfa.Device) bool { return mfa.FoldName(d.Name) == mfa.FoldName(name) }) {
		return err
	}
	if _, err := s.Store.SweepUnassigned(ctx, mfa.Event{At: s.Clock(), Kind: mfa.EventVirtualSwept, PrincipalID: by.ID}); err != nil {
		return err
	}
	return write()
}

// did is the event of something that a caller did with a device.
func (s *Service) did(a account.Acting, kind mfa.EventKind, d mfa.Device, details ...string) mfa.Event {
	return s.Accounts.Did(a, kind, d.ID, append(details, "name", d.Name, "kind", string(d.Kind))...)
}
