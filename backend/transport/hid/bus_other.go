//go:build !linux && !darwin

package hid

import (
	"context"
	"runtime"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// System is the USB ports of this system. This build knows those of Linux and
// macOS, so everything fails with key-unsupported (param system).
func System() transport.KeyBus { return unsupported{} }

type unsupported struct{}

func (unsupported) List(ctx context.Context) ([]transport.Slot, error) { return nil, refuse(ctx) }

func (unsupported) Watch(ctx context.Context, _ func()) error { return refuse(ctx) }

func (unsupported) Open(ctx context.Context, _ string) (transport.Key, error) {
	return nil, refuse(ctx)
}

func refuse(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return mfa.Fail(mfa.CodeKeyUnsupported, "system", runtime.GOOS)
}
