package ble

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// Unsupported is the scanner of a system whose Bluetooth this build cannot use.
// Everything fails with bluetooth-unsupported (param system).
type Unsupported struct {
	System string // as in runtime.GOOS
}

// Probe fails.
func (u Unsupported) Probe(ctx context.Context) (string, error) { return "", u.fail(ctx) }

// Scan fails.
func (u Unsupported) Scan(ctx context.Context, _ func(), _ func(transport.Advert)) error {
	return u.fail(ctx)
}

func (u Unsupported) fail(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return mfa.Fail(mfa.CodeRadioUnsupported, "system", u.System)
}
