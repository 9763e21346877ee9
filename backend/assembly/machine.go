package assembly

import (
	"context"
	"runtime"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/platform/credentialsd"
	"github.com/keyferry/keyferry/backend/platform/macos"
	"github.com/keyferry/keyferry/backend/platform/tpm"
	"github.com/keyferry/keyferry/backend/platform/webauthnwin"
	"github.com/keyferry/keyferry/backend/readiness"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/ble"
	"github.com/keyferry/keyferry/backend/transport/hid"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
	"github.com/keyferry/keyferry/backend/transport/pcsc"
)

// machine is what this computer has to reach authenticators by. In the sandbox, radio
// and USB are simulated and there is nothing else.
type machine struct {
	radio transport.Scanner
	buses []transport.KeyBus
	tpm   tpm.Device // nil where passkeys are the system's affair
	// system is the operating system's own client, nil where it has none; keeps says that
	// it also keeps passkeys of this computer: on macOS, never on Windows, whose Hello is
	// not accepted.
	system authenticator.Native
	keeps  bool
	asked  func(context.Context) error // whether it can do so now; nil: it never does
}

// thisMachine is the computer as it is. On Windows the system alone may speak to
// security keys.
func thisMachine() machine {
	m := machine{radio: ble.System(), buses: []transport.KeyBus{hid.System(), pcsc.System()}, tpm: Config{}.tpm()}
	if runtime.GOOS == "darwin" {
		m.asked = macos.Available
	}
	if native := passkeys(); native != nil {
		m.system, m.keeps = native, true
	}
	if native, err := webauthnwin.New(nil); err == nil {
		m.system, m.buses = native, nil
	}
	return m
}

// computer opens this computer's own authenticator over its passkeys in store.
func (m machine) computer(store mfa.LocalStore) ceremony.Opening {
	if m.tpm == nil {
		return nil
	}
	return func(ctx context.Context, _ authenticator.Want, _ mfa.Report) (authenticator.Authenticator, error) {
		return tpm.Open(ctx, tpm.Config{Device: m.tpm, Store: store})
	}
}

// ownBus is the same where it is looked after; nil where there is none.
func (m machine) ownBus(store mfa.LocalStore) transport.KeyBus {
	if m.tpm == nil {
		return nil
	}
	return computerBus{m.tpm, store}
}

// roads puts the ways together that ceremonies can go.
func (m machine) roads(phones ceremony.Phones, k *keys.Service, store mfa.LocalStore) ceremony.Roads {
	r := ceremony.Roads{Phones: phones, Computer: m.computer(store), System: m.system, Keeps: m.keeps}
	if len(m.buses) > 0 {
		r.Keys = k.Open
	}
	if r.Computer != nil {
		r.Forget = store.RemoveLocalPasskey
	}
	return r
}

// readiness is how the machine is asked what it can do; store is nil when no account is
// open.
func (m machine) readiness(store mfa.LocalStore) readiness.Config {
	c := readiness.Config{Radio: m.radio, System: runtime.GOOS, Machine: facts,
		Windows: func(context.Context) (int, error) { return webauthnwin.Version() }}
	if len(m.buses) > 0 {
		c.USB = m.buses[0]
	}
	if len(m.buses) > 1 {
		c.Cards = m.buses[1]
	}
	switch {
	case m.tpm != nil:
		c.Computer = m.askTPM(store)
	case m.asked != nil:
		c.Computer = func(ctx context.Context) (readiness.Own, error) { return readiness.Own{}, m.asked(ctx) }
	}
	return c
}

// facts are those of this machine, and whether its session has a service that offers
// passkeys to all programs. Keyferry does not go that way: it is told, as its dialogs may
// appear beside ours.
func facts(ctx context.Context) (readiness.Facts, error) {
	f, err := readiness.ThisMachine(ctx)
	if err != nil || runtime.GOOS != "linux" {
		return f, err
	}
	if api, err := (credentialsd.Detector{}).Detect(ctx); err == nil && api != credentialsd.None {
		f.Portal = api.String()
	}
	return f, nil
}

// Readiness is how this computer is asked what it can do, without any account.
func Readiness() readiness.Config {
	c := thisMachine().readiness(nil)
	c.Hosts = hybrid.Hosts()
	return c
}

// Keys looks after the security keys of this computer, without any account.
// key-unsupported where the system alone may speak to them.
func Keys() (*keys.Service, error) {
	m := thisMachine()
	if len(m.buses) == 0 {
		return nil, mfa.Fail(mfa.CodeKeyUnsupported, "system", runtime.GOOS)
	}
	return keys.New(keys.Config{Buses: m.buses}), nil
}
