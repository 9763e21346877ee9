package desk

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// bus has one key, with a PIN, whose owner touches it at once.
type bus struct {
	key *virtualauth.Authenticator

	mu      sync.Mutex
	gone    bool
	changed func()
	begun   chan struct{} // hears of watches that have begun
	watched chan struct{} // and of those that have ended
}

func newBus(t *testing.T) *bus {
	a := virtualauth.New(virtualauth.Config{Discoverable: true, ClientPIN: true, Counter: virtualauth.Rising, CredMgmt: true, Reset: true, Transports: []string{"usb"}})
	info, err := ctap2.ParseInfo(a.GetInfo())
	if err != nil {
		t.Fatal(err)
	}
	if err := ctap2.SetPIN(t.Context(), a, info, mfa.NewSecret([]byte("2580")), rand.Reader); err != nil {
		t.Fatal(err)
	}
	return &bus{key: a, begun: make(chan struct{}, 8), watched: make(chan struct{}, 8)}
}

func (b *bus) List(context.Context) ([]transport.Slot, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return nil, nil
	}
	return []transport.Slot{{ID: "1", Name: "Key", Way: transport.WayUSB}}, nil
}

func (b *bus) Watch(ctx context.Context, changed func()) error {
	b.mu.Lock()
	b.changed = changed
	b.mu.Unlock()
	changed()
	b.begun <- struct{}{}
	<-ctx.Done()
	b.watched <- struct{}{}
	return ctx.Err()
}

func (b *bus) pull() {
	b.mu.Lock()
	b.gone = true
	changed := b.changed
	b.mu.Unlock()
	changed()
}

func (b *bus) Open(context.Context, string) (transport.Key, error) { return plugged{b.key}, nil }

// plugged is the key as the bus opens it.
type plugged struct{ *virtualauth.Authenticator }

func (plugged) Speaks() (bool, bool)       { return true, false }
func (plugged) Wink(context.Context) error { return nil }
func (plugged) Way() string                { return transport.WayUSB }
func (plugged) Close() error               { return nil }

func TestPINQuestions(t *testing.T) {
	b := newBench(t)
	b.create(t)
	wants(t, b.GivePIN(mfa.NewSecret([]byte("2580"))), mfa.CodeNotFound)
	if _, err := b.BeginEnrolment(t.Context(), "", "my-key", mfa.RoadKey); err != nil {
		t.Fatal(err)
	}
	c := b.until(t, mfa.StageEnterPIN)
	if c.PIN == nil || c.PIN.Left != 8 || c.PIN.Wrong || c.Road != mfa.RoadKey {
		t.Fatalf("%+v", c)
	}
	for _, no := range []string{"", string(make([]byte, 64))} {
		wants(t, b.GivePIN(mfa.NewSecret([]byte(no))), mfa.CodePINLength)
	}
	wrong := mfa.NewSecret([]byte("0000"))
	if err := b.GivePIN(wrong); err != nil {
		t.Fatal(err)
	}
	if c = b.until(t, mfa.StageEnterPIN); !c.PIN.Wrong || c.PIN.Left != 7 {
		t.Fatalf("%+v", c.PIN)
	}
	if wrong.Len() != 0 {
		t.Error("the PIN was not wiped")
	}
	if err := b.GivePIN(mfa.NewSecret([]byte("2580"))); err != nil {
		t.Fatal(err)
	}
	b.until(t, mfa.StageNameDevice)
	if b.Ceremony().PIN != nil {
		t.Error("the question stays")
	}
	if err := b.ConfirmDevice(true); err != nil {
		t.Fatal(err)
	}
	b.until(t, mfa.StageDone)
	if d := b.owned(t); len(d) != 1 || !d[0].Passkey.OnKey() || !d[0].Passkey.UserVerified {
		t.Errorf("%+v", d)
	}
}

func TestCancelWhileThePINIsAsked(t *testing.T) {
	b := newBench(t)
	b.create(t)
	if _, err := b.BeginEnrolment(t.Context(), "", "my-key", mfa.RoadKey); err != nil {
		t.Fatal(err)
	}
	b.until(t, mfa.StageEnterPIN)
	b.CancelCeremony()
	if c := b.Ceremony(); c.Failure == nil || c.Failure.Code != mfa.CodeCancelled {
		t.Errorf("%+v", c)
	}
	wants(t, b.GivePIN(mfa.NewSecret([]byte("2580"))), mfa.CodeNotFound)
}

func TestUnknownRoad(t *testing.T) {
	b := newBench(t)
	b.create(t)
	_, err := b.BeginEnrolment(t.Context(), "", "my-key", "by-sea")
	wants(t, err, mfa.CodeInvalidInput)
}

// What is plugged in is told for as long as somebody sits here, and no longer.
func TestKeysAreWatchedDuringTheVisit(t *testing.T) {
	b := newBench(t)
	_, err := b.Keys(t.Context())
	wants(t, err, mfa.CodeNotSignedIn)
	b.create(t)
	list, err := b.Keys(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	told := func(n int) {
		t.Helper()
		for e := range b.events {
			if e.Keys != nil && len(*e.Keys) == n {
				return
			}
		}
	}
	told(1)
	b.hall.bus.pull()
	told(0)
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-b.hall.bus.watched
}

// A key's PIN is given by a person, not by a window: it goes with the visit, also when
// nobody asked for the list of keys in it.
func TestAKeysPINGoesWithTheVisit(t *testing.T) {
	b := newBench(t)
	b.create(t)
	house, _, err := b.Seat()
	if err != nil {
		t.Fatal(err)
	}
	const id = "0:1"
	if err := house.Keys.Unlock(t.Context(), id, mfa.NewSecret([]byte("2580"))); err != nil {
		t.Fatal(err)
	}
	if _, err := house.Keys.Passkeys(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = house.Keys.Passkeys(t.Context(), id)
	wants(t, err, mfa.CodePINNeeded)
}

// Lengths are counted in code points of the composed form, with 63 bytes above all of them.
func TestHowLongAPINIs(t *testing.T) {
	for name, row := range map[string]struct {
		ask  mfa.PINAsk
		pin  string
		fits bool
	}{
		"as many as there may be": {mfa.PINAsk{For: mfa.PINNew, Min: 4, Max: 8}, "ßßßßßßßß", true},
		"one more":                {mfa.PINAsk{For: mfa.PINNew, Min: 4, Max: 8}, "ßßßßßßßßß", false},
		"as few":                  {mfa.PINAsk{For: mfa.PINNew, Min: 4, Max: 8}, "ßßßß", true},
		"one less":                {mfa.PINAsk{For: mfa.PINNew, Min: 4, Max: 8}, "ßßß", false},
		"one less, from before":   {mfa.PINAsk{For: mfa.PINVerify, Min: 4, Max: 8}, "ßßß", true},
		"too many bytes":          {mfa.PINAsk{For: mfa.PINVerify, Min: 4, Max: 63}, strings.Repeat("ß", 32), false},
		"accents typed apart":     {mfa.PINAsk{For: mfa.PINVerify, Min: 4, Max: 63}, strings.Repeat("e\u0301", 31), true},
		"as many, typed apart":    {mfa.PINAsk{For: mfa.PINNew, Min: 4, Max: 8}, strings.Repeat("e\u0301", 8), true},
		"one more, typed apart":   {mfa.PINAsk{For: mfa.PINNew, Min: 4, Max: 8}, strings.Repeat("e\u0301", 9), false},
		"one less, typed apart":   {mfa.PINAsk{For: mfa.PINNew, Min: 4, Max: 8}, strings.Repeat("e\u0301", 3), false},
		"too many bytes, apart":   {mfa.PINAsk{For: mfa.PINVerify, Min: 4, Max: 63}, strings.Repeat("e\u0301", 32), false},
		"far too many bytes":      {mfa.PINAsk{For: mfa.PINVerify, Min: 4, Max: 63}, "2580" + strings.Repeat("\u0301", 1<<16), false},
		"no UTF-8":                {mfa.PINAsk{For: mfa.PINVerify, Min: 4, Max: 63}, "2580\xff", true}, // the key's part says so
		"none":                    {mfa.PINAsk{For: mfa.PINVerify, Min: 4, Max: 63}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.mu.Lock()
			b.run = &run{Ceremony: Ceremony{Stage: mfa.StageEnterPIN, PIN: &row.ask}, pin: make(chan *mfa.Secret, 1), cancel: func() {}, ended: make(chan struct{})}
			close(b.run.ended)
			b.mu.Unlock()
			err := b.GivePIN(mfa.NewSecret([]byte(row.pin)))
			if row.fits != (err == nil) {
				t.Error(err)
			}
		})
	}
}

func TestOneResetAtATime(t *testing.T) {
	b := newBench(t)
	b.create(t)
	list, err := b.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- b.ResetKey(t.Context(), list[0].ID) }()
	<-b.hall.bus.begun // of the list
	<-b.hall.bus.begun // of the reset
	wants(t, b.ResetKey(t.Context(), list[0].ID), mfa.CodeBusy)
	for e := range b.events { // the page is told how far it is
		if e.Reset != nil && *e.Reset == keys.ResetUnplug {
			break
		}
	}
	b.CancelReset()
	if err := <-done; mfa.AsFailure(err).Code != mfa.CodeCancelled {
		t.Errorf("%v", err)
	}
}
