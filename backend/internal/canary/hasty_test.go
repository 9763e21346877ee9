package canary

import (
	"context"
	"testing"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// hasty is a store in which somebody else takes away what was just written, before
// whoever wrote it looks again.
type hasty struct{ mfa.Store }

func event(kind mfa.EventKind, at mfa.Event) mfa.Event { return mfa.Event{At: at.At, Kind: kind} }

func (h hasty) UnassignDevice(ctx context.Context, id string, version int64, e mfa.Event) error {
	if err := h.Store.UnassignDevice(ctx, id, version, e); err != nil {
		return err
	}
	_, err := h.SweepUnassigned(ctx, event(mfa.EventVirtualSwept, e))
	return err
}

func (h hasty) UpdateDevice(ctx context.Context, d mfa.Device, e mfa.Event) error {
	if err := h.Store.UpdateDevice(ctx, d, e); err != nil {
		return err
	}
	return h.loses(ctx, d.ID, e)
}

func (h hasty) AssignDevice(ctx context.Context, d mfa.Device, e mfa.Event) error {
	if err := h.Store.AssignDevice(ctx, d, e); err != nil {
		return err
	}
	return h.loses(ctx, d.ID, e)
}

func (h hasty) AcceptCode(ctx context.Context, id string, u mfa.CodeUse, used bool, e mfa.Event) error {
	if err := h.Store.AcceptCode(ctx, id, u, used, e); err != nil {
		return err
	}
	return h.loses(ctx, id, e)
}

func (h hasty) loses(ctx context.Context, id string, e mfa.Event) error {
	d, err := h.Device(ctx, id)
	if err == nil {
		err = h.UnassignDevice(ctx, id, d.Version, event(mfa.EventDeviceDeactivated, e))
	}
	return err
}

func (h hasty) AddPrincipals(ctx context.Context, ps []mfa.Principal, as []mfa.Attachment, es []mfa.Event) error {
	if err := h.Store.AddPrincipals(ctx, ps, as, es); err != nil {
		return err
	}
	return h.removes(ctx, ps[0].ID, es[0])
}

func (h hasty) UpdatePrincipal(ctx context.Context, p mfa.Principal, e mfa.Event) error {
	if err := h.Store.UpdatePrincipal(ctx, p, e); err != nil {
		return err
	}
	return h.removes(ctx, p.ID, e)
}

func (h hasty) SetAttached(ctx context.Context, a mfa.Attachment, on bool, e mfa.Event) error {
	if err := h.Store.SetAttached(ctx, a, on, e); err != nil {
		return err
	}
	return h.removes(ctx, a.PrincipalID, e)
}

func (h hasty) removes(ctx context.Context, id string, e mfa.Event) error {
	p, err := h.Principal(ctx, id)
	if err == nil {
		err = h.RemovePrincipal(ctx, id, p.Version, true, event(mfa.EventUserRemoved, e))
	}
	return err
}

// What was done is not reported as failed because somebody else was there next: the
// answer is what was written.
func TestWhatIsGoneAtOnceWasDone(t *testing.T) {
	type row = struct {
		name string
		do   func(w *world) (any, error)
		is   func(w *world, answer any) bool
	}
	device := func(is func(w *world, d mfa.Device) bool) func(*world, any) bool {
		return func(w *world, answer any) bool { return is(w, answer.(mfa.Device)) }
	}
	user := func(is func(w *world, o mfa.Overview) bool) func(*world, any) bool {
		return func(w *world, answer any) bool { return is(w, answer.(mfa.Overview)) }
	}
	for _, r := range []row{
		{"remove", func(w *world) (any, error) { return w.own.Remove(w.Context(), w.who, w.app.ID, w.app.Version) },
			device(func(_ *world, d mfa.Device) bool { return d.ID == "" })},
		{"rename", func(w *world) (any, error) {
			return w.own.Rename(w.Context(), w.who, w.annApp.ID, w.annApp.Version, "new")
		}, device(func(w *world, d mfa.Device) bool {
			return d.ID == w.annApp.ID && d.Name == "new" && d.Version == w.annApp.Version+1 && d.PrincipalID == w.ann.ID
		})},
		{"enable", func(w *world) (any, error) {
			return w.ceremony.EnableApp(w.Context(), w.who, w.bob.ID, w.free.ID, w.code(w.free, -1), w.code(w.free, 0))
		}, device(func(w *world, d mfa.Device) bool {
			return d.ID == w.free.ID && d.PrincipalID == w.bob.ID && d.Version == 2 && d.OneTime.LastStep > 0 && d.EnabledAt.Equal(w.clock.read())
		})},
		{"resync", func(w *world) (any, error) {
			w.clock.add(10 * step)
			return w.ceremony.Resync(w.Context(), w.who, w.annApp.ID, w.code(w.annApp, 4), w.code(w.annApp, 5))
		}, device(func(w *world, d mfa.Device) bool {
			return d.ID == w.annApp.ID && d.OneTime.Drift == 5 && d.OneTime.LastStep > w.annApp.OneTime.LastStep && d.Version == w.annApp.Version
		})},
		{"add a user", func(w *world) (any, error) {
			return w.accounts.AddUser(w.Context(), w.who, account.NewUser{Name: "carl", Password: secret(password), Administrator: true})
		}, user(func(_ *world, o mfa.Overview) bool {
			return o.Name == "carl" && o.HasPassword && o.Administrator && o.Version == 1
		})},
		{"change a user", func(w *world) (any, error) {
			return w.accounts.ChangeUser(w.Context(), w.who, w.bob.ID, w.bob.Version, "bert", "/crew/")
		}, user(func(w *world, o mfa.Overview) bool {
			return o.ID == w.bob.ID && o.Name == "bert" && o.Path == "/crew/" && o.Version == w.bob.Version+1
		})},
		{"set a password", func(w *world) (any, error) {
			return w.accounts.SetPassword(w.Context(), w.who, w.bob.ID, w.bob.Version, nil, false)
		}, user(func(w *world, o mfa.Overview) bool { return o.ID == w.bob.ID && !o.HasPassword })},
		{"make an administrator", func(w *world) (any, error) {
			return w.accounts.SetAdministrator(w.Context(), w.who, w.bob.ID, true)
		}, user(func(w *world, o mfa.Overview) bool { return o.ID == w.bob.ID && o.Administrator })},
	} {
		t.Run(r.name, func(t *testing.T) {
			w := newWorld(t)
			w.wire(hasty{w.store})
			if answer, err := r.do(w); err != nil || !r.is(w, answer) {
				t.Errorf("%+v, %v", answer, err)
			}
		})
	}
}
