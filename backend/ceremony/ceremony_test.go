package ceremony

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/rules"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// fakePhones gives one software authenticator as the phone, without a
// transport: what is tested here is the order of things.
type fakePhones struct {
	device   *virtualauth.Authenticator
	fail     error
	link     *mfa.LinkedPhone      // given while connecting
	late     func(mfa.LinkedPhone) // kept, for a link that comes later
	rung     []string              // IDs of links that were rung
	contact  []byte                // of the last one
	between  func()                // runs while the phone is open
	purposes []authenticator.Purpose
}

type open struct{ *virtualauth.Authenticator }

func (open) Close() error { return nil } // the phone lives on after the call

func (f *fakePhones) Open(_ context.Context, p authenticator.Purpose, linked func(mfa.LinkedPhone), report mfa.Report) (authenticator.Authenticator, error) {
	f.purposes = append(f.purposes, p)
	report.To(mfa.Progress{Stage: mfa.StageShowQR, QR: "FIDO:/1"})
	if f.fail != nil {
		return nil, f.fail
	}
	f.late = linked
	if f.link != nil {
		linked(*f.link)
	}
	if f.between != nil {
		f.between()
	}
	return open{f.device}, nil
}

func (f *fakePhones) Ring(_ context.Context, l mfa.LinkedPhone, _ authenticator.Purpose, _ mfa.Report) (authenticator.Authenticator, error) {
	f.rung, f.contact = append(f.rung, l.ID), bytes.Clone(l.ContactID)
	if len(l.LinkID) != 8 || l.Secret.Len() != 32 {
		return nil, errors.New("rung by a link that was not opened")
	}
	if f.fail != nil {
		return nil, f.fail
	}
	return open{f.device}, nil
}

// testClock stands still until a test moves it.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type bench struct {
	*Service
	clock  *testClock
	vault  *testVault
	phones *fakePhones
	who    mfa.Session
	pass   func() *mfa.Secret
	root   mfa.Identity
}

func newBench(t testing.TB, phone virtualauth.Config) *bench {
	t.Helper()
	return newBenchOver(t, phone, storetest.NewMemory())
}

func newBenchOver(t testing.TB, phone virtualauth.Config, store mfa.Store) *bench {
	t.Helper()
	b := &bench{clock: &testClock{now: time.Date(2026, 11, 22, 9, 42, 3, 0, time.UTC)}, root: mfa.Identity{Kind: mfa.Root, Name: "root@example.org"}, pass: func() *mfa.Secret { return mfa.NewSecret([]byte("correct horse")) }}
	device := virtualauth.New(phone)
	t.Cleanup(func() { device.Close() })
	b.phones = &fakePhones{device: device}
	b.vault = &testVault{}
	b.over(store)
	t.Cleanup(b.Close)
	if _, _, err := b.Accounts.Create(t.Context(), account.NewAccount{Alias: "acme-lab", Email: b.root.Name, Password: b.pass()}); err != nil {
		t.Fatal(err)
	}
	p, err := b.Password(t.Context(), b.root, b.pass())
	if err != nil || p.Session == nil {
		t.Fatalf("first sign-in: %+v, %v", p, err)
	}
	b.who = *p.Session
	return b
}

// over makes the services anew over a store, as a program does that begins.
func (b *bench) over(store mfa.Store) {
	accounts := account.New(account.Config{Store: store, Rules: rules.New(store, b.clock.read), Clock: b.clock.read, Rand: rand.Reader,
		Cost: account.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	b.Service = New(Config{Store: store, Accounts: accounts, Roads: Roads{Phones: b.phones}, Vault: b.vault, Clock: b.clock.read, Rand: rand.Reader,
		Log: slog.New(slog.DiscardHandler)})
}

func yes(context.Context, Candidate) (bool, error) { return true, nil }

func wants(t *testing.T, err error, code mfa.Code) {
	t.Helper()
	if !mfa.IsCode(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func (b *bench) enrol(t testing.TB, name string) mfa.Device {
	t.Helper()
	d, err := b.Enrol(t.Context(), b.who, "", name, mfa.RoadPhone, Person{Confirm: yes})
	if err != nil {
		t.Fatalf("enrol %s: %v (%s)", name, err, mfa.AsFailure(err).Explain())
	}
	return d
}

func (b *bench) pending(t testing.TB) Pending {
	t.Helper()
	p, err := b.Password(t.Context(), b.root, b.pass())
	if err != nil || p.Session != nil {
		t.Fatalf("password with a device: %+v, %v", p, err)
	}
	return p
}

func (b *bench) devices(t testing.TB) []mfa.Device {
	t.Helper()
	d, err := b.Store.Devices(t.Context(), b.who.PrincipalID)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (b *bench) kinds(t *testing.T) []mfa.EventKind {
	t.Helper()
	events, err := b.Store.Events(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []mfa.EventKind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestEnrolThenSignIn(t *testing.T) {
	for name, phone := range map[string]virtualauth.Config{"android": virtualauth.Android(), "iphone": virtualauth.IPhone()} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, phone)
			var stages []mfa.Stage
			d, err := b.Enrol(t.Context(), b.who, "", "my-phone", mfa.RoadPhone, Person{Report: func(p mfa.Progress) { stages = append(stages, p.Stage) }, Confirm: yes})
			if err != nil {
				t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
			}
			want := []mfa.Stage{mfa.StageShowQR, mfa.StageConfirm, mfa.StageVerifying, mfa.StageNameDevice, mfa.StageDone}
			if !slices.Equal(stages, want) {
				t.Errorf("stages %v, want %v", stages, want)
			}
			if a, _ := b.Store.Account(t.Context()); a.FrozenAt.IsZero() {
				t.Error("the RP ID is not frozen by the first device")
			}
			session, err := b.SignInWithDevice(t.Context(), b.pending(t), mfa.RoadPhone, nil, Person{})
			if err != nil {
				t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
			}
			if !session.MFAPresent() || session.DeviceID != d.ID {
				t.Errorf("session %+v does not say who proved it", session)
			}
			if got := b.devices(t)[0]; got.LastUsedAt.IsZero() || got.Version != 2 {
				t.Errorf("use was not recorded: %+v", got)
			}
			if k := b.kinds(t); k[len(k)-1] != mfa.EventSignInMFA || !slices.Contains(k, mfa.EventDeviceAdded) {
				t.Errorf("audit trail %v", k)
			}
		})
	}
}

func TestNothingIsAddedWhen(t *testing.T) {
	for name, c := range map[string]struct {
		phone   virtualauth.Config
		arrange func(*bench)
		confirm Confirm
		code    mfa.Code
	}{
		"the person says no":            {phone: virtualauth.Android(), confirm: func(context.Context, Candidate) (bool, error) { return false, nil }, code: mfa.CodeCancelled},
		"the question is dropped":       {phone: virtualauth.Android(), confirm: func(context.Context, Candidate) (bool, error) { return true, context.Canceled }, code: mfa.CodeCancelled},
		"the phone says no":             {phone: declining(), confirm: yes, code: mfa.CodeDeclined},
		"the phone is not there":        {phone: virtualauth.Android(), arrange: func(b *bench) { b.phones.fail = mfa.Fail(mfa.CodeCodeExpired) }, confirm: yes, code: mfa.CodeCodeExpired},
		"it does not verify the person": {phone: unverified(), confirm: yes, code: mfa.CodeUserVerifyMissing},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, c.phone)
			if c.arrange != nil {
				c.arrange(b)
			}
			_, err := b.Enrol(t.Context(), b.who, "", "my-phone", mfa.RoadPhone, Person{Confirm: c.confirm})
			if got := mfa.AsFailure(err); got == nil || got.Code != c.code {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if d := b.devices(t); len(d) != 0 {
				t.Errorf("%d devices were added", len(d))
			}
			if a, _ := b.Store.Account(t.Context()); !a.FrozenAt.IsZero() {
				t.Error("the RP ID was frozen by nothing")
			}
		})
	}
}

func declining() virtualauth.Config {
	c := virtualauth.Android()
	c.Consent = func(context.Context, virtualauth.Prompt) (virtualauth.Decision, error) {
		return virtualauth.Decision{}, nil
	}
	return c
}

func unverified() virtualauth.Config {
	c := virtualauth.Android()
	c.Faults.NoUV = true
	return c
}

// The name may be taken while the phone is asked: the store has the last word.
func TestNameTakenMeanwhile(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.phones.between = func() {
		other := mfa.Device{ID: mfa.NewID(), PrincipalID: b.who.PrincipalID, Kind: mfa.KindPasskey, Name: "My-Phone", Serial: "arn:x", Version: 1,
			EnabledAt: time.Now(), Passkey: &mfa.Credential{ID: []byte("other"), PublicKey: []byte{1}, Algorithm: -7}}
		if err := b.Store.AddDevice(t.Context(), other, mfa.Event{At: time.Now(), Kind: mfa.EventDeviceAdded}); err != nil {
			t.Error(err)
		}
	}
	who := b.who
	who.MFAAt = time.Now()
	_, err := b.Enrol(t.Context(), who, "", "my-phone", mfa.RoadPhone, Person{Confirm: yes})
	wants(t, err, mfa.CodeNameTaken)
}

func TestSecondDeviceNeedsMFAAndAnotherPhone(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.enrol(t, "first")
	_, err := b.Enrol(t.Context(), b.who, "", "second", mfa.RoadPhone, Person{Confirm: yes})
	wants(t, err, mfa.CodeMFANeeded)
	b.who, err = b.SignInWithDevice(t.Context(), b.pending(t), mfa.RoadPhone, nil, Person{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Enrol(t.Context(), b.who, "", "second", mfa.RoadPhone, Person{Confirm: yes})
	wants(t, err, mfa.CodeAlreadyRegistered)
}

func TestCounterThatGoesBackMarksTheDevice(t *testing.T) {
	phone := virtualauth.Android()
	phone.Counter = virtualauth.Rising
	b := newBench(t, phone)
	b.enrol(t, "my-phone")
	if _, err := b.SignInWithDevice(t.Context(), b.pending(t), mfa.RoadPhone, nil, Person{}); err != nil {
		t.Fatal(err)
	}
	b.phones.device.SetFaults(virtualauth.Faults{RegressCounter: true})
	_, err := b.SignInWithDevice(t.Context(), b.pending(t), mfa.RoadPhone, nil, Person{})
	wants(t, err, mfa.CodeCounterRegressed)
	if f := mfa.AsFailure(err); f.Params["device"] != "my-phone" {
		t.Errorf("the person is not told which device: %v", f.Params)
	}
	if d := b.devices(t)[0]; d.SuspectAt.IsZero() {
		t.Error("the device is not marked")
	}
	if !slices.Contains(b.kinds(t), mfa.EventDeviceSuspect) {
		t.Error("the audit trail does not say so")
	}
	b.phones.device.SetFaults(virtualauth.Faults{})
	asked := len(b.phones.purposes)
	_, err = b.SignInWithDevice(t.Context(), b.pending(t), mfa.RoadPhone, nil, Person{})
	wants(t, err, mfa.CodeDevicesSuspect)
	if len(b.phones.purposes) != asked {
		t.Error("a phone was asked although no device can sign in")
	}
	other := mfa.Device{ID: mfa.NewID(), PrincipalID: b.who.PrincipalID, Kind: mfa.KindPasskey, Name: "other", Serial: "arn:x", Version: 1,
		EnabledAt: time.Now(), Passkey: &mfa.Credential{ID: []byte("other"), PublicKey: []byte{1}, Algorithm: -7}}
	if err := b.Store.AddDevice(t.Context(), other, mfa.Event{At: time.Now(), Kind: mfa.EventDeviceAdded}); err != nil {
		t.Fatal(err)
	}
	_, err = b.SignInWithDevice(t.Context(), b.pending(t), mfa.RoadPhone, nil, Person{})
	wants(t, err, mfa.CodeNoCredential) // the suspect phone is not asked for what it has
}

// Something happens to the device after it was read and before its use is
// written: only what does not touch the counter lets the sign-in through.
func TestDeviceChangedWhileVerifying(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*mfa.Device)
		code   mfa.Code
	}{
		"renamed":                   {func(d *mfa.Device) { d.Name = "renamed" }, ""},
		"used by another sign-in":   {func(d *mfa.Device) { d.Passkey.SignCount += 5 }, mfa.CodeConflict},
		"marked by another sign-in": {func(d *mfa.Device) { d.SuspectAt = time.Now() }, mfa.CodeConflict},
	} {
		t.Run(name, func(t *testing.T) {
			phone := virtualauth.Android()
			phone.Counter = virtualauth.Rising
			b := newBench(t, phone)
			b.enrol(t, "my-phone")
			pending := b.pending(t)
			var changed mfa.Device
			b.phones.between = func() {
				changed = b.devices(t)[0]
				c.change(&changed)
				if err := b.Store.UpdateDevice(t.Context(), changed, mfa.Event{At: time.Now(), Kind: "changed"}); err != nil {
					t.Error(err)
				}
			}
			s, err := b.SignInWithDevice(t.Context(), pending, mfa.RoadPhone, nil, Person{})
			d := b.devices(t)[0]
			if c.code == "" {
				if err != nil || !s.MFAPresent() || d.Name != "renamed" || d.LastUsedAt.IsZero() {
					t.Fatalf("%+v, device %+v, %v", s, d, err)
				}
				return
			}
			wants(t, err, c.code)
			if s.ID != "" || !d.LastUsedAt.IsZero() || d.Passkey.SignCount != changed.Passkey.SignCount || d.SuspectAt.IsZero() != changed.SuspectAt.IsZero() {
				t.Errorf("session %+v, device %+v", s, d)
			}
		})
	}
}

func TestWrongSignatureSignsNobodyIn(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.enrol(t, "my-phone")
	b.phones.device.SetFaults(virtualauth.Faults{WrongSignature: true})
	s, err := b.SignInWithDevice(t.Context(), b.pending(t), mfa.RoadPhone, nil, Person{})
	wants(t, err, mfa.CodeSignatureInvalid)
	if s.MFAPresent() || s.ID != "" {
		t.Errorf("a session came out: %+v", s)
	}
	if k := b.kinds(t); k[len(k)-1] != mfa.EventSignInRefused {
		t.Errorf("audit trail %v", k)
	}
}

// A device that was removed between the password and the phone signs nobody in.
func TestDeviceRemovedMeanwhile(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	d := b.enrol(t, "my-phone")
	p := b.pending(t)
	if err := b.Store.RemoveDevice(t.Context(), d.ID, 1, mfa.Event{At: time.Now(), Kind: mfa.EventDeviceRemoved}); err != nil {
		t.Fatal(err)
	}
	if s, err := b.SignInWithDevice(t.Context(), p, mfa.RoadPhone, nil, Person{}); err == nil {
		t.Errorf("signed in as %+v", s)
	}
}

func link() *mfa.LinkedPhone {
	return &mfa.LinkedPhone{Name: "Pixel", ContactID: []byte("contact"), LinkID: make([]byte, 8), Secret: mfa.NewSecret(make([]byte, 32)), PublicKey: make([]byte, 65)}
}

func (b *bench) links(t *testing.T) []mfa.LinkedPhone {
	t.Helper()
	b.linking.Wait()
	l, err := b.Store.Links(t.Context(), b.who.PrincipalID)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLinksAreKeptOnlyAfterSuccess(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.phones.link = link()
	no := func(context.Context, Candidate) (bool, error) { return false, nil }
	if _, err := b.Enrol(t.Context(), b.who, "", "my-phone", mfa.RoadPhone, Person{Confirm: no}); err == nil {
		t.Fatal("enrolled against the person's will")
	}
	b.phones.late(*link())
	if l := b.links(t); len(l) != 0 {
		t.Errorf("%d links of a refused phone were kept", len(l))
	}
	b.phones.device = virtualauth.New(virtualauth.Android())
	b.phones.link = link()
	b.enrol(t, "my-phone")
	l := b.links(t)
	if len(l) != 1 || l[0].Name != "Pixel" || l[0].PrincipalID != b.who.PrincipalID || l[0].Secret.Len() != 0 || l[0].ContactID != nil || l[0].LinkID != nil {
		t.Fatalf("links %v", l)
	}
	// A link that is no longer accepted is forgotten.
	b.phones.fail = mfa.Fail(mfa.CodeLinkGone)
	p := b.pending(t)
	_, err := b.SignInWithDevice(t.Context(), p, mfa.RoadPhone, &p.Links[0], Person{})
	wants(t, err, mfa.CodeLinkGone)
	if l := b.links(t); len(l) != 0 || len(b.phones.rung) != 1 {
		t.Errorf("links %v, rung %v", l, b.phones.rung)
	}
}

// A full disk at the last step leaves no device and no session.
func TestStorageFailsAtTheEnd(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	full := &fullDisk{Store: b.Store}
	b.Store = full
	full.on = true
	_, err := b.Enrol(t.Context(), b.who, "", "my-phone", mfa.RoadPhone, Person{Confirm: yes})
	wants(t, err, mfa.CodeDiskFull)
	full.on = false
	b.phones.device = virtualauth.New(virtualauth.Android())
	b.enrol(t, "my-phone")
	full.on = true
	s, err := b.SignInWithDevice(t.Context(), b.pending(t), mfa.RoadPhone, nil, Person{})
	if !errors.Is(err, mfa.Fail(mfa.CodeDiskFull)) || s.ID != "" {
		t.Errorf("session %+v, %v", s, err)
	}
}

type fullDisk struct {
	mfa.Store
	on bool
}

func (f *fullDisk) AddDevice(ctx context.Context, d mfa.Device, e mfa.Event) error {
	if f.on {
		return mfa.Fail(mfa.CodeDiskFull)
	}
	return f.Store.AddDevice(ctx, d, e)
}

func (f *fullDisk) UpdateDevice(ctx context.Context, d mfa.Device, e mfa.Event) error {
	if f.on {
		return mfa.Fail(mfa.CodeDiskFull)
	}
	return f.Store.UpdateDevice(ctx, d, e)
}

func (f *fullDisk) AcceptCode(ctx context.Context, id string, u mfa.CodeUse, used bool, e mfa.Event) error {
	if f.on {
		return mfa.Fail(mfa.CodeDiskFull)
	}
	return f.Store.AcceptCode(ctx, id, u, used, e)
}
