package desk

import (
	"context"

	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
)

// keyWatch is what a visit has to do with security keys: a watch over what is plugged
// in, begun when somebody first asks, and a reset that may run.
type keyWatch struct {
	ctx   context.Context // ends with the visit
	stop  context.CancelFunc
	reset context.CancelFunc // nil: none runs
}

func (w *keyWatch) wipe() {
	if w != nil {
		w.stop()
	}
}

// Keys lists the security keys that are there. From then on the page is told of changes
// as long as this visit lasts.
func (d *Desk) Keys(ctx context.Context) ([]keys.Key, error) {
	house, session, err := d.Seat()
	if err != nil {
		return nil, err
	}
	d.watchKeys(house, session)
	return house.Keys.List(ctx)
}

func (d *Desk) watchKeys(house *House, session mfa.Session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.visit == nil || d.visit.Session.ID != session.ID || d.visit.keys != nil {
		return
	}
	ctx, stop := context.WithCancel(d.ctx)
	d.visit.keys = &keyWatch{ctx: ctx, stop: stop}
	d.watching.Go(func() {
		_ = house.Keys.Watch(ctx, func() { // it ends with the visit
			list, err := house.Keys.List(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				list = nil
			}
			models := house.models(ctx, list)
			d.mu.Lock()
			defer d.mu.Unlock()
			d.emit(Event{Keys: &list, Models: models})
		})
	})
}

// models names keys by the metadata. Whoever hears events may ask the house nothing.
func (h *House) models(ctx context.Context, list []keys.Key) map[mfa.AAGUID]string {
	if h.Metadata == nil {
		return nil
	}
	m, _, err := h.Metadata.Current(ctx)
	if err != nil || m == nil {
		return nil
	}
	names := map[mfa.AAGUID]string{}
	for _, k := range list {
		if model, known := m.ByAAGUID(k.Info.AAGUID); known {
			names[k.Info.AAGUID] = model.Name
		}
	}
	return names
}

// Model is what the metadata calls a key, empty when they do not know it.
func (h *House) Model(ctx context.Context, k keys.Key) string {
	return h.models(ctx, []keys.Key{k})[k.Info.AAGUID]
}

// ResetKey wipes a security key: see keys.Service. It runs until the person has touched
// the key, CancelReset or the end of the visit: cancelled. A key is in its owner's hand;
// this computer's passkeys are everybody's here, so to wipe those is for who looks after
// the account's secrets: access-denied.
func (d *Desk) ResetKey(ctx context.Context, id string) error {
	house, session, err := d.Seat()
	if err != nil {
		return err
	}
	if house.Keys.IsComputer(id) {
		if _, err := house.Accounts.May(ctx, session, mfa.OpManageVault, ""); err != nil {
			return err
		}
	}
	d.watchKeys(house, session)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.mu.Lock()
	if d.visit == nil || d.visit.keys == nil {
		d.mu.Unlock()
		return mfa.Fail(mfa.CodeNotSignedIn)
	}
	w := d.visit.keys
	if w.reset != nil {
		d.mu.Unlock()
		return mfa.Fail(mfa.CodeBusy)
	}
	w.reset = cancel
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		w.reset = nil
		d.mu.Unlock()
	}()
	stop := context.AfterFunc(w.ctx, cancel)
	defer stop()
	return house.Keys.Reset(ctx, id, func(stage keys.ResetStage) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.touched = d.clock.Now()
		d.emit(Event{Reset: &stage})
	})
}

// CancelReset ends the reset that runs, if one does.
func (d *Desk) CancelReset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.visit != nil && d.visit.keys != nil && d.visit.keys.reset != nil {
		d.visit.keys.reset()
	}
}
