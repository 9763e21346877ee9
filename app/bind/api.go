package bind

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Config is what an API is made of.
type Config struct {
	Context  context.Context // of every call; ends with the app
	Seat     *Seat
	Version  string
	Pictures Pictures
	Log      *slog.Logger
}

// API is what the page sees as window.go.bind.API. Every method may reject with
// the failure codes of its namesake in desk.
type API struct {
	c    Config
	told atomic.Bool // the page knows that the data cannot be opened
}

// New makes the API.
func New(c Config) *API { return &API{c: c} }

// State says where the person is. It answers even when there is no back end:
// then the phase is broken and the failure says why. To ask again after that is
// to try again.
func (a *API) State() (StateDTO, error) {
	again := a.told.Swap(false)
	if again {
		a.c.Seat.Again()
	}
	s, err := call(a, func(ctx context.Context, b Backend) (desk.State, error) {
		s := b.State()
		switch {
		case !again || s.Phase != desk.PhaseBroken:
			return s, nil
		case s.Sandbox:
			return b.OpenSandbox(ctx), nil
		default:
			return b.LeaveSandbox(ctx), nil
		}
	})
	if err != nil {
		s = desk.State{Phase: desk.PhaseBroken, Failure: mfa.AsFailure(err)}
	}
	a.told.Store(s.Phase == desk.PhaseBroken)
	return a.state(s), nil
}

// CreateAccount makes the account and signs its root user in.
func (a *API) CreateAccount(req CreateAccountRequest) (StateDTO, error) {
	password := req.Password.secret()
	defer password.Wipe()
	return call(a, func(ctx context.Context, b Backend) (StateDTO, error) {
		s, err := b.CreateAccount(ctx, account.NewAccount{Alias: req.Alias, Email: req.Email, RPID: req.RPID, Password: password})
		return a.state(s), err
	})
}

// OpenSandbox changes to the evaluation sandbox.
func (a *API) OpenSandbox() (StateDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (StateDTO, error) { return a.state(b.OpenSandbox(ctx)), nil })
}

// LeaveSandbox changes back to the real account.
func (a *API) LeaveSandbox() (StateDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (StateDTO, error) { return a.state(b.LeaveSandbox(ctx)), nil })
}

// SignIn is the first factor.
func (a *API) SignIn(req SignInRequest) (SignInDTO, error) {
	password := req.Password.secret()
	defer password.Wipe()
	return call(a, func(ctx context.Context, b Backend) (SignInDTO, error) {
		s, err := b.SignIn(ctx, req.Identity.domain(), password)
		return a.signIn(s), err
	})
}

// CancelSignIn forgets a half-done sign-in.
func (a *API) CancelSignIn() (StateDTO, error) {
	return call(a, func(_ context.Context, b Backend) (StateDTO, error) { return a.state(b.CancelSignIn()), nil })
}

// SignOut ends the session.
func (a *API) SignOut() (StateDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (StateDTO, error) {
		s, err := b.SignOut(ctx)
		return a.state(s), err
	})
}

// Devices lists the person's devices, oldest first.
func (a *API) Devices() ([]DeviceDTO, error) {
	return call(a, func(ctx context.Context, b Backend) ([]DeviceDTO, error) {
		list, err := b.Devices(ctx)
		return each(list, a.device(rpID(b))), err
	})
}

// CheckDeviceName says whether a device of this name could be added now.
func (a *API) CheckDeviceName(name string) error {
	return run(a, func(ctx context.Context, b Backend) error { return b.CheckDeviceName(ctx, name) })
}

// RenameDevice renames a device.
func (a *API) RenameDevice(req RenameDeviceRequest) (DeviceDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (DeviceDTO, error) {
		d, err := b.RenameDevice(ctx, req.ID, req.Version, req.Name)
		return a.device(rpID(b))(d), err
	})
}

// RemoveDevice removes a device.
func (a *API) RemoveDevice(req RemoveDeviceRequest) error {
	return run(a, func(ctx context.Context, b Backend) error { return b.RemoveDevice(ctx, req.ID, req.Version) })
}

// LinkedPhones lists the phones that can be rung.
func (a *API) LinkedPhones() ([]LinkedPhoneDTO, error) {
	return call(a, func(ctx context.Context, b Backend) ([]LinkedPhoneDTO, error) {
		list, err := b.Links(ctx)
		return each(list, linkedPhone), err
	})
}

// ForgetPhone forgets a linked phone.
func (a *API) ForgetPhone(id string) error {
	return run(a, func(ctx context.Context, b Backend) error { return b.ForgetLink(ctx, id) })
}

func rpID(b Backend) string {
	if acct := b.State().Account; acct != nil {
		return acct.RPID
	}
	return ""
}
