package desk

import (
	"context"
	"sync"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
)

// House is one opened account with everything that serves it.
type House struct {
	Sandbox    bool
	Store      mfa.Store
	Accounts   *account.Service
	Ceremonies *ceremony.Service
	Phone      *phonesim.Phone // in the sandbox only
	Shut       func() error    // ends all of the above
}

// Doors opens houses. Open may fail with the storage codes.
type Doors interface {
	Open(ctx context.Context, sandbox bool, phone func(phonesim.State)) (*House, error)
	HasSandbox() bool
	Backups(sandbox bool) []string
}

// Desk is safe for concurrent use.
type Desk struct {
	doors Doors
	ctx   context.Context // ends with Close; running ceremonies hang on it
	stop  context.CancelFunc

	moving sync.Mutex // held while the house, the sign-in or the ceremony is changed

	mu       sync.Mutex // guards what is below; never held during I/O
	house    *House
	failure  *mfa.Failure
	backups  []string
	sandbox  bool
	visited  bool // the sandbox exists
	account  *mfa.Account
	session  *mfa.Session
	who      *mfa.Principal
	device   string
	pending  *ceremony.Pending
	last     *mfa.Identity
	run      *run
	runs     int
	listener func(Event)
}

// Open opens the real account. A database that cannot be opened is a state, not
// an error: the window must be able to say so.
func Open(ctx context.Context, doors Doors) *Desk {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	d := &Desk{doors: doors, ctx: ctx, stop: stop}
	d.enter(ctx, false)
	return d
}

// Close cancels what runs and shuts the house.
func (d *Desk) Close() error {
	d.moving.Lock()
	defer d.moving.Unlock()
	d.endRun()
	d.stop()
	return d.leave()
}

// Subscribe sets the one receiver of events. It is called in order and must
// neither block nor call the desk.
func (d *Desk) Subscribe(listener func(Event)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listener = listener
}

func (d *Desk) emit(e Event) { // with mu held
	if d.listener != nil {
		d.listener(e)
	}
}

// State is the present state.
func (d *Desk) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state()
}

func (d *Desk) state() State { // with mu held
	s := State{Sandbox: d.sandbox, HasSandbox: d.visited, Account: d.account, Session: d.session,
		Principal: d.who, Device: d.device, Failure: d.failure, LastIdentity: d.last}
	switch {
	case d.failure != nil:
		s.Phase, s.Backups = PhaseBroken, d.backups
	case d.account == nil:
		s.Phase = PhaseWelcome
	case d.session == nil:
		s.Phase = PhaseSignIn
	default:
		s.Phase = PhaseHome
	}
	return s
}

// OpenSandbox changes to the evaluation sandbox: its own database, its own
// relying-party ID, a simulated phone. Whoever was signed in is signed out.
func (d *Desk) OpenSandbox(ctx context.Context) State { return d.move(ctx, true) }

// LeaveSandbox changes back to the real account.
func (d *Desk) LeaveSandbox(ctx context.Context) State { return d.move(ctx, false) }

func (d *Desk) move(ctx context.Context, sandbox bool) State {
	d.moving.Lock()
	defer d.moving.Unlock()
	d.mu.Lock()
	same := d.house != nil && d.sandbox == sandbox
	d.mu.Unlock()
	if !same {
		d.endRun()
		d.leave()
		d.enter(ctx, sandbox)
	}
	return d.State()
}

// enter opens a house and looks whether it has an account. With moving held.
func (d *Desk) enter(ctx context.Context, sandbox bool) {
	house, err := d.doors.Open(ctx, sandbox, d.phoneChanged)
	var acct *mfa.Account
	if err == nil {
		a, aerr := house.Accounts.Account(ctx)
		switch {
		case aerr == nil:
			acct = &a
		case !mfa.IsCode(aerr, mfa.CodeNoAccount):
			err = aerr
			house.Shut()
			house = nil
		}
	}
	var backups []string
	if err != nil {
		backups = d.doors.Backups(sandbox)
	}
	visited := d.doors.HasSandbox()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.house, d.sandbox, d.visited, d.account = house, sandbox, visited, acct
	d.failure, d.backups = mfa.AsFailure(err), backups
}

// leave signs out and shuts the house. With moving held.
func (d *Desk) leave() error {
	d.mu.Lock()
	house := d.house
	d.house, d.account, d.failure, d.last, d.run = nil, nil, nil, nil, nil
	d.forgetPerson()
	d.mu.Unlock()
	if house == nil {
		return nil
	}
	return house.Shut()
}

func (d *Desk) forgetPerson() { // with mu held
	if d.pending != nil {
		for _, l := range d.pending.Links {
			l.Secret.Wipe()
		}
	}
	d.session, d.who, d.device, d.pending = nil, nil, "", nil
}

// at gives the open house, or why there is none.
func (d *Desk) at() (*House, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failure != nil {
		return nil, d.failure
	}
	if d.house == nil {
		return nil, mfa.Fail(mfa.CodeCancelled)
	}
	return d.house, nil
}

// seated gives the open house and the session, or not-signed-in.
func (d *Desk) seated() (*House, mfa.Session, error) {
	house, err := d.at()
	if err != nil {
		return nil, mfa.Session{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.session == nil {
		return nil, mfa.Session{}, mfa.Fail(mfa.CodeNotSignedIn)
	}
	return house, *d.session, nil
}
