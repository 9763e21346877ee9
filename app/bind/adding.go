package bind

import (
	"context"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// BeginEnrolment starts adding a passkey for somebody.
func (a *API) BeginEnrolment(req PasskeyRequest) (CeremonyDTO, error) {
	return a.begin(func(ctx context.Context, b Backend) (desk.Ceremony, error) {
		return b.BeginEnrolment(ctx, req.PrincipalID, req.Name, mfa.Road(req.Road))
	})
}

// CreateApp makes an authenticator app that belongs to nobody until EnableApp.
func (a *API) CreateApp(req EnrolmentRequest) (NewAppDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (NewAppDTO, error) {
		app, err := b.CreateApp(ctx, req.PrincipalID, req.Name)
		if err != nil {
			return NewAppDTO{}, err
		}
		err = b.Refresh(ctx) // sealing may have set the vault up
		return NewAppDTO{Device: a.device("")(app.Device), Label: app.Label, Issuer: app.Issuer}, err
	})
}

// ShowAppCode is the code to scan, of the app that is being added.
func (a *API) ShowAppCode() (QRDTO, error) {
	return call(a, func(_ context.Context, b Backend) (qr QRDTO, err error) {
		err = b.ShowApp(func(uri, _ *mfa.Secret) error {
			qr, err = a.draw(string(uri.Bytes()))
			return err
		})
		return qr, err
	})
}

// ShowAppKey is the same to be typed: base32 as bytes.
func (a *API) ShowAppKey() (Password, error) {
	return call(a, func(_ context.Context, b Backend) (key Password, err error) {
		err = b.ShowApp(func(_, k *mfa.Secret) error {
			key = append(Password{}, k.Bytes()...)
			return nil
		})
		return key, err
	})
}

// EnableApp gives the app that is being added to its owner, by two codes.
func (a *API) EnableApp(req TwoCodesRequest) (DeviceDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (DeviceDTO, error) {
		d, err := b.EnableApp(ctx, req.ID, req.First, req.Second)
		if err != nil {
			return DeviceDTO{}, err
		}
		err = b.Refresh(ctx)
		return a.device("")(d), err
	})
}

// CancelApp wipes and deletes the app that is being added.
func (a *API) CancelApp() error {
	return run(a, func(ctx context.Context, b Backend) error { return b.CancelApp(ctx) })
}
