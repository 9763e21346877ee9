package bind

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Config is what an API is made of.
type Config struct {
	Context  context.Context // of every call; ends with the app
	Seat     *Seat
	Version  string
	Pictures Pictures
	Dialogs  Dialogs
	Log      *slog.Logger
}

// API is what the page sees as window.go.bind.API. Every method may reject with the
// failure codes of what it calls. The methods stand in one file for each area.
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
	s, err := look(a, func(ctx context.Context, b Backend) (desk.State, error) {
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

// OpenSandbox changes to the evaluation sandbox.
func (a *API) OpenSandbox() (StateDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (StateDTO, error) { return a.state(b.OpenSandbox(ctx)), nil })
}

// LeaveSandbox changes back to the real account.
func (a *API) LeaveSandbox() (StateDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (StateDTO, error) { return a.state(b.LeaveSandbox(ctx)), nil })
}

// Touch says that the person is there.
func (a *API) Touch() error {
	return run(a, func(context.Context, Backend) error { return nil })
}

// stated is call for what gives the state.
func (a *API) stated(do func(context.Context, Backend) (desk.State, error)) (StateDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (StateDTO, error) {
		s, err := do(ctx, b)
		return a.state(s), err
	})
}

// after is changing for what gives the state.
func (a *API) after(do func(context.Context, *desk.House, mfa.Session) error) (StateDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (StateDTO, error) {
		_, err := as(ctx, b, func(ctx context.Context, h *desk.House, who mfa.Session) (struct{}, error) {
			return struct{}{}, do(ctx, h, who)
		})
		if err == nil {
			err = b.Refresh(ctx)
		}
		return a.state(b.State()), err
	})
}
