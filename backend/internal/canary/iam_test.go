package canary

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
)

// world is an account with one of each: root with an app and a passkey, ann (who may
// only manage herself) with an app, bob with nothing, one app that is nobody's, one token
// in stock, one of bob's.
type world struct {
	*lab
	ann, bob            mfa.Overview
	annIs               mfa.Session
	app, free, annApp   gadget
	stocked, bobs       gadget
	key                 mfa.Device
	annPassword         mfa.Session // without MFA
	stranger            mfa.Session // of nobody
	wrongFirst, wrong2d string
}

func newWorld(t *testing.T) *world {
	l := newLab(t)
	w := &world{lab: l, ann: l.user("ann"), bob: l.user("bob")}
	w.app = l.enabled(l.who, "", "root-app")
	l.prove()
	w.key = l.passkey(l.who, "", "root-key")
	w.annIs = l.signIn(named("ann"))
	w.annApp = l.enabled(w.annIs, "", "ann-app")
	w.annPassword = w.annIs
	w.annIs.MFAAt = l.clock.read()
	w.stocked, w.bobs = l.token("STOCK00001"), l.token("BOBS000001")
	d, err := l.ceremony.AssignToken(t.Context(), l.who, w.bob.ID, "BOBS000001", "bob-token", l.code(w.bobs, -1), l.code(w.bobs, 0))
	l.must(err)
	w.bobs.Device = d
	w.free = l.app(l.who, "free-app")
	w.stranger = mfa.Session{ID: "x", PrincipalID: "nobody", MFAAt: l.clock.read()}
	return w
}

// fill gives root devices until there are eight, of all kinds.
func (w *world) fill() {
	w.Helper()
	for i := range mfa.MaxDevices - 2 {
		switch i % 3 {
		case 0:
			w.passkey(w.who, "", fmt.Sprintf("fill-key-%d", i))
		case 1:
			g := w.token(fmt.Sprintf("FILL00000%d", i))
			_, err := w.ceremony.AssignToken(w.Context(), w.who, "", g.Serial, fmt.Sprintf("fill-token-%d", i), w.code(g, -1), w.code(g, 0))
			w.must(err)
		default:
			w.enabled(w.who, "", fmt.Sprintf("fill-app-%d", i))
		}
	}
}

func yes(context.Context, ceremony.Candidate) (bool, error) { return true, nil }

// Each operation of chapter 4 is led into each error that it declares, and says IAM's
// word for it. What fails changes nothing.
func TestEachOperationAnswersWithIAMsErrors(t *testing.T) {
	type try = func(w *world, ctx context.Context) error
	enable := func(who func(*world) mfa.Session, target func(*world) string, g func(*world) gadget, first, second int) try {
		return func(w *world, ctx context.Context) error {
			_, err := w.ceremony.EnableApp(ctx, who(w), target(w), g(w).ID, w.code(g(w), first), w.code(g(w), second))
			return err
		}
	}
	root := func(w *world) mfa.Session { return w.who }
	ann := func(w *world) mfa.Session { return w.annIs }
	self := func(*world) string { return "" }
	free := func(w *world) gadget { return w.free }
	shared := newWorld(t)
	full := func(w *world) { w.fill(); w.free = w.app1() }
	for _, row := range []struct {
		name    string
		arrange func(*world)
		do      try
		iam     string
		code    mfa.Code
		counted bool
	}{
		{"create: limit", func(w *world) { w.fill() }, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.CreateApp(ctx, w.who, "", "ninth")
			return err
		}, "LimitExceeded", mfa.CodeDeviceLimit, false},
		{"create: name of a passkey", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.CreateApp(ctx, w.who, "", "ROOT-key")
			return err
		}, "EntityAlreadyExists", mfa.CodeNameTaken, false},
		{"create: name of somebody else's token", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.CreateApp(ctx, w.annIs, "", "Bob-Token")
			return err
		}, "EntityAlreadyExists", mfa.CodeNameTaken, false},
		{"create: syntax", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.CreateApp(ctx, w.who, "", "my phone")
			return err
		}, "ValidationError", mfa.CodeNameInvalid, false},
		{"create: for another", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.CreateApp(ctx, w.annIs, w.bob.ID, "x")
			return err
		}, "AccessDenied", mfa.CodeAccessDenied, false},
		{"create: without MFA", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.CreateApp(ctx, w.annPassword, "", "x")
			return err
		}, "AccessDenied", mfa.CodeMFANeeded, false},
		{"create: nobody", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.CreateApp(ctx, w.stranger, "", "x")
			return err
		}, "AccessDenied", mfa.CodeNotSignedIn, false},
		{"create: no such user", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.CreateApp(ctx, w.who, "nobody", "x")
			return err
		}, "NoSuchEntity", mfa.CodeNotFound, false},

		{"enable: limit", full, enable(root, self, free, -1, 0), "LimitExceeded", mfa.CodeDeviceLimit, false},
		{"enable: assigned", nil, enable(root, self, func(w *world) gadget { return w.annApp }, 1, 2), "EntityAlreadyExists", mfa.CodeDeviceAssigned, false},
		{"enable: one's own again", nil, enable(root, self, func(w *world) gadget { return w.app }, 1, 2), "EntityAlreadyExists", mfa.CodeDeviceAssigned, false},
		{"enable: no such device", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.EnableApp(ctx, w.who, "", "nothing", "123456", "654321")
			return err
		}, "NoSuchEntity", mfa.CodeNotFound, false},
		{"enable: no such user", nil, enable(root, func(*world) string { return "nobody" }, free, -1, 0), "NoSuchEntity", mfa.CodeNotFound, false},
		{"enable: for another", nil, enable(ann, func(w *world) string { return w.bob.ID }, free, -1, 0), "AccessDenied", mfa.CodeAccessDenied, false},
		{"enable: without MFA", nil, enable(func(w *world) mfa.Session { return w.annPassword }, self, free, -1, 0), "AccessDenied", mfa.CodeMFANeeded, false},
		{"enable: equal codes", nil, enable(root, self, free, 0, 0), "InvalidAuthenticationCode", mfa.CodeCodesEqual, false},
		{"enable: swapped codes", nil, enable(root, self, free, 0, -1), "InvalidAuthenticationCode", mfa.CodeCodesSwapped, true},
		{"enable: a gap", nil, enable(root, self, free, -2, 0), "InvalidAuthenticationCode", mfa.CodeCodesGap, true},
		{"enable: another hour", nil, enable(root, self, free, 240, 241), "InvalidAuthenticationCode", mfa.CodeCodeClock, true},
		{"enable: nothing of it", nil, enable(root, self, free, 5000, 9001), "InvalidAuthenticationCode", mfa.CodeCodeWrong, true},
		{"enable: five digits", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.EnableApp(ctx, w.who, "", w.free.ID, "12345", w.code(w.free, 0))
			return err
		}, "ValidationError", mfa.CodeCodeFormat, false},
		{"enable: a token by the app's way", nil, enable(root, self, func(w *world) gadget { return w.stocked }, -1, 0), "NoSuchEntity", mfa.CodeNotFound, false},

		{"assign: limit", func(w *world) { w.fill() }, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.AssignToken(ctx, w.who, "", w.stocked.Serial, "ninth", w.code(w.stocked, -1), w.code(w.stocked, 0))
			return err
		}, "LimitExceeded", mfa.CodeDeviceLimit, false},
		{"assign: no such serial", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.AssignToken(ctx, w.who, "", "GAHT99999999", "x", "123456", "654321")
			return err
		}, "NoSuchEntity", mfa.CodeNotFound, false},
		{"assign: a short serial", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.AssignToken(ctx, w.who, "", "GAHT1", "x", "123456", "654321")
			return err
		}, "ValidationError", mfa.CodeSerialInvalid, false},
		{"assign: in use", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.AssignToken(ctx, w.who, "", "bobs000001", "x", w.code(w.bobs, 1), w.code(w.bobs, 2))
			return err
		}, "EntityAlreadyExists", mfa.CodeDeviceAssigned, false},
		{"assign: name", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.AssignToken(ctx, w.who, "", w.stocked.Serial, "ANN-APP", w.code(w.stocked, -1), w.code(w.stocked, 0))
			return err
		}, "EntityAlreadyExists", mfa.CodeNameTaken, false},
		{"assign: wrong codes", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.AssignToken(ctx, w.who, "", w.stocked.Serial, "x", w.code(w.stocked, 7000), w.code(w.stocked, 9000))
			return err
		}, "InvalidAuthenticationCode", mfa.CodeCodeWrong, true},

		{"passkey: limit", func(w *world) { w.fill() }, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.Enrol(ctx, w.who, "", "ninth", mfa.RoadPhone, ceremony.Person{Confirm: yes})
			return err
		}, "LimitExceeded", mfa.CodeDeviceLimit, false},
		{"passkey: name", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.Enrol(ctx, w.who, "", "Ann-App", mfa.RoadPhone, ceremony.Person{Confirm: yes})
			return err
		}, "EntityAlreadyExists", mfa.CodeNameTaken, false},
		{"passkey: without MFA", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.Enrol(ctx, w.annPassword, "", "x", mfa.RoadPhone, ceremony.Person{Confirm: yes})
			return err
		}, "AccessDenied", mfa.CodeMFANeeded, false},

		{"deactivate: no such device", nil, func(w *world, ctx context.Context) error {
			_, err := w.own.Remove(ctx, w.who, "nothing", 1)
			return err
		}, "NoSuchEntity", mfa.CodeNotFound, false},
		{"deactivate: nobody's", nil, func(w *world, ctx context.Context) error {
			_, err := w.own.Remove(ctx, w.who, w.free.ID, w.free.Version)
			return err
		}, "NoSuchEntity", mfa.CodeNotFound, false},
		{"deactivate: changed meanwhile", nil, func(w *world, ctx context.Context) error {
			_, err := w.own.Remove(ctx, w.who, w.app.ID, w.app.Version+1)
			return err
		}, "ConcurrentModification", mfa.CodeConflict, false},
		{"deactivate: another's", nil, func(w *world, ctx context.Context) error {
			_, err := w.own.Remove(ctx, w.annIs, w.bobs.ID, w.bobs.Version)
			return err
		}, "AccessDenied", mfa.CodeAccessDenied, false},
		{"deactivate: root's", nil, func(w *world, ctx context.Context) error {
			_, err := w.own.Remove(ctx, w.annIs, w.app.ID, w.app.Version)
			return err
		}, "AccessDenied", mfa.CodeAccessDenied, false},
		{"deactivate: without MFA", nil, func(w *world, ctx context.Context) error {
			_, err := w.own.Remove(ctx, w.annPassword, w.annApp.ID, w.annApp.Version)
			return err
		}, "AccessDenied", mfa.CodeMFANeeded, false},

		{"delete: assigned", nil, func(w *world, ctx context.Context) error { return w.own.Delete(ctx, w.who, w.app.ID, w.app.Version) }, "DeleteConflict", mfa.CodeDeleteConflict, false},
		{"delete: assigned token", nil, func(w *world, ctx context.Context) error { return w.own.Delete(ctx, w.who, w.bobs.ID, w.bobs.Version) }, "DeleteConflict", mfa.CodeDeleteConflict, false},
		{"delete: no such device", nil, func(w *world, ctx context.Context) error { return w.own.Delete(ctx, w.who, "nothing", 1) }, "NoSuchEntity", mfa.CodeNotFound, false},
		{"delete: a passkey", nil, func(w *world, ctx context.Context) error { return w.own.Delete(ctx, w.who, w.key.ID, w.key.Version) }, "NoSuchEntity", mfa.CodeNotFound, false},
		{"delete: changed meanwhile", nil, func(w *world, ctx context.Context) error {
			return w.own.Delete(ctx, w.who, w.free.ID, w.free.Version+7)
		}, "ConcurrentModification", mfa.CodeConflict, false},
		{"delete: token by a user", nil, func(w *world, ctx context.Context) error {
			return w.own.Delete(ctx, w.annIs, w.stocked.ID, w.stocked.Version)
		}, "AccessDenied", mfa.CodeAccessDenied, false},

		{"resync: no such device", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.Resync(ctx, w.who, "nothing", "123456", "654321")
			return err
		}, "NoSuchEntity", mfa.CodeNotFound, false},
		{"resync: a passkey", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.Resync(ctx, w.who, w.key.ID, "123456", "654321")
			return err
		}, "NoSuchEntity", mfa.CodeNotFound, false},
		{"resync: nobody's", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.Resync(ctx, w.who, w.free.ID, w.code(w.free, -1), w.code(w.free, 0))
			return err
		}, "NoSuchEntity", mfa.CodeNotFound, false},
		{"resync: wrong", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.Resync(ctx, w.who, w.app.ID, w.code(w.app, 7000), w.code(w.app, 9000))
			return err
		}, "InvalidAuthenticationCode", mfa.CodeCodeWrong, true},
		{"resync: used", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.Resync(ctx, w.who, w.app.ID, w.code(w.app, -1), w.code(w.app, 0))
			return err
		}, "InvalidAuthenticationCode", mfa.CodeCodeUsed, true},
		{"resync: another's", nil, func(w *world, ctx context.Context) error {
			_, err := w.ceremony.Resync(ctx, w.annIs, w.bobs.ID, w.code(w.bobs, 1), w.code(w.bobs, 2))
			return err
		}, "AccessDenied", mfa.CodeAccessDenied, false},

		{"list: no such user", nil, func(w *world, ctx context.Context) error { _, err := w.own.List(ctx, w.who, "nobody"); return err }, "NoSuchEntity", mfa.CodeNotFound, false},
		{"list: another's", nil, func(w *world, ctx context.Context) error { _, err := w.own.List(ctx, w.annIs, w.bob.ID); return err }, "AccessDenied", mfa.CodeAccessDenied, false},
		{"list virtual: a user", nil, func(w *world, ctx context.Context) error { _, err := w.own.Unassigned(ctx, w.annIs); return err }, "AccessDenied", mfa.CodeAccessDenied, false},
		{"get: a virtual ARN", nil, func(w *world, ctx context.Context) error {
			_, err := w.own.Get(ctx, w.who, "", w.app.Serial)
			return err
		}, "NoSuchEntity", mfa.CodeNotFound, false},
		{"get: a token's serial", nil, func(w *world, ctx context.Context) error {
			_, err := w.own.Get(ctx, w.who, w.bob.ID, w.bobs.Serial)
			return err
		}, "NoSuchEntity", mfa.CodeNotFound, false},
		{"get: root's as bob's", nil, func(w *world, ctx context.Context) error {
			_, err := w.own.Get(ctx, w.who, w.bob.ID, w.key.Serial)
			return err
		}, "NoSuchEntity", mfa.CodeNotFound, false},

		{"rename: name", nil, func(w *world, ctx context.Context) error {
			_, err := w.own.Rename(ctx, w.who, w.app.ID, w.app.Version, "BOB-token")
			return err
		}, "EntityAlreadyExists", mfa.CodeNameTaken, false},
		{"rename: changed meanwhile", nil, func(w *world, ctx context.Context) error {
			_, err := w.own.Rename(ctx, w.who, w.app.ID, w.app.Version+1, "x")
			return err
		}, "ConcurrentModification", mfa.CodeConflict, false},
		{"rename: syntax", nil, func(w *world, ctx context.Context) error {
			_, err := w.own.Rename(ctx, w.who, w.app.ID, w.app.Version, "a/b")
			return err
		}, "ValidationError", mfa.CodeNameInvalid, false},

		{"delete user: devices", nil, func(w *world, ctx context.Context) error {
			return w.accounts.RemoveUser(ctx, w.who, w.bob.ID, w.bob.Version, false)
		}, "DeleteConflict", mfa.CodeDeleteConflict, false},
		{"delete user: no such user", nil, func(w *world, ctx context.Context) error { return w.accounts.RemoveUser(ctx, w.who, "nobody", 1, true) }, "NoSuchEntity", mfa.CodeNotFound, false},
		{"delete user: changed meanwhile", nil, func(w *world, ctx context.Context) error {
			return w.accounts.RemoveUser(ctx, w.who, w.bob.ID, w.bob.Version+9, true)
		}, "ConcurrentModification", mfa.CodeConflict, false},
		{"delete user: by a user", nil, func(w *world, ctx context.Context) error {
			return w.accounts.RemoveUser(ctx, w.annIs, w.bob.ID, w.bob.Version, true)
		}, "AccessDenied", mfa.CodeAccessDenied, false},
		{"create user: name", nil, func(w *world, ctx context.Context) error {
			_, err := w.accounts.AddUser(ctx, w.who, account.NewUser{Name: "ANN"})
			return err
		}, "EntityAlreadyExists", mfa.CodeNameTaken, false},
		{"settings: out of range", nil, func(w *world, ctx context.Context) error {
			s := mfa.DefaultSettings()
			s.RootGraceDays = 366
			_, err := w.accounts.SaveSettings(ctx, w.who, 1, s)
			return err
		}, "InvalidInput", mfa.CodeInvalidInput, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := shared.in(t) // what fails changes nothing: the next row finds the same
			if row.arrange != nil || row.counted {
				w = newWorld(t)
			}
			if row.arrange != nil {
				row.arrange(w)
			}
			w.unchanged(row.name, row.counted, func() {
				err := row.do(w, t.Context())
				if f := mfa.AsFailure(err); f == nil || f.Code != row.code || f.IAM() != row.iam {
					t.Errorf("got %v (%s), want %s (%s)", err, mfa.AsFailure(err).Explain(), row.code, row.iam)
				}
			})
		})
	}
}

// in is the same world, whose failures are those of another test.
func (w *world) in(t *testing.T) *world {
	l, c := *w.lab, *w
	l.TB, c.lab = t, &l
	return &c
}

// app1 makes one more app for whoever has room: bob's, at root's desk.
func (w *world) app1() gadget {
	w.Helper()
	made, err := w.ceremony.CreateApp(w.Context(), w.who, w.bob.ID, "spare-app")
	w.must(err)
	seed, err := parse(made)
	w.must(err)
	return gadget{Device: made.Device, seed: seed, params: w.app.params}
}

// Eight devices, any mix, and no ninth of any kind; for each person by themselves.
func TestEightDevicesOfAnyMix(t *testing.T) {
	w := newWorld(t)
	w.fill()
	own, err := w.own.List(t.Context(), w.who, "")
	w.must(err)
	kinds := map[mfa.DeviceKind]int{}
	for _, d := range own {
		kinds[d.Kind]++
	}
	if len(own) != 8 || len(kinds) != 3 {
		t.Fatalf("%d devices: %v", len(own), kinds)
	}
	w.enabled(w.annIs, "", "anns-second") // her room is her own
	if _, err := w.own.Remove(t.Context(), w.who, own[3].ID, own[3].Version); err != nil {
		t.Fatal(err)
	}
	w.passkey(w.who, "", "eighth-again")
}

// A serial number has the documented form for each kind.
func TestSerialNumbersHaveTheDocumentedForm(t *testing.T) {
	w := newWorld(t)
	a, err := w.store.Account(t.Context())
	w.must(err)
	key := w.passkey(w.who, w.bob.ID, "bob-key")
	for name, row := range map[string]struct{ serial, want string }{
		"root's app": {w.app.Serial, "arn:aws:iam::" + a.ID + ":mfa/root-app"}, "ann's app": {w.annApp.Serial, "arn:aws:iam::" + a.ID + ":mfa/ann-app"},
		"a token": {w.bobs.Serial, "BOBS000001"},
	} {
		if row.serial != row.want {
			t.Errorf("%s: %s, want %s", name, row.serial, row.want)
		}
	}
	for name, row := range map[string][2]string{
		"bob's key": {key.Serial, "^arn:aws:iam::" + a.ID + ":u2f/user/bob/bob-key-[A-Z0-9]{26}$"}, "root's key": {w.key.Serial, "^arn:aws:iam::" + a.ID + ":u2f/root-account/root-key-[A-Z0-9]{26}$"},
	} {
		if !matches(row[1], row[0]) {
			t.Errorf("%s: %s", name, row[0])
		}
	}
	if got, err := w.own.Get(t.Context(), w.who, w.bob.ID, key.Serial); err != nil || got.ID != key.ID {
		t.Errorf("GetMFADevice of a FIDO ARN: %v", err)
	}
	if all := []time.Time{w.app.EnabledAt, w.key.EnabledAt, w.bobs.EnabledAt}; slices.ContainsFunc(all, time.Time.IsZero) {
		t.Errorf("enable dates %v", all)
	}
}
