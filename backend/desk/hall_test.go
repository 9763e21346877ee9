package desk

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/activity"
	"github.com/keyferry/keyferry/backend/archive"
	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/devices"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/recovery"
	"github.com/keyferry/keyferry/backend/report"
	"github.com/keyferry/keyferry/backend/rules"
	"github.com/keyferry/keyferry/backend/stock"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/vault"
	"github.com/keyferry/keyferry/backend/vault/keyring"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// hall is a Doors of two houses in memory. The phone waits until scan lets it
// through, so that tests see the code on the screen.
type hall struct {
	t       *testing.T
	dir     string
	time    *fakeTime
	stores  map[bool]mfa.Store
	secrets vault.System
	device  *virtualauth.Authenticator
	scan    chan struct{}
	bus     *bus // of security keys
	fail    error
	shut    int

	restoring Restoring // what Restore was asked
	restored  mfa.Store // what it puts in the place
	key       []byte    // the data key that it gives
	refuse    error     // of Rehearse
	late      error     // of Restore
}

type open struct{ *virtualauth.Authenticator }

func (open) Close() error { return nil }

func (h *hall) Open(ctx context.Context, sandbox bool, _ Simulated) (*House, error) {
	if h.fail != nil {
		return nil, h.fail
	}
	store, log := h.stores[sandbox], slog.New(slog.DiscardHandler)
	accounts := account.New(account.Config{Store: store, Rules: rules.New(store, h.time.now), Clock: h.time.now, Rand: rand.Reader,
		Cost: account.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	v := vault.New(vault.Config{Store: store, System: h.secrets, Clock: h.time.now, Rand: rand.Reader, Cost: vault.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	if a, err := store.Account(ctx); err == nil {
		if err := v.Start(ctx, a.ID); err != nil {
			return nil, err
		}
	}
	owned := devices.New(devices.Config{Store: store, Accounts: accounts, Clock: h.time.now})
	printed := recovery.New(recovery.Config{Store: store, Accounts: accounts, Vault: v, Clock: h.time.now, Rand: rand.Reader})
	held := keys.New(keys.Config{Buses: []transport.KeyBus{h.bus}})
	ceremonies := ceremony.New(ceremony.Config{Store: store, Accounts: accounts, Roads: ceremony.Roads{Phones: way{h}, Keys: held.Open}, Vault: v, Recovery: printed, Devices: owned,
		Clock: h.time.now, Rand: rand.Reader, Log: log})
	return &House{Sandbox: sandbox, Store: store, Vault: v, Keys: held, Accounts: accounts, Ceremonies: ceremonies, Devices: owned, Recovery: printed,
		Stock:    stock.New(stock.Config{Store: store, Accounts: accounts, Vault: v, Clock: h.time.now}),
		Report:   report.New(report.Config{Store: store, Accounts: accounts, Clock: h.time.now}),
		Activity: activity.New(activity.Config{Store: store, Accounts: accounts, Checkpoints: filepath.Join(h.dir, "checkpoints"), Clock: h.time.now}),
		Archive:  archive.New(archive.Config{Store: store, Accounts: accounts, Key: v.Key, Clock: h.time.now}),
		Shut:     func() error { h.shut++; v.Close(); return nil }}, nil
}

func (h *hall) HasSandbox() bool      { return true }
func (h *hall) Backups(bool) []string { return []string{"keyferry.db.v1.bak"} }

func (h *hall) Rehearse(ctx context.Context, _ string, _ *mfa.Secret) (archive.Summary, error) {
	if h.restored == nil {
		return archive.Summary{}, mfa.Fail(mfa.CodeBackupUnreadable)
	}
	a, err := h.restored.Account(ctx)
	if err != nil {
		return archive.Summary{}, err
	}
	return archive.Summary{Account: a.ID, Alias: a.Alias, Sandbox: a.Sandbox}, h.refuse
}

func (h *hall) Restore(_ context.Context, sandbox bool, r Restoring) (archive.Summary, *mfa.Secret, error) {
	h.restoring = r
	if h.late != nil {
		return archive.Summary{}, nil, h.late
	}
	h.stores[sandbox], h.fail = h.restored, nil
	return archive.Summary{}, mfa.NewSecret(slices.Clone(h.key)), nil
}

type way struct{ *hall }

func (w way) Open(ctx context.Context, _ authenticator.Purpose, _ func(mfa.LinkedPhone), report mfa.Report) (authenticator.Authenticator, error) {
	report.To(mfa.Progress{Stage: mfa.StageShowQR, QR: "FIDO:/1", Until: time.Now().Add(time.Minute), Radio: "hci0"})
	select {
	case <-w.scan:
		report.To(mfa.Progress{Stage: mfa.StagePhoneSeen})
		return open{w.device}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w way) Ring(context.Context, mfa.LinkedPhone, authenticator.Purpose, mfa.Report) (authenticator.Authenticator, error) {
	return nil, mfa.Fail(mfa.CodePhoneNotNear)
}

// fakeTime stands still until it is moved.
type fakeTime struct {
	mu     sync.Mutex
	at     time.Time
	timers []*timer
}

type timer struct {
	due time.Time
	f   func()
}

func (c *fakeTime) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *fakeTime) after(d time.Duration, f func()) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &timer{c.at.Add(d), f}
	c.timers = append(c.timers, t)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.timers = slices.DeleteFunc(c.timers, func(o *timer) bool { return o == t })
	}
}

// sleep moves the clock without waking anybody, as a machine that is suspended does.
func (c *fakeTime) sleep(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// pass moves the clock and runs what is due.
func (c *fakeTime) pass(d time.Duration) {
	c.sleep(d)
	for {
		c.mu.Lock()
		i := slices.IndexFunc(c.timers, func(t *timer) bool { return !t.due.After(c.at) })
		var f func()
		if i >= 0 {
			f = c.timers[i].f
			c.timers = slices.Delete(c.timers, i, i+1)
		}
		c.mu.Unlock()
		if f == nil {
			return
		}
		f()
	}
}

type bench struct {
	*Desk
	hall   *hall
	events chan Event
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	h := &hall{t: t, dir: dir, time: &fakeTime{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
		stores:  map[bool]mfa.Store{false: storetest.NewMemory(), true: storetest.NewMemory()},
		secrets: keyring.File(filepath.Join(dir, "keys")), device: virtualauth.New(virtualauth.Android()), scan: make(chan struct{}, 4), bus: newBus(t)}
	return h.visit(t)
}

func (h *hall) visit(t *testing.T) *bench {
	b := &bench{Desk: Open(t.Context(), h, Clock{Now: h.time.now, After: h.time.after}), hall: h, events: make(chan Event, 1000)}
	b.Subscribe(func(e Event) { b.events <- e })
	t.Cleanup(func() { b.Desk.Close(); h.device.Close() })
	return b
}

func password() *mfa.Secret { return mfa.NewSecret([]byte("correct horse")) }

var rootIdentity = mfa.Identity{Kind: mfa.Root, Name: "root@example.org"}

func (b *bench) create(t *testing.T) {
	t.Helper()
	s, err := b.CreateAccount(t.Context(), account.NewAccount{Alias: "acme-lab", Email: rootIdentity.Name, Password: password()})
	if err != nil || s.Phase != PhaseHome {
		t.Fatalf("%+v, %v", s, err)
	}
}

// until reads events up to a stage of the ceremony and gives that one.
func (b *bench) until(t *testing.T, stage mfa.Stage) Ceremony {
	t.Helper()
	for {
		select {
		case e := <-b.events:
			if e.Ceremony == nil {
				continue
			}
			if e.Ceremony.Stage == stage {
				return *e.Ceremony
			}
			if e.Ceremony.Stage == mfa.StageFailed {
				t.Fatalf("failed with %v (%s), waited for %s", e.Ceremony.Failure, e.Ceremony.Failure.Explain(), stage)
			}
		case <-t.Context().Done():
			t.Fatalf("no stage %s", stage)
		}
	}
}

// told gives the newest state that the page was told, and forgets all events.
func (b *bench) told() (s *State) {
	for {
		select {
		case e := <-b.events:
			if e.State != nil {
				s = e.State
			}
		default:
			return s
		}
	}
}

func (b *bench) enrol(t *testing.T, name string) Ceremony {
	t.Helper()
	if _, err := b.BeginEnrolment(t.Context(), "", name, mfa.RoadPhone); err != nil {
		t.Fatal(err)
	}
	b.hall.scan <- struct{}{}
	b.until(t, mfa.StageNameDevice)
	if err := b.ConfirmDevice(true); err != nil {
		t.Fatal(err)
	}
	return b.until(t, mfa.StageDone)
}

// owned lists the devices of whoever is signed in.
func (b *bench) owned(t *testing.T) []mfa.Device {
	t.Helper()
	h, who := b.seat(t)
	d, err := h.Devices.List(t.Context(), who, "")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (b *bench) seat(t *testing.T) (*House, mfa.Session) {
	t.Helper()
	h, who, err := b.Seat()
	if err != nil {
		t.Fatal(err)
	}
	return h, who
}

// trail gives the kinds of all events in the store.
func (b *bench) trail(t *testing.T) (kinds []mfa.EventKind) {
	t.Helper()
	events, err := b.hall.stores[false].Events(context.WithoutCancel(t.Context()), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func wants(t *testing.T, err error, code mfa.Code) {
	t.Helper()
	if !mfa.IsCode(err, code) {
		why := ""
		if f := mfa.AsFailure(err); f != nil {
			why = f.Explain()
		}
		t.Fatalf("got %v (%s), want %s", err, why, code)
	}
}
