package desk

import (
	"context"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/stock"
)

// preview is a file that was read and not imported yet. It holds seeds or passwords,
// so there is at most one of its kind, and it goes with the session.
type preview[T interface{ Wipe() }] struct {
	id      string
	content T
	ctx     context.Context // ends when it is closed; what runs on it is cancelled
	close   context.CancelFunc
	using   sync.RWMutex // read: in use; written: wiped
}

func newPreview[T interface{ Wipe() }](content T) *preview[T] {
	p := &preview[T]{id: mfa.NewID(), content: content}
	p.ctx, p.close = context.WithCancel(context.Background())
	return p
}

func (p *preview[T]) wipe() {
	if p != nil {
		p.close()
		p.using.Lock()
		defer p.using.Unlock()
		p.content.Wipe()
	}
}

// use runs do, which ends when the preview is closed. import-gone.
func (p *preview[T]) use(ctx context.Context, id string, do func(context.Context, T) error) error {
	if p == nil || p.id != id {
		return mfa.Fail(mfa.CodeImportGone)
	}
	p.using.RLock()
	defer p.using.RUnlock()
	if p.ctx.Err() != nil {
		return mfa.Fail(mfa.CodeImportGone)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)()
	return do(ctx, p.content)
}

// ShowTokens opens a preview in the place of the last one of its kind, which is
// wiped. It takes p over. not-signed-in when the session has ended meanwhile.
func (d *Desk) ShowTokens(session mfa.Session, p *stock.Preview) (id string, err error) {
	return show(d, session, p, func(v *visit) **preview[*stock.Preview] { return &v.tokens })
}

// ShowUsers does the same with a list of users.
func (d *Desk) ShowUsers(session mfa.Session, l *account.UserList) (id string, err error) {
	return show(d, session, l, func(v *visit) **preview[*account.UserList] { return &v.users })
}

func show[T interface{ Wipe() }](d *Desk, session mfa.Session, content T, place func(*visit) **preview[T]) (string, error) {
	fresh := newPreview(content)
	old := fresh
	d.mu.Lock()
	sits := d.visit != nil && d.visit.Session.ID == session.ID
	if sits {
		at := place(d.visit)
		old, *at = *at, fresh
	}
	d.mu.Unlock()
	old.wipe()
	if !sits {
		return "", mfa.Fail(mfa.CodeNotSignedIn)
	}
	return fresh.id, nil
}

// UseTokens lends a preview. import-gone when it was closed, is another one, or
// nobody is signed in.
func (d *Desk) UseTokens(ctx context.Context, id string, do func(context.Context, *stock.Preview) error) error {
	d.mu.Lock()
	var p *preview[*stock.Preview]
	if d.visit != nil {
		p = d.visit.tokens
	}
	d.mu.Unlock()
	return p.use(ctx, id, do)
}

// UseUsers does the same with a list of users.
func (d *Desk) UseUsers(ctx context.Context, id string, do func(context.Context, *account.UserList) error) error {
	d.mu.Lock()
	var p *preview[*account.UserList]
	if d.visit != nil {
		p = d.visit.users
	}
	d.mu.Unlock()
	return p.use(ctx, id, do)
}

// ClosePreview cancels what runs on a preview and wipes it. One that is not there any
// more is fine.
func (d *Desk) ClosePreview(id string) {
	d.mu.Lock()
	var tokens *preview[*stock.Preview]
	var users *preview[*account.UserList]
	if v := d.visit; v != nil {
		if v.tokens != nil && v.tokens.id == id {
			tokens, v.tokens = v.tokens, nil
		}
		if v.users != nil && v.users.id == id {
			users, v.users = v.users, nil
		}
	}
	d.mu.Unlock()
	tokens.wipe()
	users.wipe()
}

// importEvery is how far apart two events of one import are at least.
const importEvery = 50 * time.Millisecond

// Progress gives what an import reports to. It tells the page now and then, and the
// end always. An import is a sign of life: it cannot be locked out of its own.
func (d *Desk) Progress(id string) func(done, total int) {
	var told time.Time
	return func(done, total int) {
		d.mu.Lock()
		defer d.mu.Unlock()
		now := d.clock.Now()
		d.touched = now
		if done < total && now.Sub(told) < importEvery {
			return
		}
		told = now
		d.emit(Event{Import: &Import{ID: id, Done: done, Total: total}})
	}
}
