package desk

import (
	"context"
	"reflect"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/enforcement"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/stock"
)

// visit is one person's stay, with what is open on the desk meanwhile. All of it
// goes with the session, and what is secret is wiped.
type visit struct {
	Person
	app      *adding
	tokens   *preview[*stock.Preview]
	users    *preview[*account.UserList]
	download *preview[download]
	keys     *keyWatch
}

func (v *visit) wipe() {
	if v != nil {
		v.app.wipe()
		v.tokens.wipe()
		v.users.wipe()
		v.download.wipe()
		v.keys.wipe()
	}
}

// Seat gives the open house and the session of whoever is signed in. Use cases are
// called with the two. not-signed-in, also when the idle lock is due.
func (d *Desk) Seat() (*House, mfa.Session, error) {
	d.mu.Lock()
	over := d.idle()
	d.mu.Unlock()
	if over {
		d.expire()
	}
	return d.seated()
}

func (d *Desk) seated() (*House, mfa.Session, error) {
	house, err := d.House()
	if err != nil {
		return nil, mfa.Session{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.visit == nil {
		return nil, mfa.Session{}, mfa.Fail(mfa.CodeNotSignedIn)
	}
	return house, d.visit.Session, nil
}

// sit signs somebody in. With moving held, or from the running ceremony.
func (d *Desk) sit(ctx context.Context, p mfa.Principal, s mfa.Session, device string) {
	p.Password = mfa.PasswordHash{}
	d.part(EndedNot)
	d.mu.Lock()
	d.visit = &visit{Person: Person{Session: s, Principal: p, Device: device, Verdict: enforcement.Verdict{State: enforcement.Free}}}
	d.last = &mfa.Identity{Kind: p.Kind, Name: p.Label()}
	d.touched = d.clock.Now()
	d.watch()
	d.mu.Unlock()
	// What cannot be read now is read with the next change: the person is in.
	_ = d.refresh(ctx)
}

// part ends the visit and a half-done sign-in. What runs on a preview is cancelled
// and waited for.
func (d *Desk) part(why Ended) {
	d.mu.Lock()
	gone, house := d.visit, d.house
	d.visit, d.pending, d.ended = nil, nil, why
	d.unwatched()
	d.mu.Unlock()
	gone.wipe()
	if gone != nil && house != nil {
		house.Keys.Close() // whoever sits down next has to give a key's PIN again
	}
}

// Refresh reads again what State holds, after a use case has changed something, and
// tells the page if anything is new. A session whose principal is gone ends.
func (d *Desk) Refresh(ctx context.Context) error {
	before := d.State()
	err := d.refresh(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if after := d.state(); !reflect.DeepEqual(before, after) {
		d.emit(Event{State: &after})
	}
	return err
}

func (d *Desk) refresh(ctx context.Context) error {
	house, err := d.House()
	if err != nil {
		return err
	}
	acct, err := house.Accounts.Account(ctx)
	if err != nil {
		return err
	}
	v := vaultOf(house)
	d.mu.Lock()
	if d.house != house {
		d.mu.Unlock()
		return nil
	}
	d.account, d.vault = &acct, v
	d.watch()
	var person Person
	sits := d.visit != nil
	if sits {
		person = d.visit.Person
	}
	d.mu.Unlock()
	if !sits {
		return nil
	}
	now, err := look(ctx, house, person)
	if mfa.IsCode(err, mfa.CodeNotSignedIn) {
		d.removed(person.Session)
	}
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.visit != nil && d.visit.Session.ID == now.Session.ID {
		d.visit.Person = now
	}
	return nil
}

// look reads what is true of a person now. not-signed-in when they are gone.
func look(ctx context.Context, h *House, p Person) (Person, error) {
	session, err := h.Ceremonies.Refreshed(ctx, p.Session)
	if err != nil {
		return p, err
	}
	me, err := h.Accounts.Me(ctx, session)
	if err != nil {
		return p, err
	}
	principal, err := h.Store.Principal(ctx, session.PrincipalID)
	if err != nil {
		return p, err
	}
	verdict, err := h.Accounts.Verdict(ctx, principal)
	if err != nil {
		return p, err
	}
	principal.Password = mfa.PasswordHash{}
	p.Session, p.Principal, p.Administrator, p.Verdict = session, principal, me.Administrator, verdict
	return p, nil
}

// Removed ends a session whose principal is gone: a use case said not-signed-in
// though somebody sits here.
func (d *Desk) Removed(session mfa.Session) {
	d.moving.Lock()
	defer d.moving.Unlock()
	if !d.sits(session) {
		return
	}
	d.endRun()
	d.removed(session)
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.state()
	d.emit(Event{State: &s})
}

func (d *Desk) removed(session mfa.Session) {
	if d.sits(session) {
		d.part(EndedRemoved)
	}
}

func (d *Desk) sits(session mfa.Session) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.visit != nil && d.visit.Session.ID == session.ID
}
