package canary

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/activity"
	"github.com/keyferry/keyferry/backend/archive"
	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/devices"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/recovery"
	"github.com/keyferry/keyferry/backend/rules"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/stock"
	"github.com/keyferry/keyferry/backend/totp"
	"github.com/keyferry/keyferry/backend/vault"
	"github.com/keyferry/keyferry/backend/vault/keyring"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

const step = 30 * time.Second

// clock stands still until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (c *clock) add(d time.Duration) { c.set(c.read().Add(d)) }

// phone answers without a transport. Each enrolment meets a phone of its own.
type phone struct{ t testing.TB }

type call struct{ *virtualauth.Authenticator }

func (p phone) Open(context.Context, authenticator.Purpose, func(mfa.LinkedPhone), mfa.Report) (authenticator.Authenticator, error) {
	return call{virtualauth.New(virtualauth.Android())}, nil
}

func (p phone) Ring(context.Context, mfa.LinkedPhone, authenticator.Purpose, mfa.Report) (authenticator.Authenticator, error) {
	return nil, mfa.Fail(mfa.CodeLinkGone)
}

// lab is one account on the disk with a clock of its own, and root signed in.
type lab struct {
	testing.TB
	clock    *clock
	dir      string
	path     string
	store    *sqlite.Store
	system   vault.System
	vault    *vault.Vault
	accounts *account.Service
	own      *devices.Service
	stock    *stock.Service
	recovery *recovery.Service
	activity *activity.Service
	archive  *archive.Service
	ceremony *ceremony.Service
	who      mfa.Session // root
	made     int
}

const rootMail = "root@example.org"

var (
	cheap      = account.Cost{Time: 1, MemoryKiB: 64, Threads: 1}
	cheapVault = vault.Cost{Time: 1, MemoryKiB: 64, Threads: 1}
)

func secret(text string) *mfa.Secret { return mfa.NewSecret([]byte(text)) }

const password = "correct horse"

func newLab(t testing.TB) *lab {
	t.Helper()
	dir := t.TempDir()
	return newLabOver(t, dir, keyring.File(filepath.Join(dir, "secret-store")))
}

func newLabOver(t testing.TB, dir string, system vault.System) *lab {
	t.Helper()
	l := &lab{TB: t, dir: dir, path: filepath.Join(dir, "keyferry.db"), system: system,
		clock: &clock{now: time.Date(2026, 11, 22, 9, 42, 3, 0, time.UTC)}}
	l.open()
	t.Cleanup(l.close)
	_, _, err := l.accounts.Create(t.Context(), account.NewAccount{Alias: "acme-lab", Email: rootMail, Password: secret(password)})
	l.must(err)
	a, err := l.store.Account(t.Context())
	l.must(err)
	l.must(l.vault.Start(t.Context(), a.ID))
	l.who = l.signIn(mfa.Identity{Kind: mfa.Root, Name: rootMail})
	return l
}

// open wires the parts as assembly does; only the clock and the costs differ.
func (l *lab) open() {
	l.Helper()
	ctx := l.Context()
	var err error
	l.store, err = sqlite.Open(ctx, l.path, sqlite.WithClock(l.clock.read))
	l.must(err)
	now := l.clock.read
	l.vault = vault.New(vault.Config{Store: l.store, System: l.system, Clock: now, Rand: rand.Reader, Cost: cheapVault})
	if a, err := l.store.Account(ctx); err == nil {
		l.must(l.vault.Start(ctx, a.ID))
	}
	l.wire(l.store)
}

// wire puts the use cases over a store.
func (l *lab) wire(store mfa.Store) {
	now := l.clock.read
	l.accounts = account.New(account.Config{Store: store, Rules: rules.New(l.store, now), Clock: now, Rand: rand.Reader, Cost: cheap})
	l.own = devices.New(devices.Config{Store: store, Accounts: l.accounts, Clock: now})
	l.recovery = recovery.New(recovery.Config{Store: store, Accounts: l.accounts, Vault: l.vault, Clock: now, Rand: rand.Reader})
	l.stock = stock.New(stock.Config{Store: store, Accounts: l.accounts, Vault: l.vault, Clock: now})
	l.activity = activity.New(activity.Config{Store: store, Accounts: l.accounts, Checkpoints: filepath.Join(l.dir, "checkpoints"), Clock: now})
	l.archive = archive.New(archive.Config{Store: store, Accounts: l.accounts, Snapshot: l.store.Snapshot, Key: l.vault.Key, Version: "1.2.3",
		Clock: now, Folder: l.dir, WorkFactor: 4})
	l.ceremony = ceremony.New(ceremony.Config{Store: store, Accounts: l.accounts, Roads: ceremony.Roads{Phones: phone{l.TB}}, Vault: l.vault, Recovery: l.recovery,
		Devices: l.own, Clock: now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)})
}

func (l *lab) close() {
	if l.store == nil {
		return
	}
	l.ceremony.Close()
	l.vault.Close()
	l.must(l.store.Close())
	l.store = nil
}

// reopen ends the program and starts it anew.
func (l *lab) reopen() {
	l.Helper()
	l.close()
	l.open()
}

func (l *lab) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
	}
}

func wants(t testing.TB, what string, err error, code mfa.Code) {
	t.Helper()
	if !mfa.IsCode(err, code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func (l *lab) signIn(who mfa.Identity) mfa.Session {
	l.Helper()
	p, err := l.ceremony.Password(l.Context(), who, secret(password))
	l.must(err)
	if p.Session == nil {
		l.Fatalf("%s needs a second factor", who.Name)
	}
	return *p.Session
}

func (l *lab) pending(who mfa.Identity) ceremony.Pending {
	l.Helper()
	p, err := l.ceremony.Password(l.Context(), who, secret(password))
	l.must(err)
	if p.Session != nil {
		l.Fatalf("%s needs no second factor", who.Name)
	}
	return p
}

func (l *lab) user(name string) mfa.Overview {
	l.Helper()
	o, err := l.accounts.AddUser(l.Context(), l.who, account.NewUser{Name: name, Password: secret(password)})
	l.must(err)
	return o
}

func named(name string) mfa.Identity { return mfa.Identity{Kind: mfa.User, Name: name} }

// prove makes root's session one of MFA, as if root had signed in with a device.
func (l *lab) prove() { l.who.MFAAt = l.clock.read() }

// gadget is something that shows codes.
type gadget struct {
	mfa.Device
	seed   *mfa.Secret
	params totp.Params
	ahead  time.Duration
}

// code is what it shows so many steps from now.
func (l *lab) code(g gadget, steps int) string {
	l.Helper()
	code, err := totp.Code(g.seed, g.params, l.clock.read().Add(g.ahead).Add(time.Duration(steps)*g.params.Period))
	l.must(err)
	return code
}

func (l *lab) app(who mfa.Session, name string) gadget {
	l.Helper()
	made, err := l.ceremony.CreateApp(l.Context(), who, "", name)
	l.must(err)
	seed, err := totp.ParseBase32(made.Key.Bytes())
	l.must(err)
	return gadget{Device: made.Device, seed: seed, params: totp.Default}
}

// enabled gives somebody a new app; its codes of now and before are used up.
func (l *lab) enabled(who mfa.Session, target, name string) gadget {
	l.Helper()
	g := l.app(who, name)
	d, err := l.ceremony.EnableApp(l.Context(), who, target, g.ID, l.code(g, -1), l.code(g, 0))
	l.must(err)
	g.Device = d
	return g
}

// token imports one hardware token.
func (l *lab) token(serial string) gadget {
	l.Helper()
	seed := sha256.Sum256([]byte(serial))
	p, err := l.stock.Preview(l.Context(), l.who, fmt.Appendf(nil, "%s,%x,TOTP,6,30\n", serial, seed[:20]), stock.Secrets{})
	l.must(err)
	_, err = l.stock.Import(l.Context(), l.who, p, false, nil)
	l.must(err)
	d, err := l.store.DeviceBySerial(l.Context(), serial)
	l.must(err)
	return gadget{Device: d, seed: mfa.NewSecret(seed[:20]), params: totp.Default}
}

func (l *lab) passkey(who mfa.Session, target, name string) mfa.Device {
	l.Helper()
	d, err := l.ceremony.Enrol(l.Context(), who, target, name, mfa.RoadPhone, ceremony.Person{Confirm: func(context.Context, ceremony.Candidate) (bool, error) { return true, nil }})
	l.must(err)
	return d
}

func (l *lab) fresh(id string) mfa.Device {
	l.Helper()
	d, err := l.store.Device(l.Context(), id)
	l.must(err)
	return d
}

// dump is everything that is stored, one line a row, the trail left out where names
// says so: an attempt that fails may be written down, but must change nothing else.
func dump(t testing.TB, path string, without ...string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out []string
	for _, table := range column(t, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`) {
		if slices.Contains(without, table) {
			continue
		}
		out = append(out, rows(t, db, table)...)
	}
	return out
}

func column(t testing.TB, db *sql.DB, query string) (out []string) {
	t.Helper()
	r, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for r.Next() {
		var s string
		if err := r.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func rows(t testing.TB, db *sql.DB, table string) (out []string) {
	t.Helper()
	r, err := db.Query(`SELECT * FROM "` + table + `"`)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	names, err := r.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for r.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := r.Scan(into...); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %x", table, values))
	}
	slices.Sort(out)
	return out
}

// unchanged runs something that must fail and compares all that is stored. What may
// change is the trail, and the count of wrong guesses where counted is set.
func (l *lab) unchanged(what string, counted bool, do func()) {
	l.Helper()
	may := []string{"events", "highest_time"}
	if counted {
		may = append(may, "guesses")
	}
	before := dump(l, l.path, may...)
	if len(before) < 3 {
		l.Fatalf("%s: the dump has %d rows: it sees nothing", what, len(before))
	}
	do()
	if after := dump(l, l.path, may...); !slices.Equal(before, after) {
		l.Errorf("%s: what is stored changed:\n%s", what, strings.Join(difference(before, after), "\n"))
	}
}

func difference(before, after []string) (out []string) {
	for _, b := range before {
		if !slices.Contains(after, b) {
			out = append(out, "- "+clip(b))
		}
	}
	for _, a := range after {
		if !slices.Contains(before, a) {
			out = append(out, "+ "+clip(a))
		}
	}
	return out
}

func clip(s string) string { return s[:min(len(s), 160)] }

var errGone = errors.New("gone")
