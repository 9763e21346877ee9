package desk

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
)

// run is the one ceremony, from its first stage until the next one begins.
type run struct {
	Ceremony
	again  func(context.Context, *run) error // the ceremony itself, also for a new code
	cancel context.CancelFunc
	ended  chan struct{}
	answer chan bool        // to name-device; room for one
	pin    chan *mfa.Secret // to enter-pin; room for one, and whoever takes it wipes it
	chosen chan int         // to choose-account; room for one
}

// BeginEnrolment starts adding a passkey for somebody, for oneself when targetID is
// empty. It fails at once as ceremony.Service.MayCreate does; what fails later
// arrives as an event.
func (d *Desk) BeginEnrolment(ctx context.Context, targetID, name string, road mfa.Road) (Ceremony, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	house, session, err := d.seated()
	if err != nil {
		return Ceremony{}, err
	}
	if _, err := house.Ceremonies.MayCreate(ctx, session, targetID, name); err != nil {
		return Ceremony{}, err
	}
	road = house.Road(road)
	return d.begin(PurposeEnrol, name, road, func(ctx context.Context, r *run) error {
		device, err := house.Ceremonies.Enrol(ctx, session, targetID, name, road, d.person(r))
		if err != nil {
			return err
		}
		d.finish(ctx, r, &device)
		return nil
	})
}

// BeginSecondFactor starts the second factor by a passkey. linkedID is the ID of a linked
// phone, empty for a QR code and on every other road.
func (d *Desk) BeginSecondFactor(road mfa.Road, linkedID string) (Ceremony, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	house, p, err := d.half()
	if err != nil {
		return Ceremony{}, err
	}
	road = house.Road(road)
	var link *mfa.LinkedPhone
	if linkedID != "" {
		i := slices.IndexFunc(p.Links, func(l mfa.LinkedPhone) bool { return l.ID == linkedID })
		if i < 0 {
			return Ceremony{}, mfa.Fail(mfa.CodeNotFound, "what", "phone")
		}
		link = &p.Links[i]
	}
	return d.begin(PurposeSignIn, "", road, func(ctx context.Context, r *run) error {
		session, err := house.Ceremonies.SignInWithDevice(ctx, p, road, link, d.person(r))
		if err != nil {
			return err
		}
		d.sit(ctx, p.Principal, session, nameOf(session.DeviceID, p.Devices))
		d.finish(ctx, r, nil)
		return nil
	})
}

// ComputerAlone reports whether this computer can be offered for BeginPasskeySignIn.
func (d *Desk) ComputerAlone(ctx context.Context) (bool, error) {
	house, err := d.House()
	if err != nil {
		return false, err
	}
	return house.Ceremonies.ComputerAlone(ctx)
}

// BeginPasskeySignIn signs in by a passkey alone, without a name and a password:
// passwordless-off at once where the account does not have that.
func (d *Desk) BeginPasskeySignIn(ctx context.Context, road mfa.Road) (Ceremony, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	house, err := d.House()
	if err != nil {
		return Ceremony{}, err
	}
	acct, err := house.Accounts.Account(ctx)
	if err != nil {
		return Ceremony{}, err
	}
	if !acct.Settings.Passwordless {
		return Ceremony{}, mfa.Fail(mfa.CodePasswordlessOff)
	}
	road = house.Road(road)
	return d.begin(PurposeSignIn, "", road, func(ctx context.Context, r *run) error {
		who, session, err := house.Ceremonies.SignInWithPasskey(ctx, road, d.person(r))
		if err != nil {
			return err
		}
		devices, err := house.Store.Devices(ctx, who.ID)
		if err != nil {
			return err
		}
		d.sit(ctx, who, session, nameOf(session.DeviceID, devices))
		d.finish(ctx, r, nil)
		return nil
	})
}

// NewCode ends the present ceremony, if it still runs, and starts it again with
// a fresh code.
func (d *Desk) NewCode() (Ceremony, error) {
	d.moving.Lock()
	defer d.moving.Unlock()
	d.mu.Lock()
	old := d.run
	finished := old == nil || old.Stage == mfa.StageDone
	d.mu.Unlock()
	if finished {
		return Ceremony{}, mfa.Fail(mfa.CodeNotFound, "what", "ceremony")
	}
	d.endRun()
	return d.begin(old.Purpose, old.Name, old.Road, old.again)
}

// CancelCeremony ends the running ceremony, whatever its stage, and waits until
// nothing of it is left. Nothing was added.
func (d *Desk) CancelCeremony() {
	d.moving.Lock()
	defer d.moving.Unlock()
	d.endRun()
}

// Ceremony is the running or last ceremony, nil before the first.
func (d *Desk) Ceremony() *Ceremony {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.run == nil {
		return nil
	}
	c := d.run.Ceremony
	return &c
}

// ConfirmDevice answers the question of stage name-device.
func (d *Desk) ConfirmDevice(yes bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.run == nil || d.run.Stage != mfa.StageNameDevice {
		return mfa.Fail(mfa.CodeNotFound, "what", "ceremony")
	}
	select {
	case d.run.answer <- yes:
	default: // answered already
	}
	return nil
}

// begin starts a run. With moving held.
func (d *Desk) begin(p Purpose, name string, road mfa.Road, work func(context.Context, *run) error) (Ceremony, error) {
	d.mu.Lock()
	if d.run != nil && !d.run.over() {
		d.mu.Unlock()
		return Ceremony{}, mfa.Fail(mfa.CodeBusy)
	}
	first, known := firstStage[road]
	if !known {
		d.mu.Unlock()
		return Ceremony{}, mfa.Fail(mfa.CodeInvalidInput, "field", "road")
	}
	ctx, cancel := context.WithCancel(d.ctx)
	d.runs++
	r := &run{again: work, cancel: cancel, ended: make(chan struct{}), answer: make(chan bool, 1), pin: make(chan *mfa.Secret, 1), chosen: make(chan int, 1),
		Ceremony: Ceremony{ID: d.runs, Purpose: p, Name: name, Road: road, Stage: first}}
	d.run = r
	begun := r.Ceremony
	d.mu.Unlock()
	go func() {
		defer close(r.ended)
		defer cancel()
		if err := work(ctx, r); err != nil {
			d.fail(r, err)
		}
		d.dropPIN(r)
	}()
	return begun, nil
}

// endRun cancels the running ceremony and waits for its end. With moving held,
// mu not.
func (d *Desk) endRun() {
	d.mu.Lock()
	r := d.run
	d.mu.Unlock()
	if r != nil {
		r.cancel()
		<-r.ended
	}
}

func (r *run) over() bool { return r.Stage == mfa.StageDone || r.Stage == mfa.StageFailed }

// firstStage is what is shown before anything was heard of.
var firstStage = map[mfa.Road]mfa.Stage{mfa.RoadPhone: mfa.StageNeedsBluetooth, mfa.RoadKey: mfa.StageFindKey,
	mfa.RoadComputer: mfa.StageFindKey, mfa.RoadSystem: mfa.StageSystem}

func (d *Desk) person(r *run) ceremony.Person {
	return ceremony.Person{Report: d.report(r), Confirm: d.confirm(r), PIN: d.askPIN(r), Choose: d.chooseAccount(r)}
}

// report turns progress into events. The stages done and failed are told by
// finish and fail, which know what came of it.
func (d *Desk) report(r *run) mfa.Report {
	return func(p mfa.Progress) {
		if p.Stage == mfa.StageDone || p.Stage == mfa.StageNameDevice {
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if p.Sighting != nil {
			news := r.sighted(*p.Sighting, d.clock.Now())
			if !p.Sighting.Matched { // not a step: somebody's phone may be about for hours
				if news {
					d.tell(r)
				}
				return
			}
		}
		d.touched = d.clock.Now() // it goes on, so somebody is there
		r.advance(p.Stage)
		r.QR, r.Until = p.QR, p.Until
		if p.Radio != "" {
			r.Radio = p.Radio
		}
		if p.Signal != 0 {
			r.Signal = p.Signal
		}
		r.Keys, r.Trouble, r.PIN = p.Keys, p.Trouble, p.PIN
		if p.Key != "" || p.Keys > 0 {
			r.Key = p.Key
		}
		if p.Accounts != nil {
			d.asked++
			r.Accounts = &AccountsQuestion{ID: d.asked, AccountsAsk: *p.Accounts}
		}
		d.tell(r)
	}
}

// confirm asks the person and waits for ConfirmDevice.
func (d *Desk) confirm(r *run) ceremony.Confirm {
	return func(ctx context.Context, c ceremony.Candidate) (bool, error) {
		d.mu.Lock()
		r.advance(mfa.StageNameDevice)
		r.Candidate = &c
		d.tell(r)
		d.mu.Unlock()
		select {
		case yes := <-r.answer:
			return yes, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// finish ends a run well. device is what an enrolment has added.
func (d *Desk) finish(ctx context.Context, r *run, device *mfa.Device) {
	_ = d.refresh(context.WithoutCancel(ctx)) // it is done, whatever can be read of it now
	d.mu.Lock()
	defer d.mu.Unlock()
	r.advance(mfa.StageDone)
	s := d.state()
	r.Device, r.State = device, &s
	d.tell(r)
}

func (d *Desk) fail(r *run, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r.advance(mfa.StageFailed)
	r.Failure = mfa.AsFailure(err)
	d.tell(r)
}

// tell sends the run as it is now. With mu held.
func (d *Desk) tell(r *run) {
	c := r.Ceremony
	c.Reached, c.Sightings = slices.Clone(r.Reached), slices.Clone(r.Sightings)
	d.emit(Event{Ceremony: &c})
}

func (r *run) advance(to mfa.Stage) {
	if r.Stage != to {
		r.Reached = append(r.Reached, r.Stage)
	}
	r.Stage, r.QR, r.PIN, r.Trouble, r.Accounts = to, "", nil, nil, nil
}
