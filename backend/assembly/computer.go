package assembly

import (
	"context"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/platform/tpm"
	"github.com/keyferry/keyferry/backend/readiness"
	"github.com/keyferry/keyferry/backend/transport"
)

// computerBus is this computer's TPM where keys are looked after: its PIN is changed and
// its passkeys are deleted as those of a key are.
type computerBus struct {
	device tpm.Device
	store  mfa.LocalStore
}

const computerSlot = "tpm"

// List names the TPM where there is one. That nobody may use it is the slot's trouble.
func (b computerBus) List(ctx context.Context) ([]transport.Slot, error) {
	err := tpm.Probe(ctx, b.device)
	if mfa.IsCode(err, mfa.CodeTPMMissing) {
		return nil, nil
	}
	return []transport.Slot{{ID: computerSlot, Way: transport.WayInternal, Trouble: err}}, ctx.Err()
}

// Watch has nothing to tell: a TPM does not come and go.
func (computerBus) Watch(ctx context.Context, changed func()) error {
	changed()
	<-ctx.Done()
	return ctx.Err()
}

func (b computerBus) Open(ctx context.Context, _ string) (transport.Key, error) {
	a, err := tpm.Open(ctx, tpm.Config{Device: b.device, Store: b.store})
	if err != nil {
		return nil, err
	}
	return computerKey{a}, nil
}

// computerKey is the TPM by the shape of a key.
type computerKey struct{ *tpm.Authenticator }

func (computerKey) APDU(context.Context, []byte) ([]byte, error) {
	return nil, mfa.Fail(mfa.CodeKeyProtocol, "what", "protocols")
}
func (computerKey) Speaks() (ctap2, ctap1 bool) { return true, false }
func (computerKey) Wink(context.Context) error  { return nil }
func (computerKey) Way() string                 { return transport.WayInternal }

// askTPM is what readiness asks of it: whether it is there, may be used, and takes a PIN
// now, and what is kept under it; with no account open, store is nil and nobody knows.
func (m machine) askTPM(store mfa.LocalStore) func(context.Context) (readiness.Own, error) {
	return func(ctx context.Context) (own readiness.Own, err error) {
		if store != nil {
			kept, err := store.LocalPasskeys(ctx, "")
			own.Counted, own.Passkeys = err == nil, len(kept)
		}
		g, err := tpm.Look(ctx, m.tpm)
		if err == nil && g.Locked {
			err = mfa.Fail(mfa.CodeTPMLockout, "seconds", strconv.Itoa(int(g.Interval.Seconds())))
		}
		own.Unguarded = err == nil && !g.Kept
		return own, err
	}
}
