package desk

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/vault"
)

// Desk is safe for concurrent use.
type Desk struct {
	doors Doors
	clock Clock
	ctx   context.Context // ends with Close; running ceremonies hang on it
	stop  context.CancelFunc

	watching sync.WaitGroup // for what is plugged in

	moving sync.Mutex // held while the house, the visit or the ceremony is changed

	mu       sync.Mutex // guards what is below; never held during I/O
	house    *House
	failure  *mfa.Failure
	backups  []string
	sandbox  bool
	visited  bool // the sandbox exists
	account  *mfa.Account
	vault    *vault.State
	visit    *visit
	pending  *ceremony.Pending // a sign-in whose password was right
	last     *mfa.Identity
	ended    Ended
	files    []chosen
	run      *run
	runs     int
	asked    int       // questions for an account
	touched  time.Time // the last sign of life
	unwatch  func()    // stops the idle lock's timer; nil when it does not run
	marked   time.Time // when the timer of the trail's checkpoints wrote one, by the clock on the wall
	stopMark func()    // stops that timer; nil when it does not run
	listener func(Event)
}

// Open opens the real account. A database that cannot be opened is a state, not
// an error: the window must be able to say so.
func Open(ctx context.Context, doors Doors, clock Clock) *Desk {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	d := &Desk{doors: doors, clock: clock, ctx: ctx, stop: stop}
	d.enter(ctx, false)
	return d
}

// Close cancels what runs and shuts the house.
func (d *Desk) Close() error {
	d.moving.Lock()
	defer d.moving.Unlock()
	d.endRun()
	d.stop()
	d.watching.Wait()
	return d.leave(context.WithoutCancel(d.ctx))
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

// Now is the time by the desk's clock.
func (d *Desk) Now() time.Time { return d.clock.Now() }

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
		d.leave(ctx)
		d.enter(ctx, sandbox)
	}
	return d.State()
}

// enter opens a house and looks whether it has an account. With moving held.
func (d *Desk) enter(ctx context.Context, sandbox bool) {
	house, err := d.doors.Open(ctx, sandbox, Simulated{Phone: d.phoneChanged, Key: d.simKeyChanged})
	var acct *mfa.Account
	var v *vault.State
	if err == nil {
		a, aerr := house.Accounts.Account(ctx)
		switch {
		case aerr == nil:
			acct, v = &a, vaultOf(house)
		case !mfa.IsCode(aerr, mfa.CodeNoAccount):
			err = errors.Join(aerr, house.Shut())
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
	d.house, d.sandbox, d.visited, d.account, d.vault = house, sandbox, visited, acct, v
	d.failure, d.backups = mfa.AsFailure(err), backups
	if house != nil {
		d.marked = time.Time{}
		d.markIn(markSoon)
	}
}

// leave signs out and shuts the house. With moving held.
func (d *Desk) leave(ctx context.Context) error {
	d.part(EndedNot)
	d.mu.Lock()
	d.unmark()
	house, hasAccount := d.house, d.account != nil
	d.house, d.account, d.vault, d.failure, d.last, d.run = nil, nil, nil, nil, nil, nil
	d.mu.Unlock()
	if house == nil {
		return nil
	}
	var err error
	if hasAccount {
		err = house.Activity.Checkpoint(ctx)
	}
	return errors.Join(err, house.Shut())
}

// House gives the open house, or why there is none. It is for what needs nobody to
// be signed in.
func (d *Desk) House() (*House, error) {
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

func vaultOf(h *House) *vault.State {
	s := h.Vault.State()
	return &s
}
