package canary

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/keyferry/keyferry/backend/auditverify"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/stock"
)

// together runs the same n times at once and gives what each said.
func together(n int, do func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = do(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

// outcome counts codes, "" for success.
func outcome(errs []error) map[mfa.Code]int {
	n := map[mfa.Code]int{}
	for _, err := range errs {
		if err == nil {
			n[""]++
			continue
		}
		n[mfa.AsFailure(err).Code]++
	}
	return n
}

func (l *lab) whole() {
	l.Helper()
	if r, err := auditverify.VerifyDatabase(l.Context(), l.path, ""); err != nil || r.Events == 0 {
		l.Errorf("the trail is broken: %+v, %v", r, err)
	}
}

// Eight at once on one device: exactly one wins where one can, and all others are told
// what they are promised.
func TestEightAtOnce(t *testing.T) {
	const n = 8
	for _, row := range []struct {
		name   string
		do     func(w *world, pending ceremony.Pending) func(i int) error
		wins   int
		losers []mfa.Code
	}{
		{"renaming", func(w *world, _ ceremony.Pending) func(int) error {
			return func(i int) error {
				_, err := w.own.Rename(w.Context(), w.who, w.app.ID, w.app.Version, fmt.Sprintf("name-%d", i))
				return err
			}
		}, 1, []mfa.Code{mfa.CodeConflict}},
		{"removing", func(w *world, _ ceremony.Pending) func(int) error {
			return func(int) error { _, err := w.own.Remove(w.Context(), w.who, w.app.ID, w.app.Version); return err }
		}, 1, []mfa.Code{mfa.CodeConflict, mfa.CodeNotFound}},
		{"removing a passkey", func(w *world, _ ceremony.Pending) func(int) error {
			return func(int) error { _, err := w.own.Remove(w.Context(), w.who, w.key.ID, w.key.Version); return err }
		}, 1, []mfa.Code{mfa.CodeConflict, mfa.CodeNotFound}},
		{"deleting", func(w *world, _ ceremony.Pending) func(int) error {
			return func(int) error { return w.own.Delete(w.Context(), w.who, w.free.ID, w.free.Version) }
		}, 1, []mfa.Code{mfa.CodeConflict, mfa.CodeNotFound}},
		{"signing in with one code", func(w *world, p ceremony.Pending) func(int) error {
			code := w.code(w.app, 1)
			return func(int) error { _, err := w.ceremony.SignInWithCode(w.Context(), p, code); return err }
		}, 1, []mfa.Code{mfa.CodeCodeUsed}},
		{"resynchronising with one pair", func(w *world, _ ceremony.Pending) func(int) error {
			first, second := w.code(w.app, 1), w.code(w.app, 2)
			return func(int) error { _, err := w.ceremony.Resync(w.Context(), w.who, w.app.ID, first, second); return err }
		}, 1, []mfa.Code{mfa.CodeCodeUsed, mfa.CodeSignInDelayed}},
		{"enabling with one pair", func(w *world, _ ceremony.Pending) func(int) error {
			first, second := w.code(w.free, -1), w.code(w.free, 0)
			return func(int) error {
				_, err := w.ceremony.EnableApp(w.Context(), w.who, "", w.free.ID, first, second)
				return err
			}
		}, 1, []mfa.Code{mfa.CodeDeviceAssigned, mfa.CodeConflict, mfa.CodeCodeUsed, mfa.CodeSignInDelayed}},
		{"assigning a token to two people", func(w *world, _ ceremony.Pending) func(int) error {
			first, second := w.code(w.stocked, -1), w.code(w.stocked, 0)
			return func(i int) error {
				_, err := w.ceremony.AssignToken(w.Context(), w.who, []string{"", w.bob.ID}[i%2], w.stocked.Serial, fmt.Sprintf("t-%d", i), first, second)
				return err
			}
		}, 1, []mfa.Code{mfa.CodeDeviceAssigned, mfa.CodeConflict, mfa.CodeCodeUsed, mfa.CodeSignInDelayed}},
		{"taking one name", func(w *world, _ ceremony.Pending) func(int) error {
			return func(i int) error {
				_, err := w.ceremony.Enrol(w.Context(), w.who, w.bob.ID, []string{"same", "SAME", "Same", "sAme", "saMe", "samE", "SAme", "saME"}[i], mfa.RoadPhone, ceremony.Person{Confirm: yes})
				return err
			}
		}, 1, []mfa.Code{mfa.CodeNameTaken}},
		{"taking the places left", func(w *world, _ ceremony.Pending) func(int) error {
			return func(i int) error {
				_, err := w.ceremony.Enrol(w.Context(), w.who, "", fmt.Sprintf("k-%d", i), mfa.RoadPhone, ceremony.Person{Confirm: yes})
				return err
			}
		}, mfa.MaxDevices - 2, []mfa.Code{mfa.CodeDeviceLimit}},
		{"wrong codes", func(w *world, p ceremony.Pending) func(int) error {
			codes := make([]string, n)
			for i := range codes {
				codes[i] = w.code(w.app, 6000+i)
			}
			return func(i int) error { _, err := w.ceremony.SignInWithCode(w.Context(), p, codes[i]); return err }
		}, 0, []mfa.Code{mfa.CodeCodeWrong, mfa.CodeSignInDelayed}},
		{"adding one user", func(w *world, _ ceremony.Pending) func(int) error {
			return func(i int) error { return w.add([]string{"gus", "GUS"}[i%2]) }
		}, 1, []mfa.Code{mfa.CodeNameTaken}},
		{"removing one user", func(w *world, _ ceremony.Pending) func(int) error {
			return func(int) error { return w.accounts.RemoveUser(w.Context(), w.who, w.ann.ID, w.ann.Version, true) }
		}, 1, []mfa.Code{mfa.CodeNotFound, mfa.CodeConflict}},
		{"importing one file", func(w *world, _ ceremony.Pending) func(int) error {
			return func(int) error {
				p, err := w.stock.Preview(w.Context(), w.who, []byte("RACETOKEN1,"+hexSeed+",TOTP,6,30\n"), stock.Secrets{})
				if err != nil {
					return err
				}
				defer p.Wipe()
				_, err = w.stock.Import(w.Context(), w.who, p, false, nil)
				return err
			}
		}, 1, []mfa.Code{mfa.CodeSerialTaken, mfa.CodeImportProblems}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			do := row.do(w, w.pending(root))
			got := outcome(together(n, do))
			if got[""] != row.wins {
				t.Errorf("%d won, want %d: %v", got[""], row.wins, got)
			}
			for code := range got {
				if code != "" && !slices.Contains(row.losers, code) {
					t.Errorf("%d were told %s", got[code], code)
				}
			}
			if row.name == "wrong codes" && got[mfa.CodeCodeWrong] > 5 {
				t.Errorf("%d guesses went through at once", got[mfa.CodeCodeWrong])
			}
			w.whole()
		})
	}
}

func (w *world) add(name string) error {
	_, err := w.accounts.AddUser(w.Context(), w.who, userNamed(name))
	return err
}

// All at once: whatever the order, each says what it may say, the device is in one of
// the states that it may be in, and the trail is whole.
func TestEverythingAtOnce(t *testing.T) {
	for round := range 6 {
		w := newWorld(t)
		pending := w.pending(root)
		codes := []string{w.code(w.app, 1), w.code(w.app, 2), w.code(w.app, 3), w.code(w.app, 4)}
		ctx := t.Context()
		may := []struct {
			do    func() error
			codes []mfa.Code
		}{
			{func() error { _, err := w.own.Rename(ctx, w.who, w.app.ID, w.app.Version, "first"); return err }, []mfa.Code{mfa.CodeConflict, mfa.CodeNotFound}},
			{func() error { _, err := w.own.Rename(ctx, w.who, w.app.ID, w.app.Version, "second"); return err }, []mfa.Code{mfa.CodeConflict, mfa.CodeNotFound}},
			{func() error { _, err := w.own.Remove(ctx, w.who, w.app.ID, w.app.Version); return err }, []mfa.Code{mfa.CodeConflict, mfa.CodeNotFound}},
			{func() error { _, err := w.ceremony.SignInWithCode(ctx, pending, codes[0]); return err }, []mfa.Code{mfa.CodeCodeUsed, mfa.CodeNotFound, mfa.CodeCodeWrong}},
			{func() error { _, err := w.ceremony.SignInWithCode(ctx, pending, codes[0]); return err }, []mfa.Code{mfa.CodeCodeUsed, mfa.CodeNotFound, mfa.CodeCodeWrong}},
			{func() error { _, err := w.ceremony.Resync(ctx, w.who, w.app.ID, codes[2], codes[3]); return err }, []mfa.Code{mfa.CodeCodeUsed, mfa.CodeNotFound, mfa.CodeSignInDelayed, mfa.CodeConflict}},
			{func() error { return w.own.Delete(ctx, w.who, w.app.ID, w.app.Version+1) }, []mfa.Code{mfa.CodeDeleteConflict, mfa.CodeConflict, mfa.CodeNotFound}},
			{func() error { return w.own.Sweep(ctx, w.ann.ID) }, nil},
		}
		errs := together(len(may), func(i int) error { return may[i].do() })
		for i, err := range errs {
			if err != nil && !slices.Contains(may[i].codes, mfa.AsFailure(err).Code) {
				t.Errorf("round %d, %d: %v (%s)", round, i, err, mfa.AsFailure(err).Explain())
			}
		}
		if n := outcome(errs[:3])[""]; n != 1 { // all three carry the same version
			t.Errorf("round %d: %d of three changes of one version won: %v", round, n, errs[:3])
		}
		if n := outcome(errs[3:5])[""]; n > 1 {
			t.Errorf("round %d: one code signed in %d times", round, n)
		}
		w.whole()
		w.close()
		w.open()
		w.whole()
	}
}
