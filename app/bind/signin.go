package bind

import (
	"context"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/totp"
)

// CreateAccount makes the account and signs its root user in.
func (a *API) CreateAccount(req CreateAccountRequest) (StateDTO, error) {
	password := req.Password.secret()
	defer password.Wipe()
	return a.stated(func(ctx context.Context, b Backend) (desk.State, error) {
		return b.CreateAccount(ctx, account.NewAccount{Alias: req.Alias, Email: req.Email, RPID: req.RPID, Password: password})
	})
}

// SignIn is the first factor.
func (a *API) SignIn(req SignInRequest) (SignInDTO, error) {
	password := req.Password.secret()
	defer password.Wipe()
	return a.signsIn(func(ctx context.Context, b Backend) (desk.SignIn, error) {
		return b.SignIn(ctx, req.Identity.domain(), password)
	})
}

// SignInWithCode is the second factor by a code of an app or a token.
func (a *API) SignInWithCode(code string) (SignInDTO, error) {
	return a.signsIn(func(ctx context.Context, b Backend) (desk.SignIn, error) { return b.SignInWithCode(ctx, code) })
}

// SignInWithRecoveryCode lets a printed code stand in for a device.
func (a *API) SignInWithRecoveryCode(code Password) (SignInDTO, error) {
	secret := code.secret()
	defer secret.Wipe()
	return a.signsIn(func(ctx context.Context, b Backend) (desk.SignIn, error) { return b.SignInWithRecovery(ctx, secret) })
}

func (a *API) signsIn(do func(context.Context, Backend) (desk.SignIn, error)) (SignInDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (SignInDTO, error) {
		s, err := do(ctx, b)
		return a.signIn(s), err
	})
}

// ResyncAtSignIn brings a device back by two codes before the sign-in is complete.
func (a *API) ResyncAtSignIn(req TwoCodesRequest) error {
	return run(a, func(ctx context.Context, b Backend) error {
		return b.ResyncAtSignIn(ctx, req.ID, req.First, req.Second)
	})
}

// CancelSignIn forgets a half-done sign-in.
func (a *API) CancelSignIn() (StateDTO, error) {
	return a.stated(func(_ context.Context, b Backend) (desk.State, error) { return b.CancelSignIn(), nil })
}

// SignOut ends the session.
func (a *API) SignOut() (StateDTO, error) {
	return a.stated(func(ctx context.Context, b Backend) (desk.State, error) { return b.SignOut(ctx) })
}

// Clock is the time that codes go by.
func (a *API) Clock() (ClockDTO, error) {
	return look(a, func(_ context.Context, b Backend) (ClockDTO, error) {
		return ClockDTO{Now: millis(b.Now()), Period: int(totp.Default.Period.Seconds())}, nil
	})
}
