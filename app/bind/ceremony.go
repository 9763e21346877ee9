package bind

import (
	"context"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// BeginPhoneSignIn starts the second factor.
func (a *API) BeginPhoneSignIn(req PhoneSignInRequest) (CeremonyDTO, error) {
	return a.begin(func(_ context.Context, b Backend) (desk.Ceremony, error) {
		return b.BeginSecondFactor(mfa.RoadPhone, req.LinkedID)
	})
}

// BeginKeySignIn starts the second factor by a security key or this computer.
func (a *API) BeginKeySignIn(road string) (CeremonyDTO, error) {
	return a.begin(func(_ context.Context, b Backend) (desk.Ceremony, error) {
		return b.BeginSecondFactor(mfa.Road(road), "")
	})
}

// BeginPasskeySignIn signs in by a passkey alone.
func (a *API) BeginPasskeySignIn(road string) (CeremonyDTO, error) {
	return a.begin(func(ctx context.Context, b Backend) (desk.Ceremony, error) {
		return b.BeginPasskeySignIn(ctx, mfa.Road(road))
	})
}

// ComputerAlone says whether this computer can be offered for that.
func (a *API) ComputerAlone() (bool, error) {
	return look(a, func(ctx context.Context, b Backend) (bool, error) { return b.ComputerAlone(ctx) })
}

// GivePIN answers the question for a PIN.
func (a *API) GivePIN(pin Password) error {
	return run(a, func(_ context.Context, b Backend) error { return b.GivePIN(pin.secret()) })
}

// ChooseAccount says whose passkey it shall be, of those that the question lists.
func (a *API) ChooseAccount(req ChooseAccountRequest) error {
	return run(a, func(_ context.Context, b Backend) error { return b.ChooseAccount(req.Question, req.Account) })
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
	return look(a, func(_ context.Context, b Backend) (*CeremonyDTO, error) {
		c := b.Ceremony()
		if c == nil {
			return nil, nil
		}
		dto, err := a.ceremony(*c)
		return &dto, err
	})
}
