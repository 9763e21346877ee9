package devices

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Config is what a Service is made of.
type Config struct {
	Store    mfa.Store
	Accounts *account.Service
	Clock    func() time.Time
}

// Service lists and changes the devices of one account. It is safe for concurrent
// use.
type Service struct {
	store    mfa.Store
	accounts *account.Service
	clock    func() time.Time
}

// New makes the service.
func New(c Config) *Service { return &Service{store: c.Store, accounts: c.Accounts, clock: c.Clock} }

// find gives a device if the session may do op to its owner, or to the account when
// the device has none. not-found, or as account.May fails.
func (s *Service) find(ctx context.Context, who mfa.Session, op func(mfa.Device) mfa.Operation, id string) (mfa.Device, account.Acting, error) {
	d, missing := s.store.Device(ctx, id)
	if missing != nil && !mfa.IsCode(missing, mfa.CodeNotFound) {
		return mfa.Device{}, account.Acting{}, missing
	}
	// Whoever may not ask is not told what is missing.
	ask := account.Ask{Operation: op(d), TargetID: d.PrincipalID}
	if ask.Operation == mfa.OpDeleteVirtualDevice && d.Kind == mfa.KindApp {
		ask.Resource = d.Serial // for IAM it acts on the device, and all else here on its owner
	}
	acting, err := s.accounts.MayDo(ctx, who, ask)
	if err == nil {
		err = missing
	}
	if err != nil {
		return mfa.Device{}, account.Acting{}, err
	}
	return d, acting, nil
}

func always(op mfa.Operation) func(mfa.Device) mfa.Operation {
	return func(mfa.Device) mfa.Operation { return op }
}
