package readiness

import (
	"cmp"
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// Config is whom to ask. What is nil is not there in this build, and its rungs are
// unknown, unless it says otherwise. Errors are those of the ports: an mfa.Failure each.
type Config struct {
	Radio transport.Scanner
	USB   transport.KeyBus
	// Cards may have a method Readers(context.Context) (int, error), as Readers says: that
	// List is empty does not tell whether there is a reader.
	Cards transport.KeyBus
	// Computer asks the authenticator that the app brings on this computer: tpm-missing,
	// tpm-denied, tpm-lockout, tpm-failed, platform-missing. What is known beside a failure
	// counts. It is never asked on Windows.
	Computer func(context.Context) (Own, error)
	// Windows gives the version of webauthn.dll's API, or platform-missing. It is asked on
	// Windows only.
	Windows func(context.Context) (int, error)
	// Vault says whether the secrets of codes are open (vault-locked). Nil when no account
	// is open: the rung is left out.
	Vault   func(context.Context) error
	Hosts   []string // names of the tunnel servers
	Network Network  // nil: the system's
	// Machine tells about this computer; nil is ThisMachine.
	Machine func(context.Context) (Facts, error)
	System  string // "" is runtime.GOOS
	Clock   func() time.Time
}

// Options are for one check.
type Options struct {
	// Online lets the names of the hosts be asked for, and a TCP connection to each be
	// opened and closed. Without it nothing touches the network.
	Online bool
	// NotBefore is a moment that is over: the newest event of the audit trail, or when
	// this program was built. A clock before it is wrong. Zero when nothing is known.
	NotBefore time.Time
}

// Limit is the longest that a Check takes, when nothing answers.
const Limit = 2500 * time.Millisecond

// Checker asks. It is safe for concurrent use; one check runs at a time.
type Checker struct {
	Config
	turn sync.Mutex

	radio    probe[string]
	usb      probe[[]transport.Slot]
	cards    probe[onReaders]
	computer probe[Own]
	windows  probe[int]
	vault    probe[struct{}]
	machine  probe[Facts]
	hosts    []probe[reached]
}

// New prepares a Checker. It asks nothing yet.
func New(c Config) *Checker {
	c.System = cmp.Or(c.System, runtime.GOOS)
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Network == nil {
		c.Network = systemNetwork{}
	}
	if c.Machine == nil {
		c.Machine = ThisMachine
	}
	k := &Checker{Config: c}
	if c.Radio != nil {
		k.radio.ask = c.Radio.Probe
	}
	if c.USB != nil {
		k.usb.ask = c.USB.List
	}
	if c.Cards != nil {
		k.cards.ask = func(ctx context.Context) (onReaders, error) { return lookAtReaders(ctx, c.Cards) }
	}
	k.computer.ask = c.Computer
	k.vault.ask = bare(c.Vault)
	k.windows.ask = c.Windows
	k.machine.ask = c.Machine
	k.hosts = make([]probe[reached], len(c.Hosts))
	for i, host := range c.Hosts {
		k.hosts[i].ask = func(ctx context.Context) (reached, error) { return reach(ctx, c.Network, host) }
	}
	return k
}

func bare(f func(context.Context) error) func(context.Context) (struct{}, error) {
	if f == nil {
		return nil
	}
	return func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) }
}

func failure(err error) *mfa.Failure { return mfa.AsFailure(err) }
