package ceremony

import (
	"context"
	"slices"
	"strconv"

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
	o, err := s.open(d)
	if err != nil {
		return mfa.Device{}, err
	}
	defer o.wipe()
	now := s.Clock()
	accepted, err := totp.VerifyPair(o.seed, o.params, o.state, first, second, o.enableWindow(), now)
	if err != nil {
		err = s.explained(o, first, second, now, err)
		s.note(ctx, mfa.Event{Kind: mfa.EventEnrolmentFailed, PrincipalID: a.Target.ID, DeviceID: d.ID}, err)
		return mfa.Device{}, err
	}
	codes := *d.OneTime
	codes.Drift, codes.LastStep = accepted.State.Drift, accepted.State.LastStep
	d.OneTime, d.PrincipalID, d.Name, d.EnabledAt = &codes, a.Target.ID, name, now
	err = s.named(ctx, a.Target, name, func() error {
		return s.Store.AssignDevice(ctx, d, s.event(mfa.EventDeviceAdded, a.Caller, a.Target.ID, d))
	})
	if err != nil {
		return mfa.Device{}, err
	}
	s.clocks.saw(d.ID, o.ahead(accepted.Drift), now)
	return s.Store.Device(ctx, d.ID)
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
func (s *Service) named(ctx context.Context, p mfa.Principal, name string, write func() error) error {
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
	swept := mfa.Event{At: s.Clock(), Kind: mfa.EventVirtualSwept, PrincipalID: p.ID, Detail: map[string]string{"count": strconv.Itoa(len(left))}}
	if _, err := s.Store.SweepUnassigned(ctx, swept); err != nil {
		return err
	}
	return write()
}

// event is about a device of somebody; what another did for them names who.
func (s *Service) event(kind mfa.EventKind, by mfa.Principal, ownerID string, d mfa.Device) mfa.Event {
	e := mfa.Event{At: s.Clock(), Kind: kind, PrincipalID: ownerID, DeviceID: d.ID,
		Detail: map[string]string{"name": d.Name, "kind": string(d.Kind)}}
	if by.ID != ownerID {
		e.Detail["by"] = by.Label()
	}
	return e
}
