package ble

import (
	"cmp"
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// CoreBluetooth scans with the Bluetooth of macOS (CBCentralManager).
//
//	admitted? --> manager --> unknown, resetting --> on --> scan --> listening
//	  |no                       |5 s without on      |off, refused     |off, refused
//	failure                   failure              failure           failure
//
// While the person is being asked for the first time there are no five seconds.
type CoreBluetooth struct {
	system cbSystem
	settle time.Duration // how long a state may be a passing one; 5 s
}

// cbSystem is what is asked of macOS. The real one is in corebluetooth_darwin.go.
type cbSystem interface {
	// load is nil where there is CoreBluetooth.
	load() error
	authorization() cbAuthorization
	mayAsk() bool
	// central makes a manager. state and heard are called on a thread of the system, one
	// at a time, and not any more once close has returned; advertisement is theirs.
	central(state func(cbState), heard func(advertisement adObject, signal int)) (cbCentral, error)
}

// cbCentral is one CBCentralManager.
type cbCentral interface {
	scan() // may be said again
	close()
}

const defaultSettle = 5 * time.Second

// Probe finds out without asking the person anything: where nobody has been asked yet, it
// is for Scan to do so. macOS does not tell programs the adapter's name.
func (c *CoreBluetooth) Probe(ctx context.Context) (name string, err error) {
	if err := c.admitted(ctx); err != nil {
		return "", err
	}
	if c.system.authorization() == cbNotDetermined {
		return bluetoothName, nil
	}
	err = c.run(ctx, func(*cbScan) bool { return true })
	if err != nil {
		return "", err
	}
	return bluetoothName, nil
}

// Scan listens, and has the system ask the person where nobody has been asked yet.
func (c *CoreBluetooth) Scan(ctx context.Context, listening func(), heard func(transport.Advert)) error {
	if err := c.admitted(ctx); err != nil {
		return err
	}
	told := false
	return c.run(ctx, func(s *cbScan) bool {
		s.central.scan() // once more after a reset
		s.heard = heard
		if !told {
			told = true
			listening()
		}
		return false
	})
}

func (c *CoreBluetooth) admitted(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.system.load(); err != nil {
		return mfa.Fail(mfa.CodeRadioUnsupported, "system", "darwin").Because(err)
	}
	return admitted(c.system.authorization(), c.system.mayAsk())
}

// cbScan is one manager in use.
type cbScan struct {
	*CoreBluetooth
	central cbCentral
	heard   func(transport.Advert) // nil until it listens
	last    cbState
}

// run makes a manager and calls on whenever Bluetooth is on, until it says that this is
// enough, ctx ends or the radio fails.
func (c *CoreBluetooth) run(ctx context.Context, on func(*cbScan) (enough bool)) error {
	states, adverts := newest(make(chan cbState, 1)), make(chan transport.Advert, backlog)
	central, err := c.system.central(states.put, func(advertisement adObject, signal int) {
		for _, a := range advertsIn(advertisement, signal) {
			select {
			case adverts <- a:
			default:
			}
		}
	})
	if err != nil {
		return mfa.Fail(mfa.CodeRadioFailed).Because(err)
	}
	defer central.close()
	s := &cbScan{CoreBluetooth: c, central: central}
	settled := time.NewTimer(cmp.Or(c.settle, defaultSettle))
	defer settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-settled.C:
			if c.system.authorization() != cbNotDetermined {
				return s.unsettled()
			}
			settled.Reset(cmp.Or(c.settle, defaultSettle))
		case state := <-states:
			switch err := s.judge(state); {
			case err != nil:
				return err
			case state == cbOn:
				settled.Stop()
				if on(s) {
					return nil
				}
			default:
				settled.Reset(cmp.Or(c.settle, defaultSettle))
			}
		case a := <-adverts:
			if s.heard != nil && ctx.Err() == nil {
				s.heard(a)
			}
		}
	}
}

// judge says what a state means. A manager calls itself unauthorized while the person has
// not answered yet, too, and for a moment after that: so it counts at once only where the
// answer was no.
func (s *cbScan) judge(state cbState) error {
	s.last = state
	if a := s.system.authorization(); state == cbUnauthorized && (a == cbNotDetermined || a == cbAllowed) {
		return nil
	}
	return state.failure()
}

// unsettled says why it does not get on.
func (s *cbScan) unsettled() error {
	if err := s.last.failure(); err != nil {
		return err
	}
	return mfa.Fail(mfa.CodeRadioFailed).Because(errStateless)
}

// newest is a channel of one state, in which a newer one takes the place of one that
// nobody has looked at yet. One goroutine puts.
type newest chan cbState

func (n newest) put(state cbState) {
	select {
	case <-n:
	default:
	}
	select {
	case n <- state:
	default:
	}
}
