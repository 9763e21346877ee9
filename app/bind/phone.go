package bind

import (
	"context"
	"encoding/base64"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
)

// maxPicture bounds the base64 text of a picture: an uncompressed 4K screen
// would not pass, a PNG of one does.
const maxPicture = 16 << 20

// BeginEnrolment starts adding a phone.
func (a *API) BeginEnrolment(req EnrolmentRequest) (CeremonyDTO, error) {
	return a.begin(func(ctx context.Context, b Backend) (desk.Ceremony, error) { return b.BeginEnrolment(ctx, req.Name) })
}

// BeginPhoneSignIn starts the second factor.
func (a *API) BeginPhoneSignIn(req PhoneSignInRequest) (CeremonyDTO, error) {
	return a.begin(func(_ context.Context, b Backend) (desk.Ceremony, error) { return b.BeginPhoneSignIn(req.LinkedID) })
}

// NewCode starts the present ceremony again.
func (a *API) NewCode() (CeremonyDTO, error) {
	return a.begin(func(_ context.Context, b Backend) (desk.Ceremony, error) { return b.NewCode() })
}

func (a *API) begin(do func(context.Context, Backend) (desk.Ceremony, error)) (CeremonyDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (CeremonyDTO, error) {
		c, err := do(ctx, b)
		if err != nil {
			return CeremonyDTO{}, err
		}
		return a.ceremony(c)
	})
}

// ConfirmDevice answers "Add this passkey?".
func (a *API) ConfirmDevice(accept bool) error {
	return run(a, func(_ context.Context, b Backend) error { return b.ConfirmDevice(accept) })
}

// CancelCeremony ends the running ceremony; nothing was added.
func (a *API) CancelCeremony() error {
	return run(a, func(_ context.Context, b Backend) error { b.CancelCeremony(); return nil })
}

// Ceremony is the running or last ceremony, null before the first, and also
// where the data could not be opened: State has told that.
func (a *API) Ceremony() (*CeremonyDTO, error) {
	if a.c.Seat.isRefused() {
		return nil, nil
	}
	return call(a, func(_ context.Context, b Backend) (*CeremonyDTO, error) {
		c := b.Ceremony()
		if c == nil {
			return nil, nil
		}
		dto, err := a.ceremony(*c)
		return &dto, err
	})
}

// ScanWithSimulatedPhone lets the simulated phone read a PNG, base64 encoded.
func (a *API) ScanWithSimulatedPhone(png string) (SimPhoneDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (SimPhoneDTO, error) {
		if len(png) > maxPicture {
			return SimPhoneDTO{}, mfa.Fail(mfa.CodePictureUnreadable)
		}
		picture, err := base64.StdEncoding.DecodeString(png)
		if err != nil {
			return SimPhoneDTO{}, mfa.Fail(mfa.CodePictureUnreadable).Because(err)
		}
		s, err := b.ScanWithSimulatedPhone(ctx, picture)
		return phone(s), err
	})
}

// AnswerSimulatedPhone presses Approve or Decline on it.
func (a *API) AnswerSimulatedPhone(approve bool) error {
	return run(a, func(_ context.Context, b Backend) error { return b.AnswerSimulatedPhone(approve) })
}

// SetSimulatedPhone chooses what it does next.
func (a *API) SetSimulatedPhone(req SetPhoneRequest) (SimPhoneDTO, error) {
	return call(a, func(_ context.Context, b Backend) (SimPhoneDTO, error) {
		s, err := b.SetSimulatedPhone(phonesim.Behaviour(req.Behaviour), phonesim.Model(req.Model))
		return phone(s), err
	})
}

// SimulatedPhone is what it shows now.
func (a *API) SimulatedPhone() (SimPhoneDTO, error) {
	return call(a, func(_ context.Context, b Backend) (SimPhoneDTO, error) {
		s, err := b.SimulatedPhone()
		return phone(s), err
	})
}
