package account

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/enforcement"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/sqlite"
)

const oneDay = 24 * time.Hour

// A rehearsal is a promise: what it says of a day must happen to everybody when the
// clock stands there, whatever the account's history.
func TestRehearsalIsWhatHappens(t *testing.T) {
	states := map[enforcement.State]int{}
	for seed := range uint64(250) {
		rehearse(t, newHistory(t, newBench(t), seed), states)
	}
	for _, s := range []enforcement.State{enforcement.Free, enforcement.Grace, enforcement.SetUp, enforcement.Blocked} {
		if states[s] < 100 {
			t.Errorf("%s was met %d times only", s, states[s])
		}
	}
}

// A database keeps times in its own way.
func TestRehearsalIsWhatHappensOnDisk(t *testing.T) {
	for seed := range uint64(5) {
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "account.db"))
		if err != nil {
			t.Fatal(err)
		}
		h := newHistory(t, benchOn(t, store), 1000+seed)
		rehearse(t, h, map[enforcement.State]int{})
		sameRows(t, h)
	}
}

func rehearse(t *testing.T, h *history, states map[enforcement.State]int) {
	t.Helper()
	h.live()
	day := h.now.Add(time.Duration(h.dice.Int64N(int64(120*oneDay))) - 40*oneDay)
	forecasts, err := h.Rehearse(t.Context(), h.root, day)
	if err != nil {
		t.Fatal(err)
	}
	if len(forecasts) != len(h.people) {
		t.Fatalf("seed %d: %d forecasts of %d", h.seed, len(forecasts), len(h.people))
	}
	h.now = day
	h.dice.Shuffle(len(forecasts), func(i, j int) { forecasts[i], forecasts[j] = forecasts[j], forecasts[i] })
	for _, f := range forecasts {
		o, want := f.Overview, f.Verdict
		states[want.State]++
		p := mfa.Principal{ID: o.ID}
		if o.HasPassword {
			if p, err = h.CheckPassword(t.Context(), mfa.Identity{Kind: o.Kind, Name: o.Name}, secret("correct horse")); err != nil {
				t.Fatal(err)
			}
		} else {
			_, err := h.CheckPassword(t.Context(), mfa.Identity{Kind: o.Kind, Name: o.Name}, secret("correct horse"))
			wants(t, err, mfa.CodeSignInRefused)
		}
		got, err := h.Verdict(t.Context(), p)
		if err != nil || got != want {
			t.Fatalf("seed %d, %s on %v: rehearsed %+v, was %+v, %v", h.seed, o.Name, day, want, got, err)
		}
	}
}

// history is a random account.
type history struct {
	*bench
	t      *testing.T
	seed   uint64
	dice   *rand.Rand
	root   mfa.Session
	people []mfa.Identity
}

func newHistory(t *testing.T, b *bench, seed uint64) *history {
	h := &history{bench: b, t: t, seed: seed, dice: rand.New(rand.NewPCG(seed, 7)), people: []mfa.Identity{root}}
	h.root = mfa.Session{PrincipalID: h.create(t).ID, MFAAt: h.now}
	for i := range h.dice.IntN(6) {
		n := NewUser{Name: fmt.Sprint("user-", i)}
		if h.dice.IntN(4) > 0 {
			n.Password = secret("correct horse")
		}
		h.must(h.AddUser(t.Context(), h.root, n))
		h.people = append(h.people, mfa.Identity{Kind: mfa.User, Name: n.Name})
	}
	return h
}

func (h *history) must(_ any, err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// live lets things happen, with the clock mostly going forward.
func (h *history) live() {
	ctx := h.t.Context()
	for range h.dice.IntN(30) {
		h.now = h.now.Add(time.Duration(h.dice.Int64N(int64(12*oneDay))) - 2*oneDay)
		who := h.people[h.dice.IntN(len(h.people))]
		p, err := h.store.PrincipalByIdentity(ctx, who)
		h.must(p, err)
		devices, err := h.store.Devices(ctx, p.ID)
		h.must(devices, err)
		switch h.dice.IntN(6) {
		case 0, 1:
			if p.HasPassword() {
				h.must(h.CheckPassword(ctx, who, secret("correct horse")))
			}
		case 2:
			if len(devices) < mfa.MaxDevices {
				h.add(h.t, h.device(p.ID))
			}
		case 3:
			if len(devices) > 0 {
				d := devices[h.dice.IntN(len(devices))]
				if d.Kind == mfa.KindPasskey {
					h.must(nil, h.store.RemoveDevice(ctx, d.ID, d.Version, mfa.Event{At: h.now, Kind: mfa.EventDeviceRemoved}))
				} else {
					h.must(nil, h.store.UnassignDevice(ctx, d.ID, d.Version, mfa.Event{At: h.now, Kind: mfa.EventDeviceDeactivated}))
				}
			}
		case 4:
			codes := make([]mfa.RecoveryCode, h.dice.IntN(3))
			for i := range codes {
				codes[i] = mfa.RecoveryCode{ID: mfa.NewID(), Sealed: []byte{1}}
			}
			h.must(nil, h.store.ReplaceRecoveryCodes(ctx, p.ID, codes, mfa.Event{At: h.now, Kind: mfa.EventRecoveryMade}))
			if len(codes) > 0 && h.dice.IntN(2) == 0 {
				h.must(nil, h.store.UseRecoveryCode(ctx, codes[0].ID, mfa.Event{At: h.now, Kind: mfa.EventSignInRecovery}))
			}
		case 5:
			a, err := h.Account(ctx)
			h.must(a, err)
			s := mfa.DefaultSettings()
			s.RootGraceDays, s.UserGraceDays = h.dice.IntN(50), h.dice.IntN(50)
			s.RequireForUser, s.Passwordless = h.dice.IntN(3) > 0, h.dice.IntN(2) == 0
			h.must(h.SaveSettings(ctx, h.root, a.Version, s))
		}
	}
}

// device is any kind; only a passkey can be suspect.
func (h *history) device(owner string) mfa.Device {
	d := device(owner, "d-"+mfa.NewID())
	switch kind := []mfa.DeviceKind{mfa.KindPasskey, mfa.KindPasskey, mfa.KindApp, mfa.KindToken}[h.dice.IntN(4)]; {
	case kind != mfa.KindPasskey:
		d.Kind, d.Passkey = kind, nil
		d.OneTime = &mfa.OneTime{Sealed: []byte{1}, Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}
	case h.dice.IntN(2) == 0:
		d.SuspectAt = h.now
	}
	return d
}

// Me and the verdict read one principal, the list of users all: they must agree.
func TestOneRowIsTheRowOfTheList(t *testing.T) {
	for seed := range uint64(40) {
		h := newHistory(t, newBench(t), seed)
		h.live()
		sameRows(t, h)
	}
}

func sameRows(t *testing.T, h *history) {
	t.Helper()
	all, err := h.Users(t.Context(), h.root)
	h.must(all, err)
	for _, o := range all {
		me, err := h.Me(t.Context(), mfa.Session{PrincipalID: o.ID})
		if err != nil || me != o {
			t.Fatalf("seed %d: alone %+v, in the list %+v, %v", h.seed, me, o, err)
		}
	}
	if len(all) == 0 || all[0].Kind != mfa.Root || !all[0].Administrator {
		t.Errorf("seed %d: root is not the first administrator of %+v", h.seed, all)
	}
}
