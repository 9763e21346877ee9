package canary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/app/bind"
	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/qrpicture"
	"github.com/keyferry/keyferry/backend/rp"
	"github.com/keyferry/keyferry/backend/totp"
)

// memory is a secret store of a machine that exists in this test only. It does what
// the test says: trouble is what it answers with, from the given call on.
type memory struct {
	mu      sync.Mutex
	entries map[string][]byte
	trouble error
	after   int // calls that still work
}

func newMemory() *memory { return &memory{entries: map[string][]byte{}} }

func (m *memory) Name() string { return "Test store" }

func (m *memory) fails(after int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trouble, m.after = err, after
}

// ask is one call. With mu held.
func (m *memory) ask() error {
	if m.trouble == nil {
		return nil
	}
	if m.after > 0 {
		m.after--
		return nil
	}
	return m.trouble
}

func (m *memory) Get(_ context.Context, account string) (*mfa.Secret, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask(); err != nil {
		return nil, err
	}
	key, ok := m.entries[account]
	if !ok {
		return nil, mfa.Fail(mfa.CodeNotFound)
	}
	return mfa.NewSecret(bytes.Clone(key)), nil
}

func (m *memory) Set(_ context.Context, account string, key *mfa.Secret) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask(); err != nil {
		return err
	}
	m.entries[account] = bytes.Clone(key.Bytes())
	return nil
}

func (m *memory) Delete(_ context.Context, account string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask(); err != nil {
		return err
	}
	if _, ok := m.entries[account]; !ok {
		return mfa.Fail(mfa.CodeNotFound)
	}
	delete(m.entries, account)
	return nil
}

// keys is what it holds.
func (m *memory) keys() map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.entries)
}

// shared is a buffer that many may write to.
type shared struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *shared) Bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.b.Bytes())
}

// window is a person in front of the window, and a hunter who reads everything that
// comes back. The folders:
//
//	home    the data folder; searched
//	saved   what the person saved: report, activity, backup; searched
//	given   what the person brought, and the recovery file; full of secrets on purpose
type window struct {
	*bind.API
	t       *testing.T
	dir     string
	sandbox bool
	hunt    *hunt // found nowhere
	inside  *hunt // found in the database only: hashes, sealed and wrapped keys
	rings   *hunt // what rings the simulated phone: found in its own file only
	system  *memory
	log     *shared
	desk    *assembly.Desk
	seat    *bind.Seat
	open    string // what the person chooses next
	where   string // where the person saves next
	calls   int

	mu     sync.Mutex
	heard  []byte // events to the page, as JSON
	events chan desk.Event
}

func (w *window) OpenFile(string) (string, error) { return w.open, nil }
func (w *window) SaveFile(_, name string) (string, error) {
	return filepath.Join(w.dir, w.where, name), nil
}

func newWindow(t *testing.T, sandbox bool) *window {
	t.Helper()
	w := &window{t: t, dir: t.TempDir(), sandbox: sandbox, hunt: newHunt(), inside: newHunt(), rings: newHunt(), system: newMemory(), log: &shared{}, where: "saved"}
	for _, name := range []string{"home", "saved", "given"} {
		if err := os.Mkdir(filepath.Join(w.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	usual, out := slog.Default(), log.Writer()
	slog.SetDefault(slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true})))
	t.Cleanup(func() { slog.SetDefault(usual); log.SetOutput(out) })
	w.start()
	t.Cleanup(func() { w.seat.Close() })
	return w
}

// start opens the program, in the sandbox if this is one.
func (w *window) start() {
	w.t.Helper()
	logger := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	d, err := assembly.OpenDesk(w.t.Context(), assembly.Config{Home: filepath.Join(w.dir, "home"), Secrets: w.system, Version: "1.2.3", Cheap: true, Log: logger})
	if err != nil {
		w.t.Fatal(err)
	}
	w.desk, w.seat = d, bind.NewSeat(func() (bind.Backend, error) { return d, nil })
	w.seat.Open()
	w.API = bind.New(bind.Config{Context: w.t.Context(), Seat: w.seat, Version: "1.2.3", Dialogs: w, Log: logger,
		Pictures: bind.Pictures{Provider: rp.ProviderName, Draw: func(text string) ([]string, error) {
			w.hunt.plant("what a QR code says", []byte(text))
			code, err := qrpicture.Draw(text)
			if err != nil {
				return nil, err
			}
			return code.Rows(), nil
		}}})
	w.events = make(chan desk.Event, 1024)
	convert := bind.Event(w.API)
	d.Subscribe(func(e desk.Event) {
		name, dto, err := convert(e)
		text, jerr := json.Marshal(dto)
		w.mu.Lock()
		w.heard = append(append(w.heard, name+" "...), text...)
		w.mu.Unlock()
		if err != nil || jerr != nil {
			w.t.Errorf("event %s: %v, %v", name, err, jerr)
		}
		select {
		case w.events <- e:
		default:
		}
	})
	if w.sandbox {
		crossed(w.OpenSandbox())(w, "OpenSandbox")
	}
}

// quit closes the program.
func (w *window) quit() {
	w.t.Helper()
	if !w.seat.Close() {
		w.t.Fatal("nothing was open")
	}
}

// crossed looks at all that a call of the page gives back.
func crossed[T any](v T, err error) func(w *window, call string) T {
	return func(w *window, call string) T {
		w.t.Helper()
		w.looked(call, v, err)
		if err != nil {
			w.t.Fatalf("%s: %v (%s)", call, err, mfa.AsFailure(err).Explain())
		}
		return v
	}
}

// refused is crossed for what must fail with a code.
func refused[T any](v T, err error) func(w *window, call string, code mfa.Code) {
	return func(w *window, call string, code mfa.Code) {
		w.t.Helper()
		w.looked(call, v, err)
		wants(w.t, call, err, code)
	}
}

// done and fails are the two for calls that give nothing.
func (w *window) done(call string, err error) {
	w.t.Helper()
	crossed[any](nil, err)(w, call)
}

func (w *window) fails(call string, code mfa.Code, err error) {
	w.t.Helper()
	refused[any](nil, err)(w, call, code)
}

func (w *window) looked(call string, v any, err error) {
	w.t.Helper()
	w.calls++
	text, jerr := json.Marshal(v)
	if jerr != nil {
		w.t.Fatalf("%s: %v", call, jerr)
	}
	w.read("the answer of "+call, text)
	w.read("the answer of "+call+", printed", fmt.Appendf(nil, "%+v %#v", v, v))
	w.searchFailure(call, err)
}

func (w *window) read(where string, text []byte) {
	w.t.Helper()
	w.hunt.search(w.t, where, text)
	w.inside.search(w.t, where, text)
	w.rings.search(w.t, where, text)
	w.hunt.searchCodes(w.t, where, text)
}

// searchFailure reads a failure in every way in which one is shown or logged.
func (w *window) searchFailure(call string, err error) {
	w.t.Helper()
	if err == nil {
		return
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		w.read("the failure of "+call, fmt.Appendf(nil, "%s %v %+v %#v %q", e, e, e, e, e))
	}
	f := mfa.AsFailure(err)
	text, jerr := json.Marshal(f)
	if jerr != nil {
		w.t.Fatal(jerr)
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("failed", "err", f, "plain", err)
	w.read("the failure of "+call, fmt.Appendf(nil, "%s %s %v %v", text, f.Explain(), f.Params, bind.Format(err)))
	w.read("the failure of "+call+" in a log", logged.Bytes()[bytes.Index(logged.Bytes(), []byte(`"msg"`)):])
}

// choose brings a file.
func (w *window) choose(name string, text []byte) string {
	w.t.Helper()
	w.open = filepath.Join(w.dir, "given", name)
	if err := os.WriteFile(w.open, text, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return w.again(w.open)
}

// again chooses a file that is there.
func (w *window) again(path string) string {
	w.t.Helper()
	w.open = path
	return crossed(w.ChooseFile("Choose"))(w, "ChooseFile").ID
}

// secretly makes a password that is remembered as a canary, and gives it as it crosses.
func (w *window) secretly(name, text string) func() bind.Password {
	w.hunt.says(name, text)
	return func() bind.Password { return bind.Password(text) }
}

func (w *window) house() (*desk.House, mfa.Session) {
	w.t.Helper()
	h, who, err := w.desk.Seat()
	if err != nil {
		w.t.Fatal(err)
	}
	return h, who
}

// shows is a device with codes in this person's hand.
type shows struct {
	seed *mfa.Secret
	p    totp.Params
	last int64 // newest step whose code signed in
	// ahead is how far its clock seems to be ahead, in steps: who signs in faster than
	// codes come types the next one, and the product learns that the device is fast.
	ahead int64
}

func (w *window) code(s *shows, steps int) string {
	w.t.Helper()
	return w.pair(s, steps, steps)[0]
}

// pair is two codes as of one moment.
func (w *window) pair(s *shows, first, second int) (codes [2]string) {
	w.t.Helper()
	now := time.Now()
	for i, steps := range []int{first, second} {
		code, err := totp.Code(s.seed, s.p, now.Add(time.Duration(steps)*s.p.Period))
		if err != nil {
			w.t.Fatal(err)
		}
		codes[i] = code
	}
	w.hunt.code(codes[:]...)
	return codes
}

// two is a request with a pair.
func (w *window) two(id string, s *shows, first, second int) bind.TwoCodesRequest {
	w.t.Helper()
	pair := w.pair(s, first, second)
	return bind.TwoCodesRequest{ID: id, First: pair[0], Second: pair[1]}
}

// assign is the same for a token.
func (w *window) assign(serial, name string, s *shows, first, second int) bind.AssignTokenRequest {
	w.t.Helper()
	pair := w.pair(s, first, second)
	return bind.AssignTokenRequest{Serial: serial, Name: name, First: pair[0], Second: pair[1]}
}

// next is the next code that signs in; the first is the one after those that enabled
// the device.
func (w *window) next(s *shows) string {
	w.t.Helper()
	here := s.p.Step(time.Now())
	if s.last == 0 {
		s.last = here
	}
	s.last = max(s.last+1, here+s.ahead)
	s.ahead = s.last - here
	return w.code(s, int(s.ahead))
}

// inspect looks everywhere that is not an answer: files, trail, log, what the page
// was told.
func (w *window) inspect(when string) {
	w.t.Helper()
	var names []string
	for _, folder := range []string{"home", "saved"} {
		dir := filepath.Join(w.dir, folder)
		names = append(names, w.hunt.searchFolder(w.t, dir, "")...)
		w.rings.searchFolder(w.t, dir, "simulated-phone.json")
	}
	w.t.Logf("%s: %d files: %s", when, len(names), strings.Join(names, " "))
	if !slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, "-wal") }) && when != "closed" {
		w.t.Errorf("%s: no WAL among %v: where is what has just been written?", when, names)
	}
	w.read("the log, "+when, w.log.Bytes())
	w.mu.Lock()
	heard := bytes.Clone(w.heard)
	w.mu.Unlock()
	w.read("what the page was told, "+when, heard)
}

// trail reads all events.
func (w *window) trail() {
	w.t.Helper()
	h, err := w.desk.House()
	if err != nil {
		w.t.Fatal(err)
	}
	events, err := h.Store.Events(w.t.Context(), 0, 100_000)
	if err != nil || len(events) < 10 {
		w.t.Fatalf("%d events, %v", len(events), err)
	}
	for _, e := range events {
		text, err := json.Marshal(e.Detail)
		if err != nil {
			w.t.Fatal(err)
		}
		w.read("event "+string(e.Kind), text)
	}
}

// hashes plants what may stand in the database and nowhere else.
func (w *window) hashes() {
	w.t.Helper()
	h, err := w.desk.House()
	if err != nil {
		w.t.Fatal(err)
	}
	ctx := w.t.Context()
	all, err := h.Store.Overviews(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range all {
		p, err := h.Store.Principal(ctx, o.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		if p.HasPassword() {
			w.inside.plant("password hash of "+o.Name, p.Password.Hash)
		}
		owned, err := h.Store.Devices(ctx, o.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, d := range owned {
			if d.OneTime != nil {
				w.inside.plant("sealed seed of "+d.Name, d.OneTime.Sealed)
			}
		}
	}
	slots, err := h.Store.KeySlots(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range slots {
		w.inside.plant("wrapped key of slot "+string(s.Kind), s.Wrapped)
	}
	if key, err := h.Vault.Key(); err == nil {
		w.hunt.plant("the data key", key.Bytes())
		key.Wipe()
	}
	for name, key := range w.system.keys() {
		w.hunt.plant("the wrapping key "+name, key)
	}
}

// drawn is a code as pixels.
func drawn(t testing.TB, text string) []byte {
	t.Helper()
	code, err := qrpicture.Draw(text)
	if err != nil {
		t.Fatal(err)
	}
	return code.PNG(5, qrpicture.QuietZone)
}
