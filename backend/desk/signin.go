package desk

import (
	"context"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// CreateAccount makes the account and signs its root user in with the password.
// The codes are those of account.Service.Create.
func (d *Desk) CreateAccount(ctx context.Context, n account.NewAccount) (State, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	house, err := d.at()
	if err != nil {
		return State{}, err
	}
	n.Sandbox = house.Sandbox
	a, root, err := house.Accounts.Create(ctx, n)
	if err != nil {
		return State{}, err
	}
	d.mu.Lock()
	d.account = &a
	d.mu.Unlock()
	pending, err := house.Ceremonies.Password(ctx, mfa.Identity{Kind: mfa.Root, Name: root.Email}, n.Password)
	if err != nil {
		return State{}, err
	}
	d.sit(pending.Principal, *pending.Session, "")
	return d.State(), nil
}

// SignIn is the first factor: sign-in-refused, sign-in-delayed.
func (d *Desk) SignIn(ctx context.Context, who mfa.Identity, password *mfa.Secret) (SignIn, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	house, err := d.at()
	if err != nil {
		return SignIn{}, err
	}
	d.endRun()
	pending, err := house.Ceremonies.Password(ctx, who, password)
	if err != nil {
		return SignIn{}, err
	}
	if pending.Session != nil {
		d.sit(pending.Principal, *pending.Session, "")
		return SignIn{Complete: true, State: d.State()}, nil
	}
	d.mu.Lock()
	d.forgetPerson()
	d.pending, d.last = &pending, &who
	d.mu.Unlock()
	return SignIn{State: d.State(), Devices: pending.Devices, Links: pending.Links}, nil
}

// CancelSignIn forgets a half-done sign-in.
func (d *Desk) CancelSignIn() State {
	d.moving.Lock()
	defer d.moving.Unlock()
	d.endRun()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pending != nil {
		d.forgetPerson()
	}
	return d.state()
}

// SignOut ends the session. The person is signed out even when the audit event
// could not be written; the error then says so.
func (d *Desk) SignOut(ctx context.Context) (State, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	house, session, err := d.seated()
	if err != nil {
		return State{}, err
	}
	d.endRun()
	err = house.Ceremonies.SignOut(ctx, session)
	d.mu.Lock()
	d.forgetPerson()
	d.mu.Unlock()
	return d.State(), err
}

// sit signs somebody in.
func (d *Desk) sit(p mfa.Principal, s mfa.Session, device string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgetPerson()
	p.Password = mfa.PasswordHash{}
	d.session, d.who, d.device = &s, &p, device
	d.last = &mfa.Identity{Kind: p.Kind, Name: p.Label()}
}
