package assembly

import (
	"context"

	"github.com/keyferry/keyferry/backend/authenticator"
)

// late is a client of the system that can be had only once the program has a window, long
// after it was put together. It is asked for each time: a failure to get it is the
// ceremony's, with its reason, and gone when the reason is.
type late func() (authenticator.Native, error)

func (l late) MakeCredential(ctx context.Context, r authenticator.NativeCreate) (authenticator.NativeCredential, error) {
	n, err := l()
	if err != nil {
		return authenticator.NativeCredential{}, err
	}
	return n.MakeCredential(ctx, r)
}

func (l late) GetAssertion(ctx context.Context, r authenticator.NativeGet) (authenticator.NativeAssertion, error) {
	n, err := l()
	if err != nil {
		return authenticator.NativeAssertion{}, err
	}
	return n.GetAssertion(ctx, r)
}
