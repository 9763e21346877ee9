package desk

import (
	"context"
	"errors"
	"slices"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
)

// CreateAccount makes the account and signs its root user in with the password.
// The codes are those of account.Service.Create.
func (d *Desk) CreateAccount(ctx context.Context, n account.NewAccount) (State, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	house, err := d.House()
	if err != nil {
		return State{}, err
	}
	n.Sandbox = house.Sandbox
	a, root, err := house.Accounts.Create(ctx, n)
	if err != nil {
		return State{}, err
	}
	err = house.Vault.Start(ctx, a.ID)
	d.mu.Lock()
	d.account, d.vault = &a, vaultOf(house)
	d.mu.Unlock()
	if err != nil {
		return State{}, err
	}
	p, err := house.Ceremonies.Password(ctx, mfa.Identity{Kind: mfa.Root, Name: root.Email}, n.Password)
	if err != nil {
		return State{}, err
	}
	d.sit(ctx, p.Principal, *p.Session, "")
	return d.State(), nil
}

// SignIn is the first factor: sign-in-refused, sign-in-delayed, and what
// ceremony.Service.Password says.
func (d *Desk) SignIn(ctx context.Context, who mfa.Identity, password *mfa.Secret) (SignIn, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	house, err := d.House()
	if err != nil {
		return SignIn{}, err
	}
	d.endRun()
	p, err := house.Ceremonies.Password(ctx, who, password)
	if err != nil {
		return SignIn{}, err
	}
	if p.Session != nil {
		return d.seatedAs(ctx, p.Principal, *p.Session), nil
	}
	p.Principal.Password = mfa.PasswordHash{}
	d.part(EndedNot)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending, d.last, d.touched = &p, &who, d.clock.Now()
	d.watch()
	usable := slices.DeleteFunc(slices.Clone(p.Devices), func(dev mfa.Device) bool { return !dev.CanSignIn() })
	return SignIn{State: d.state(), Devices: usable, Roads: house.meeting(usable), Links: p.Links, RecoveryLeft: p.RecoveryLeft}, nil
}

// SignInWithCode is the second factor by a code: see ceremony.Service.
func (d *Desk) SignInWithCode(ctx context.Context, code string) (SignIn, error) {
	return d.second(ctx, func(h *House, p ceremony.Pending) (mfa.Session, error) {
		return h.Ceremonies.SignInWithCode(ctx, p, code)
	})
}

// SignInWithRecovery lets a printed code stand in for a device.
func (d *Desk) SignInWithRecovery(ctx context.Context, code *mfa.Secret) (SignIn, error) {
	return d.second(ctx, func(h *House, p ceremony.Pending) (mfa.Session, error) {
		return h.Ceremonies.SignInWithRecovery(ctx, p, code)
	})
}

// ResyncAtSignIn brings a device's clock back by two codes before the sign-in is
// complete: after that a code works again.
func (d *Desk) ResyncAtSignIn(ctx context.Context, deviceID, first, second string) error {
	d.moving.Lock()
	defer d.moving.Unlock()
	house, p, err := d.half()
	if err != nil {
		return err
	}
	return house.Ceremonies.ResyncPending(ctx, p, deviceID, first, second)
}

// second runs one of the second factors that need no ceremony.
func (d *Desk) second(ctx context.Context, prove func(*House, ceremony.Pending) (mfa.Session, error)) (SignIn, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	house, p, err := d.half()
	if err != nil {
		return SignIn{}, err
	}
	session, err := prove(house, p)
	if err != nil {
		return SignIn{}, err
	}
	d.endRun()
	return d.seatedAs(ctx, p.Principal, session, p.Devices...), nil
}

// half gives the half-done sign-in, or not-signed-in. With moving held.
func (d *Desk) half() (*House, ceremony.Pending, error) {
	house, err := d.House()
	if err != nil {
		return nil, ceremony.Pending{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pending == nil {
		return nil, ceremony.Pending{}, mfa.Fail(mfa.CodeNotSignedIn)
	}
	return house, *d.pending, nil
}

func (d *Desk) seatedAs(ctx context.Context, p mfa.Principal, s mfa.Session, devices ...mfa.Device) SignIn {
	d.sit(ctx, p, s, nameOf(s.DeviceID, devices))
	return SignIn{Complete: true, State: d.State()}
}

func nameOf(id string, devices []mfa.Device) string {
	for _, d := range devices {
		if d.ID == id {
			return d.Name
		}
	}
	return ""
}

// CancelSignIn forgets a half-done sign-in.
func (d *Desk) CancelSignIn() State {
	d.moving.Lock()
	defer d.moving.Unlock()
	d.endRun()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending = nil
	d.watch()
	return d.state()
}

// SignOut ends the session. The person is signed out even when the audit event or
// the checkpoint could not be written; the error then says so.
func (d *Desk) SignOut(ctx context.Context) (State, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	house, session, err := d.seated()
	if err != nil {
		return State{}, err
	}
	d.endRun()
	err = house.Ceremonies.SignOut(ctx, session)
	d.part(EndedNot)
	return d.State(), errors.Join(err, house.Activity.Checkpoint(ctx))
}
