package desk

import (
	"context"
	"sync"

	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
)

// adding is an authenticator app that is being added. Its secrets stay here, and
// are wiped when it is enabled, cancelled or replaced, or the session ends.
type adding struct {
	target string // for whom; empty: for oneself
	device mfa.Device

	mu  sync.Mutex // held while the secrets are shown or wiped
	app ceremony.NewApp
}

func (a *adding) wipe() {
	if a != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.app.Wipe()
	}
}

// CreateApp makes an authenticator app that belongs to nobody until EnableApp: see
// ceremony.Service. What is given has no secrets; ShowApp does.
func (d *Desk) CreateApp(ctx context.Context, targetID, name string) (ceremony.NewApp, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	house, session, err := d.seated()
	if err != nil {
		return ceremony.NewApp{}, err
	}
	// Making it and enabling it are two rights. Whoever lacks the second would learn of it
	// only after the phone had scanned the code.
	if _, err := house.Accounts.May(ctx, session, mfa.OpEnableDevice, targetID); err != nil {
		return ceremony.NewApp{}, err
	}
	app, err := house.Ceremonies.CreateApp(ctx, session, targetID, name)
	if err != nil {
		return ceremony.NewApp{}, err
	}
	d.put(session, &adding{target: targetID, device: app.Device, app: app})
	app.URI, app.Key = nil, nil
	return app, nil
}

// put makes a the app that is being added, if the session still sits here.
func (d *Desk) put(session mfa.Session, a *adding) {
	d.mu.Lock()
	old := a
	if d.visit != nil && d.visit.Session.ID == session.ID {
		old, d.visit.app = d.visit.app, a
	}
	d.mu.Unlock()
	old.wipe()
}

// ShowApp lends the address (for a QR code) and the key (for typing) of the app that
// is being added. not-found when there is none.
func (d *Desk) ShowApp(show func(uri, key *mfa.Secret) error) error {
	a, _, _, err := d.app()
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.app.Key.Len() == 0 {
		return noApp()
	}
	return show(a.app.URI, a.app.Key)
}

// EnableApp gives the app that is being added to its owner, by two codes that follow
// each other: see ceremony.Service. not-found for any other app.
func (d *Desk) EnableApp(ctx context.Context, deviceID, first, second string) (mfa.Device, error) {
	a, house, session, err := d.app()
	if err != nil {
		return mfa.Device{}, err
	}
	if a.device.ID != deviceID {
		return mfa.Device{}, noApp()
	}
	device, err := house.Ceremonies.EnableApp(ctx, session, a.target, deviceID, first, second)
	if err != nil {
		return mfa.Device{}, err
	}
	d.forget(a)
	return device, nil
}

// CancelApp wipes the app that is being added and deletes it. One that may not be
// deleted by a session with a limit is swept later.
func (d *Desk) CancelApp(ctx context.Context) error {
	a, house, session, err := d.app()
	if err != nil {
		if mfa.IsCode(err, mfa.CodeNotFound) {
			return nil
		}
		return err
	}
	d.forget(a)
	_ = house.Devices.Delete(ctx, session, a.device.ID, a.device.Version)
	return nil
}

func (d *Desk) app() (*adding, *House, mfa.Session, error) {
	house, session, err := d.seated()
	if err != nil {
		return nil, nil, mfa.Session{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.visit == nil || d.visit.app == nil {
		return nil, nil, mfa.Session{}, noApp()
	}
	return d.visit.app, house, session, nil
}

func (d *Desk) forget(a *adding) {
	d.mu.Lock()
	if d.visit != nil && d.visit.app == a {
		d.visit.app = nil
	}
	d.mu.Unlock()
	a.wipe()
}

func noApp() *mfa.Failure { return mfa.Fail(mfa.CodeNotFound, "what", "device") }
