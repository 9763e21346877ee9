package desk

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Devices lists the person's devices, oldest first.
func (d *Desk) Devices(ctx context.Context) ([]mfa.Device, error) {
	house, session, err := d.seated()
	if err != nil {
		return nil, err
	}
	return house.Accounts.Devices(ctx, session)
}

// CheckDeviceName says whether a device of this name could be added now.
func (d *Desk) CheckDeviceName(ctx context.Context, name string) error {
	house, session, err := d.seated()
	if err != nil {
		return err
	}
	_, err = house.Accounts.CheckNewDevice(ctx, session, "", name)
	return err
}

// RenameDevice renames a device that the person saw at this version.
func (d *Desk) RenameDevice(ctx context.Context, id string, version int64, name string) (mfa.Device, error) {
	house, session, err := d.seated()
	if err != nil {
		return mfa.Device{}, err
	}
	return house.Accounts.RenameDevice(ctx, session, id, version, name)
}

// RemoveDevice removes a device that the person saw at this version.
func (d *Desk) RemoveDevice(ctx context.Context, id string, version int64) error {
	house, session, err := d.seated()
	if err != nil {
		return err
	}
	return house.Accounts.RemoveDevice(ctx, session, id, version)
}

// Links lists the person's linked phones, without their secrets.
func (d *Desk) Links(ctx context.Context) ([]mfa.LinkedPhone, error) {
	house, session, err := d.seated()
	if err != nil {
		return nil, err
	}
	links, err := house.Accounts.Links(ctx, session.PrincipalID)
	for i := range links {
		links[i].Secret.Wipe()
	}
	return links, err
}

// ForgetLink forgets a linked phone.
func (d *Desk) ForgetLink(ctx context.Context, id string) error {
	house, session, err := d.seated()
	if err != nil {
		return err
	}
	return house.Accounts.ForgetLink(ctx, session.PrincipalID, id)
}
