package canary

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

func parse(made ceremony.NewApp) (*mfa.Secret, error) { return totp.ParseBase32(made.Key.Bytes()) }

func matches(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }

// One name, once: over root and users, over all kinds, without case.
func TestANameIsTakenOnce(t *testing.T) {
	kinds := map[string]func(w *world, name string) error{
		"app": func(w *world, name string) error {
			_, err := w.ceremony.CreateApp(w.Context(), w.annIs, "", name)
			return err
		},
		"key": func(w *world, name string) error {
			_, err := w.ceremony.Enrol(w.Context(), w.who, "", name, mfa.RoadPhone, ceremony.Person{Confirm: yes})
			return err
		},
		"token": func(w *world, name string) error {
			_, err := w.ceremony.AssignToken(w.Context(), w.who, "", w.stocked.Serial, name, w.code(w.stocked, -1), w.code(w.stocked, 0))
			return err
		},
		"rename": func(w *world, name string) error {
			_, err := w.own.Rename(w.Context(), w.annIs, w.annApp.ID, w.annApp.Version, name)
			return err
		},
	}
	for kind, add := range kinds {
		w := newWorld(t)
		for _, name := range []string{"root-app", "ROOT-KEY", "Bob-Token"} {
			wants(t, kind+" called "+name, add(w, name), mfa.CodeNameTaken)
		}
		if err := add(w, "root"); err != nil { // names of people are no names of devices
			t.Errorf("%s: %v", kind, err)
		}
	}
	w := newWorld(t)
	if _, err := w.own.Rename(t.Context(), w.annIs, w.annApp.ID, w.annApp.Version, "ANN-app"); err != nil {
		t.Errorf("one's own name in capitals: %v", err)
	}
}

// An unassigned app goes when a new one is made and when somebody signs in, and frees
// its name; a token in stock stays.
func TestUnassignedAppsAreSwept(t *testing.T) {
	for name, sweep := range map[string]func(w *world){
		"by a new app": func(w *world) { w.app = w.lab.app(w.who, "Free-APP") },
		"by a sign-in": func(w *world) {
			w.clock.add(step)
			_, err := w.ceremony.SignInWithCode(w.Context(), w.pending(named("ann")), w.code(w.annApp, 0))
			w.must(err)
		},
		"by root's": func(w *world) {
			w.clock.add(step)
			_, err := w.ceremony.SignInWithCode(w.Context(), w.pending(mfa.Identity{Kind: mfa.Root, Name: rootMail}), w.code(w.app, 0))
			w.must(err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			before, err := w.own.Unassigned(t.Context(), w.who)
			w.must(err)
			if len(before) != 1 || before[0].ID != w.free.ID {
				t.Fatalf("%+v", before)
			}
			sweep(w)
			if _, err := w.store.Device(t.Context(), w.free.ID); !mfa.IsCode(err, mfa.CodeNotFound) {
				t.Errorf("it is still there: %v", err)
			}
			_, err = w.ceremony.EnableApp(t.Context(), w.who, "", w.free.ID, w.code(w.free, -1), w.code(w.free, 0))
			wants(t, "enabling what was swept", err, mfa.CodeNotFound)
			if stock, err := w.own.Tokens(t.Context(), w.who); err != nil || len(stock) != 1 {
				t.Errorf("the stock: %+v, %v", stock, err)
			}
			w.app = w.lab.app(w.who, "free-app") // the name is free
		})
	}
	t.Run("not by a half sign-in", func(t *testing.T) {
		w := newWorld(t)
		w.pending(named("ann"))
		if left, err := w.own.Unassigned(t.Context(), w.who); err != nil || len(left) != 1 {
			t.Errorf("a password alone sweeps: %+v, %v", left, err)
		}
	})
}

// What enabled or resynchronised a device never signs in, in no order and not when the
// device has moved on to the next person.
func TestEnablingCodesNeverSignIn(t *testing.T) {
	w := newWorld(t)
	root := mfa.Identity{Kind: mfa.Root, Name: rootMail}
	for _, steps := range []int{0, -1} {
		_, err := w.ceremony.SignInWithCode(t.Context(), w.pending(root), w.code(w.app, steps))
		wants(t, "a code that enabled", err, mfa.CodeCodeUsed)
	}
	w.clock.add(step)
	_, err := w.ceremony.SignInWithCode(t.Context(), w.pending(root), w.code(w.app, -1))
	wants(t, "the same a step later", err, mfa.CodeCodeUsed)
	good := w.code(w.app, 0)
	if _, err := w.ceremony.SignInWithCode(t.Context(), w.pending(root), good); err != nil {
		t.Fatal(err)
	}
	_, err = w.ceremony.SignInWithCode(t.Context(), w.pending(root), good)
	wants(t, "a code again", err, mfa.CodeCodeUsed)
	w.reopen()
	_, err = w.ceremony.SignInWithCode(t.Context(), w.pending(root), good)
	wants(t, "a code again after a restart", err, mfa.CodeCodeUsed)

	w.clock.add(10 * step)
	first, second := w.code(w.app, -1), w.code(w.app, 0)
	if _, err := w.ceremony.Resync(t.Context(), w.who, w.app.ID, first, second); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{first, second} {
		_, err = w.ceremony.SignInWithCode(t.Context(), w.pending(root), code)
		wants(t, "a code that resynchronised", err, mfa.CodeCodeUsed)
	}
	// to bob, who also gets a code that root saw
	d := w.fresh(w.app.ID)
	left, err := w.own.Remove(t.Context(), w.who, d.ID, d.Version)
	w.must(err)
	if left.IsAssigned() || left.Name != "root-app" || !left.EnabledAt.IsZero() {
		t.Errorf("an app that was deactivated: %+v", left)
	}
	_, err = w.ceremony.EnableApp(t.Context(), w.who, w.bob.ID, d.ID, first, second)
	wants(t, "the codes of before from the next owner", err, mfa.CodeCodeUsed)
	w.clock.add(2 * step)
	if _, err := w.ceremony.EnableApp(t.Context(), w.who, w.bob.ID, d.ID, w.code(w.app, -1), w.code(w.app, 0)); err != nil {
		t.Errorf("a deactivated app cannot be assigned again: %v (%s)", err, mfa.AsFailure(err).Explain())
	}
	// a token goes back to stock, without its name, and comes again
	d = w.fresh(w.bobs.ID)
	left, err = w.own.Remove(t.Context(), w.who, d.ID, d.Version)
	w.must(err)
	if left.IsAssigned() || left.Name != "" || left.Serial != "BOBS000001" {
		t.Errorf("a token back in stock: %+v", left)
	}
	if _, err := w.ceremony.AssignToken(t.Context(), w.who, w.ann.ID, "BOBS000001", "bob-token", w.code(w.bobs, -1), w.code(w.bobs, 0)); err != nil {
		t.Errorf("a token cannot be assigned again: %v", err)
	}
	// a passkey is gone
	if left, err = w.own.Remove(t.Context(), w.who, w.key.ID, w.key.Version); err != nil || left.ID != "" {
		t.Errorf("a passkey that was removed: %+v, %v", left, err)
	}
	if _, err := w.store.Device(t.Context(), w.key.ID); !mfa.IsCode(err, mfa.CodeNotFound) {
		t.Errorf("the removed passkey: %v", err)
	}
}

// Wrong codes are counted for the person, not for the device, and from the fifth on
// the way out is named.
func TestFiveWrongCodesOfferResync(t *testing.T) {
	w := newWorld(t)
	g := w.enabled(w.annIs, "", "anns-second")
	pending := w.pending(named("ann"))
	for i := range 5 {
		shown := []gadget{w.annApp, g}[i%2]
		_, err := w.ceremony.SignInWithCode(t.Context(), pending, w.code(shown, 4000+i))
		wants(t, "a wrong code", err, mfa.CodeCodeWrong)
		if f := mfa.AsFailure(err); (f.Params["resync"] == "yes") != (i == 4) || len(f.Params) > 1 {
			t.Errorf("after %d wrong codes: %v", i+1, f.Params)
		}
	}
	_, err := w.ceremony.SignInWithCode(t.Context(), pending, w.code(g, 1))
	wants(t, "the right one at once", err, mfa.CodeSignInDelayed)
	if !strings.Contains("1 2 4 8 16 32 60", mfa.AsFailure(err).Params["seconds"]) {
		t.Errorf("%v", mfa.AsFailure(err).Params)
	}
	w.clock.add(time.Minute)
	// the device is 15 steps off: resync before the sign-in is complete
	g.ahead = 15 * step
	l := w.lab
	if err := l.ceremony.ResyncPending(t.Context(), pending, g.ID, l.code(g, -1), l.code(g, 0)); err != nil {
		t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
	}
	l.clock.add(step)
	s, err := l.ceremony.SignInWithCode(t.Context(), pending, l.code(g, 0))
	if err != nil || !s.MFAPresent() || s.DeviceID != g.ID {
		t.Errorf("%+v, %v", s, err)
	}
}

// A session of a password alone says present and false, one of a device says how old.
func TestWhatASessionKnowsOfMFA(t *testing.T) {
	w := newWorld(t)
	plain := w.signIn(named(w.added("carl").Name))
	if _, present := plain.MFAAge(w.clock.read()); present || plain.MFAPresent() {
		t.Errorf("%+v", plain)
	}
	w.clock.add(step)
	s, err := w.ceremony.SignInWithCode(t.Context(), w.pending(named("ann")), w.code(w.annApp, 0))
	w.must(err)
	w.clock.add(90 * time.Second)
	if age, present := s.MFAAge(w.clock.read()); !present || age != 90*time.Second {
		t.Errorf("%v, %v", age, present)
	}
}

func (w *world) added(name string) mfa.Overview {
	w.Helper()
	o, err := w.accounts.AddUser(w.Context(), w.who, account.NewUser{Name: name, Password: secret(password)})
	w.must(err)
	return o
}
