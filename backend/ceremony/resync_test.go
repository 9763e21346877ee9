package ceremony

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// fob puts a token into the stock and gives it to root.
func (b *bench) fob(t testing.TB, serial, name string, ahead time.Duration) gadget {
	t.Helper()
	g := b.token(t, serial, ahead)
	first, second := b.pair(t, g)
	who := b.who
	who.MFAAt = b.clock.read()
	if _, err := b.AssignToken(t.Context(), who, "", serial, name, first, second); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestResyncBeforeSigningIn(t *testing.T) {
	for name, c := range map[string]struct {
		drifts time.Duration
		token  bool
		code   mfa.Code
	}{
		"app, ten minutes":            {drifts: 10 * time.Minute},
		"app, ten minutes behind":     {drifts: -10 * time.Minute},
		"app, eleven minutes":         {drifts: 11 * time.Minute, code: mfa.CodeCodeClock},
		"token, an hour":              {drifts: time.Hour, token: true},
		"token, an hour and a minute": {drifts: -61 * time.Minute, token: true, code: mfa.CodeCodeClock},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, virtualauth.Android())
			g := gadget{}
			if c.token {
				g = b.fob(t, "GAHT12345678", "fob", 0)
			} else {
				g = b.app(t, b.who, "", "my-app")
			}
			b.clock.add(2 * time.Hour) // a clock that went back shows old codes for a while
			g.ahead = c.drifts
			pending := b.pending(t)
			_, err := b.SignInWithCode(t.Context(), pending, b.code(t, g, 0))
			wants(t, err, mfa.CodeCodeWrong)
			first, second := b.pair(t, g)
			err = b.ResyncPending(t.Context(), pending, g.ID, first, second)
			if c.code != "" {
				wants(t, err, c.code)
				if k := b.kinds(t); k[len(k)-1] != mfa.EventResyncFailed {
					t.Errorf("audit trail %v", k)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
			}
			if d := b.device(t, g.ID); d.OneTime.Drift != int(c.drifts/step) || !d.LastUsedAt.IsZero() {
				t.Errorf("after resync %+v, last used %v", d.OneTime, d.LastUsedAt)
			}
			for _, code := range []string{first, second} {
				_, err := b.SignInWithCode(t.Context(), pending, code)
				wants(t, err, mfa.CodeCodeUsed)
			}
			if samples, err := b.Store.DriftHistory(t.Context(), g.ID); err != nil || len(samples) != 2 || samples[1].Drift != int(c.drifts/step) {
				t.Errorf("drift history %v, %v", samples, err)
			}
			b.signIn(t, g)
			if guesses, err := b.Accounts.GuessGate(t.Context(), b.who.PrincipalID); err != nil || guesses.Count != 0 {
				t.Errorf("%d wrong codes are remembered, %v", guesses.Count, err)
			}
		})
	}
}

func TestWrongPairsAreThrottled(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	g := b.app(t, b.who, "", "my-app")
	b.clock.add(time.Minute)
	pending := b.pending(t)
	for range 5 {
		wants(t, b.ResyncPending(t.Context(), pending, g.ID, "000000", "111111"), mfa.CodeCodeWrong)
	}
	first, second := b.pair(t, g)
	b.clock.add(-step)
	wants(t, b.ResyncPending(t.Context(), pending, g.ID, first, second), mfa.CodeSignInDelayed)
	_, err := b.SignInWithCode(t.Context(), pending, second)
	wants(t, err, mfa.CodeSignInDelayed)
	b.clock.add(step)
	if err := b.ResyncPending(t.Context(), pending, g.ID, first, second); err != nil {
		t.Fatal(err)
	}
}

// Who may resynchronise what, and for whom.
func TestResyncWhenSignedIn(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	ann := b.user(t, "ann")
	g := b.app(t, b.who, ann.ID, "ann-app")
	b.clock.add(time.Minute)
	g.ahead = 5 * time.Minute
	first, second := b.pair(t, g)
	annOnly := mfa.Session{PrincipalID: ann.ID, StartedAt: b.clock.read()}
	_, err := b.Resync(t.Context(), annOnly, g.ID, first, second)
	wants(t, err, mfa.CodeMFANeeded)
	other := b.user(t, "bob")
	_, err = b.Resync(t.Context(), mfa.Session{PrincipalID: other.ID, MFAAt: b.clock.read()}, g.ID, first, second)
	wants(t, err, mfa.CodeAccessDenied)
	_, err = b.Resync(t.Context(), mfa.Session{PrincipalID: other.ID}, "none", first, second)
	wants(t, err, mfa.CodeNotFound)
	_, err = b.Resync(t.Context(), mfa.Session{PrincipalID: "gone"}, "none", first, second)
	wants(t, err, mfa.CodeNotSignedIn)
	d, err := b.Resync(t.Context(), b.who, g.ID, first, second) // root, for ann, without a device of its own
	if err != nil || d.OneTime.Drift != 10 {
		t.Fatalf("%+v, %v", d.OneTime, err)
	}
	b.clock.add(step)
	annOnly.MFAAt = b.clock.read()
	first, second = b.pair(t, g)
	if _, err := b.Resync(t.Context(), annOnly, g.ID, first, second); err != nil {
		t.Fatal(err)
	}
	_, err = b.Resync(t.Context(), annOnly, g.ID, first, second)
	wants(t, err, mfa.CodeCodeUsed)
	if k := b.kinds(t); k[len(k)-1] != mfa.EventResyncFailed {
		t.Errorf("audit trail %v", k)
	}
	if err := b.Store.UnassignDevice(t.Context(), g.ID, b.device(t, g.ID).Version, mfa.Event{At: b.clock.read(), Kind: mfa.EventDeviceDeactivated}); err != nil {
		t.Fatal(err)
	}
	_, err = b.Resync(t.Context(), b.who, g.ID, first, second)
	wants(t, err, mfa.CodeNotFound)
}

// user adds a user who signs in with the password of this test.
func (b *bench) user(t testing.TB, name string) mfa.Principal {
	t.Helper()
	who := b.who
	who.MFAAt, who.Limit = b.clock.read(), mfa.LimitNone
	o, err := b.Accounts.AddUser(t.Context(), who, newUser(name, b.pass()))
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Store.Principal(t.Context(), o.ID)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
