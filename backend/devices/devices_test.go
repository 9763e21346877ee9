package devices

import (
	"crypto/rand"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/rules"
)

var now = time.Date(2026, 11, 22, 9, 42, 3, 0, time.UTC)

type bench struct {
	*Service
	store     mfa.Store
	account   mfa.Account
	root, ann mfa.Principal
	asRoot    mfa.Session // with MFA, as asAnn
	asAnn     mfa.Session
}

func newBench(t *testing.T) *bench {
	t.Helper()
	clock := func() time.Time { return now }
	b := &bench{store: storetest.NewMemory()}
	accounts := account.New(account.Config{Store: b.store, Rules: rules.New(b.store, clock), Clock: clock, Rand: rand.Reader,
		Cost: account.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	var err error
	if b.account, b.root, err = accounts.Create(t.Context(), account.NewAccount{Alias: "acme-lab", Email: "root@example.org", Password: mfa.NewSecret([]byte("correct horse"))}); err != nil {
		t.Fatal(err)
	}
	b.ann = mfa.Principal{ID: mfa.NewID(), Kind: mfa.User, Name: "ann", Path: "/", UserHandle: []byte("ann"), CreatedAt: now, Version: 1}
	first := []mfa.Attachment{{Policy: mfa.ManageOwnDevices, PrincipalID: b.ann.ID}, {Policy: mfa.EnableAnyDevice, PrincipalID: b.ann.ID}}
	created := []mfa.Event{{At: now, Kind: mfa.EventUserCreated}}
	if err := b.store.AddPrincipals(t.Context(), []mfa.Principal{b.ann}, first, created); err != nil {
		t.Fatal(err)
	}
	b.asRoot = mfa.Session{PrincipalID: b.root.ID, StartedAt: now, MFAAt: now}
	b.asAnn = mfa.Session{PrincipalID: b.ann.ID, StartedAt: now, MFAAt: now}
	b.Service = New(Config{Store: b.store, Accounts: accounts, Clock: clock})
	return b
}

func wants(t *testing.T, err error, code mfa.Code) {
	t.Helper()
	if !mfa.IsCode(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func (b *bench) add(t *testing.T, d mfa.Device) mfa.Device {
	t.Helper()
	d.ID, d.CreatedAt, d.Version = mfa.NewID(), now, 1
	if d.IsAssigned() {
		d.EnabledAt = now
	}
	var err error
	if d.Kind == mfa.KindToken {
		owner, name := d.PrincipalID, d.Name
		d.PrincipalID, d.Name = "", ""
		err = b.store.AddTokens(t.Context(), []mfa.Device{d}, mfa.Event{At: now, Kind: mfa.EventTokensImported})
		if err == nil && owner != "" {
			d.PrincipalID, d.Name = owner, name
			err = b.store.AssignDevice(t.Context(), d, mfa.Event{At: now, Kind: mfa.EventDeviceAdded})
		}
	} else {
		err = b.store.AddDevice(t.Context(), d, mfa.Event{At: now, Kind: mfa.EventDeviceAdded})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.get(t, d.ID)
}

func (b *bench) get(t *testing.T, id string) mfa.Device {
	t.Helper()
	d, err := b.store.Device(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (b *bench) passkey(t *testing.T, p mfa.Principal, name string, transports ...string) mfa.Device {
	t.Helper()
	return b.add(t, mfa.Device{PrincipalID: p.ID, Kind: mfa.KindPasskey, Name: name, Serial: mfa.PasskeyARN(b.account, p, name),
		Passkey: &mfa.Credential{ID: []byte(name), PublicKey: []byte{1}, Algorithm: -7, Transports: transports}})
}

func oneTime() *mfa.OneTime {
	return &mfa.OneTime{Sealed: []byte("sealed"), Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second, Drift: 2, LastStep: 100}
}

func (b *bench) app(t *testing.T, owner, name string) mfa.Device {
	t.Helper()
	return b.add(t, mfa.Device{PrincipalID: owner, Kind: mfa.KindApp, Name: name, Serial: mfa.VirtualARN(b.account, name), OneTime: oneTime()})
}

func (b *bench) token(t *testing.T, owner, name, serial string) mfa.Device {
	t.Helper()
	return b.add(t, mfa.Device{PrincipalID: owner, Kind: mfa.KindToken, Name: name, Serial: serial, OneTime: oneTime()})
}

func (b *bench) last(t *testing.T) mfa.Event {
	t.Helper()
	events, err := b.store.Events(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return events[len(events)-1]
}

func TestLifeOfEachKind(t *testing.T) {
	b := newBench(t)
	passkey := b.passkey(t, b.ann, "phone", "hybrid")
	app := b.app(t, b.ann.ID, "app")
	token := b.token(t, b.ann.ID, "fob", "GAHT12345678")
	if d, err := b.List(t.Context(), b.asAnn, ""); err != nil || len(d) != 3 {
		t.Fatalf("%d devices, %v", len(d), err)
	}
	wants(t, b.Delete(t.Context(), b.asAnn, app.ID, app.Version), mfa.CodeDeleteConflict)
	wants(t, b.Delete(t.Context(), b.asRoot, token.ID, token.Version), mfa.CodeDeleteConflict)
	wants(t, b.Delete(t.Context(), b.asAnn, passkey.ID, passkey.Version), mfa.CodeNotFound)

	left, err := b.Remove(t.Context(), b.asAnn, passkey.ID, passkey.Version)
	if err != nil || left.ID != "" {
		t.Errorf("of a passkey is left %+v, %v", left, err)
	}
	if _, err := b.store.Device(t.Context(), passkey.ID); !mfa.IsCode(err, mfa.CodeNotFound) {
		t.Errorf("the passkey stays: %v", err)
	}
	left, err = b.Remove(t.Context(), b.asAnn, app.ID, app.Version)
	if err != nil || left.IsAssigned() || left.Name != "app" || left.OneTime.Drift != 0 || left.OneTime.LastStep != 100 {
		t.Errorf("of an app is left %+v, %v", left, err)
	}
	if e := b.last(t); e.Kind != mfa.EventDeviceDeactivated || e.PrincipalID != b.ann.ID || e.DeviceID != app.ID || e.Detail["name"] != "app" {
		t.Errorf("event %+v", e)
	}
	_, err = b.Remove(t.Context(), b.asAnn, app.ID, left.Version)
	wants(t, err, mfa.CodeNotFound)
	_, err = b.Rename(t.Context(), b.asAnn, app.ID, left.Version, "mine")
	wants(t, err, mfa.CodeNotFound)
	if err := b.Delete(t.Context(), b.asAnn, app.ID, left.Version); err != nil {
		t.Error(err)
	}
	left, err = b.Remove(t.Context(), b.asRoot, token.ID, token.Version)
	if err != nil || left.IsAssigned() || left.Name != "" || left.Serial != "GAHT12345678" {
		t.Errorf("of a token is left %+v, %v", left, err)
	}
	if e := b.last(t); e.PrincipalID != b.root.ID || e.Detail["user_id"] != b.ann.ID {
		t.Errorf("event %+v", e)
	}
	if stock, err := b.Tokens(t.Context(), b.asRoot); err != nil || len(stock) != 1 {
		t.Errorf("stock %v, %v", stock, err)
	}
	wants(t, b.Delete(t.Context(), b.asAnn, token.ID, left.Version), mfa.CodeAccessDenied)
	if err := b.Delete(t.Context(), b.asRoot, token.ID, left.Version); err != nil {
		t.Error(err)
	}
}

func TestRename(t *testing.T) {
	b := newBench(t)
	phone, app := b.passkey(t, b.ann, "phone"), b.app(t, b.ann.ID, "app")
	// In this order: the last two change what the others look at.
	for _, c := range []struct {
		row     string
		who     mfa.Session
		id      string
		version int64
		name    string
		code    mfa.Code
	}{
		{"bad name", b.asAnn, phone.ID, 1, "no spaces", mfa.CodeNameInvalid},
		{"another's name", b.asAnn, phone.ID, 1, "APP", mfa.CodeNameTaken},
		{"old version", b.asAnn, phone.ID, 0, "mine", mfa.CodeConflict},
		{"unknown", b.asAnn, "none", 1, "mine", mfa.CodeNotFound},
		{"nobody asks", mfa.Session{PrincipalID: "gone"}, "none", 1, "mine", mfa.CodeNotSignedIn},
		{"password only", mfa.Session{PrincipalID: b.ann.ID}, phone.ID, 1, "mine", mfa.CodeMFANeeded},
		{"only to set up", mfa.Session{PrincipalID: b.ann.ID, MFAAt: now, Limit: mfa.LimitSetUpDevice}, phone.ID, 1, "mine", mfa.CodeSetUpNeeded},
		{"root, without MFA", mfa.Session{PrincipalID: b.root.ID}, phone.ID, 1, "mine", ""},
		{"its own name, large", b.asAnn, app.ID, 1, "APP", ""},
	} {
		t.Run(c.row, func(t *testing.T) {
			d, err := b.Rename(t.Context(), c.who, c.id, c.version, c.name)
			if c.code != "" {
				wants(t, err, c.code)
			} else if err != nil || d.Name != c.name || d.Version != c.version+1 || d.Serial == "" {
				t.Errorf("%+v, %v", d, err)
			}
		})
	}
	mine := b.passkey(t, b.root, "roots")
	_, err := b.Rename(t.Context(), b.asAnn, mine.ID, 1, "stolen")
	wants(t, err, mfa.CodeAccessDenied)
}

// Of two who change one device at once, one wins.
func TestTwoAtOnce(t *testing.T) {
	for name, change := range map[string]func(*bench, mfa.Device, int) error{
		"rename": func(b *bench, d mfa.Device, i int) error {
			_, err := b.Rename(t.Context(), b.asAnn, d.ID, d.Version, fmt.Sprintf("name-%d", i))
			return err
		},
		"remove or rename": func(b *bench, d mfa.Device, i int) (err error) {
			if i%2 == 0 {
				_, err = b.Remove(t.Context(), b.asAnn, d.ID, d.Version)
			} else {
				_, err = b.Rename(t.Context(), b.asAnn, d.ID, d.Version, fmt.Sprintf("name-%d", i))
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			d := b.app(t, b.ann.ID, "app")
			var all sync.WaitGroup
			var mu sync.Mutex
			won := 0
			for i := range 8 {
				all.Go(func() {
					err := change(b, d, i)
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						won++
					case mfa.IsCode(err, mfa.CodeConflict), mfa.IsCode(err, mfa.CodeNotFound): // not found once it is nobody's
					default:
						t.Error(err)
					}
				})
			}
			all.Wait()
			if won != 1 {
				t.Errorf("%d won", won)
			}
		})
	}
}

func TestWhoSeesWhat(t *testing.T) {
	b := newBench(t)
	b.passkey(t, b.root, "roots")
	b.passkey(t, b.ann, "anns")
	b.app(t, "", "left-over")
	b.token(t, "", "", "GAHT12345678")
	if d, err := b.List(t.Context(), b.asRoot, b.ann.ID); err != nil || len(d) != 1 || d[0].Name != "anns" {
		t.Errorf("%v, %v", d, err)
	}
	if d, err := b.List(t.Context(), b.asRoot, ""); err != nil || len(d) != 1 || d[0].Name != "roots" {
		t.Errorf("%v, %v", d, err)
	}
	if d, err := b.Unassigned(t.Context(), b.asRoot); err != nil || len(d) != 1 || d[0].Name != "left-over" {
		t.Errorf("%v, %v", d, err)
	}
	_, err := b.List(t.Context(), b.asAnn, b.root.ID)
	wants(t, err, mfa.CodeAccessDenied)
	_, err = b.List(t.Context(), b.asRoot, "nobody")
	wants(t, err, mfa.CodeNotFound)
	_, err = b.Unassigned(t.Context(), b.asAnn)
	wants(t, err, mfa.CodeAccessDenied)
	_, err = b.Tokens(t.Context(), b.asAnn)
	wants(t, err, mfa.CodeAccessDenied)
}

// Who may list virtual devices sees all of them, root's too, as in IAM; root's other
// devices they do not.
func TestAdministratorListsAllApps(t *testing.T) {
	b := newBench(t)
	b.passkey(t, b.root, "roots-phone")
	b.app(t, b.root.ID, "roots-app")
	b.app(t, b.ann.ID, "anns-app")
	b.token(t, b.ann.ID, "anns-fob", "GAHT12345678")
	b.app(t, "", "left-over")
	_, err := b.Assigned(t.Context(), b.asAnn)
	wants(t, err, mfa.CodeAccessDenied)
	if err := b.store.SetAttached(t.Context(), mfa.Attachment{Policy: mfa.AdministratorAccess, PrincipalID: b.ann.ID}, true, mfa.Event{At: now}); err != nil {
		t.Fatal(err)
	}
	_, err = b.List(t.Context(), b.asAnn, b.root.ID)
	wants(t, err, mfa.CodeAccessDenied)
	apps, err := b.Assigned(t.Context(), b.asAnn)
	if err != nil || len(apps) != 2 || apps[0].Name != "roots-app" || apps[1].Name != "anns-app" {
		t.Errorf("%v, %v", apps, err)
	}
}

func TestGetTakesPasskeysOnly(t *testing.T) {
	b := newBench(t)
	phone, app := b.passkey(t, b.ann, "phone"), b.app(t, b.ann.ID, "app")
	token := b.token(t, b.ann.ID, "fob", "GAHT12345678")
	if d, err := b.Get(t.Context(), b.asAnn, "", phone.Serial); err != nil || d.ID != phone.ID {
		t.Errorf("%+v, %v", d, err)
	}
	for name, c := range map[string]struct {
		who            mfa.Session
		target, serial string
		code           mfa.Code
	}{
		"an app":            {b.asAnn, "", app.Serial, mfa.CodeNotFound},
		"a token":           {b.asAnn, "", token.Serial, mfa.CodeNotFound},
		"another's passkey": {b.asRoot, "", phone.Serial, mfa.CodeNotFound},
		"an unknown one":    {b.asAnn, "", phone.Serial + "X", mfa.CodeNotFound},
		"no serial":         {b.asAnn, "", "x y", mfa.CodeSerialInvalid},
		"root's":            {b.asAnn, b.root.ID, phone.Serial, mfa.CodeAccessDenied},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.Get(t.Context(), c.who, c.target, c.serial)
			wants(t, err, c.code)
		})
	}
	if d, err := b.Get(t.Context(), b.asRoot, b.ann.ID, phone.Serial); err != nil || d.ID != phone.ID {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestDrift(t *testing.T) {
	b := newBench(t)
	token := b.token(t, b.ann.ID, "fob", "GAHT12345678")
	use := mfa.CodeUse{Drift: 3, Step: 200, At: now.Add(time.Hour)}
	if err := b.store.AcceptCode(t.Context(), token.ID, use, true, mfa.Event{At: now, Kind: mfa.EventSignInMFA}); err != nil {
		t.Fatal(err)
	}
	d, err := b.Drift(t.Context(), b.asAnn, token.ID)
	if err != nil || len(d.Samples) != 2 || d.Samples[1].Drift != 3 || d.Device.OneTime.Period != 30*time.Second {
		t.Errorf("%+v, %v", d, err)
	}
	_, err = b.Drift(t.Context(), b.asAnn, b.passkey(t, b.ann, "phone").ID)
	wants(t, err, mfa.CodeNotFound)
	_, err = b.Drift(t.Context(), b.asAnn, b.token(t, b.root.ID, "roots", "GAHT87654321").ID)
	wants(t, err, mfa.CodeAccessDenied)
}

func TestSweep(t *testing.T) {
	b := newBench(t)
	mine := b.app(t, b.ann.ID, "mine")
	token := b.token(t, "", "", "GAHT12345678")
	before := b.last(t).Seq
	if err := b.Sweep(t.Context(), b.ann.ID); err != nil || b.last(t).Seq != before {
		t.Errorf("nothing to sweep: %v, event %+v", err, b.last(t))
	}
	b.app(t, "", "left-over")
	if err := b.Sweep(t.Context(), b.ann.ID); err != nil {
		t.Fatal(err)
	}
	if e := b.last(t); e.Kind != mfa.EventVirtualSwept || e.Detail["count"] != "1" || e.PrincipalID != b.ann.ID {
		t.Errorf("event %+v", e)
	}
	if left, err := b.Unassigned(t.Context(), b.asRoot); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	b.get(t, mine.ID)
	b.get(t, token.ID)
}

func (b *bench) link(t *testing.T, p mfa.Principal, name string) mfa.LinkedPhone {
	t.Helper()
	l := mfa.LinkedPhone{ID: mfa.NewID(), PrincipalID: p.ID, Name: name, Sealed: []byte("sealed"), PublicKey: []byte(name), CreatedAt: now}
	if err := b.store.SaveLink(t.Context(), l, mfa.Event{At: now, Kind: mfa.EventPhoneLinked}); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestForgetLink(t *testing.T) {
	b := newBench(t)
	mine, roots := b.link(t, b.ann, "mine"), b.link(t, b.root, "roots")
	if l, err := b.Links(t.Context(), b.asAnn); err != nil || len(l) != 1 || l[0].ID != mine.ID {
		t.Fatalf("%v, %v", l, err)
	}
	wants(t, b.ForgetLink(t.Context(), b.asAnn, roots.ID), mfa.CodeNotFound)
	if err := b.ForgetLink(t.Context(), b.asAnn, mine.ID); err != nil {
		t.Fatal(err)
	}
	if e := b.last(t); e.Kind != mfa.EventPhoneUnlinked || e.Detail["name"] != "mine" {
		t.Errorf("event %+v", e)
	}
	wants(t, b.ForgetLink(t.Context(), b.asAnn, mine.ID), mfa.CodeNotFound)
}

// Ringing a phone that has no passkey of its owner any more could only fail.
// A passkey that this computer keeps goes with its device; others are not touched.
func TestThePasskeyOfThisComputerGoesWithItsDevice(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"this-pc", "another"} {
		if err := b.store.PutLocalPasskey(t.Context(), mfa.LocalPasskey{ID: []byte(name), RPID: "keyferry.internal", UserHandle: []byte(name)}); err != nil {
			t.Fatal(err)
		}
	}
	d := b.passkey(t, b.ann, "this-pc", "internal")
	if _, err := b.Remove(t.Context(), b.asAnn, d.ID, d.Version); err != nil {
		t.Fatal(err)
	}
	left, err := b.store.LocalPasskeys(t.Context(), "")
	if err != nil || len(left) != 1 || string(left[0].ID) != "another" {
		t.Errorf("%+v, %v", left, err)
	}
}

func TestLinksGoWithTheLastPhone(t *testing.T) {
	for name, c := range map[string]struct {
		others [][]string // transports of the passkeys that stay
		gone   bool
	}{
		"it was the only device":       {nil, true},
		"a security key stays":         {[][]string{{"usb", "nfc"}}, true},
		"another phone stays":          {[][]string{{"hybrid", "internal"}}, false},
		"it cannot be told what it is": {[][]string{nil}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			phone := b.passkey(t, b.ann, "phone", "hybrid", "internal")
			for i, transports := range c.others {
				b.passkey(t, b.ann, fmt.Sprintf("other-%d", i), transports...)
			}
			b.link(t, b.ann, "one")
			b.link(t, b.ann, "two")
			b.link(t, b.root, "roots")
			if _, err := b.Remove(t.Context(), b.asAnn, phone.ID, phone.Version); err != nil {
				t.Fatal(err)
			}
			l, err := b.store.Links(t.Context(), b.ann.ID)
			if err != nil || (len(l) == 0) != c.gone {
				t.Errorf("%d links stay, %v", len(l), err)
			}
			if l, err := b.store.Links(t.Context(), b.root.ID); err != nil || len(l) != 1 {
				t.Errorf("%d of root's links stay, %v", len(l), err)
			}
		})
	}
}
