package bind

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/archive"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/enforcement"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/vault"
)

// fake is a back end that answers from its fields. What it does not answer panics, as
// the embedded interface is nil.
type fake struct {
	Backend
	state    desk.State
	devices  []mfa.Device
	running  *desk.Ceremony
	err      error
	panics   any
	secret   *mfa.Secret // what was given last
	typed    string
	picture  []byte
	touched  int
	closed   int
	moves    []string // to which account
	listener func(desk.Event)
}

func (f *fake) do() error {
	if f.panics != nil {
		panic(f.panics)
	}
	return f.err
}

func (f *fake) take(s *mfa.Secret) { f.secret, f.typed = s, string(s.Bytes()) }

func (f *fake) State() desk.State { f.do(); return f.state }
func (f *fake) Touch()            { f.touched++ }
func (f *fake) Seat() (*desk.House, mfa.Session, error) {
	return nil, mfa.Session{}, f.do()
}
func (f *fake) CreateAccount(_ context.Context, n account.NewAccount) (desk.State, error) {
	f.take(n.Password)
	return f.state, f.do()
}
func (f *fake) OpenSandbox(context.Context) desk.State {
	f.moves = append(f.moves, "sandbox")
	return f.state
}
func (f *fake) LeaveSandbox(context.Context) desk.State {
	f.moves = append(f.moves, "real")
	return f.state
}
func (f *fake) SignIn(_ context.Context, _ mfa.Identity, p *mfa.Secret) (desk.SignIn, error) {
	f.take(p)
	return desk.SignIn{State: f.state, Devices: f.devices}, f.do()
}
func (f *fake) SignInWithRecovery(_ context.Context, c *mfa.Secret) (desk.SignIn, error) {
	f.take(c)
	return desk.SignIn{State: f.state}, f.do()
}
func (f *fake) Unlock(_ context.Context, p *mfa.Secret) (desk.State, error) {
	f.take(p)
	return f.state, f.do()
}
func (f *fake) SetPassphrase(_ context.Context, p *mfa.Secret) (desk.State, error) {
	f.take(p)
	return f.state, f.do()
}
func (f *fake) RestoreBackup(_ context.Context, _ string, p *mfa.Secret, _ bool) (desk.State, error) {
	f.take(p)
	return f.state, f.do()
}
func (f *fake) RehearseBackup(_ context.Context, _ string, p *mfa.Secret) (archive.Summary, error) {
	f.take(p)
	return archive.Summary{}, f.do()
}
func (f *fake) CancelSignIn() desk.State                                  { return f.state }
func (f *fake) SignOut(context.Context) (desk.State, error)               { return f.state, f.do() }
func (f *fake) BeginSecondFactor(mfa.Road, string) (desk.Ceremony, error) { return *f.running, f.do() }
func (f *fake) NewCode() (desk.Ceremony, error)                           { return *f.running, f.do() }
func (f *fake) ConfirmDevice(bool) error                                  { return f.do() }
func (f *fake) CancelCeremony()                                           {}
func (f *fake) Ceremony() *desk.Ceremony                                  { return f.running }
func (f *fake) CancelApp(context.Context) error                           { return f.do() }
func (f *fake) ClosePreview(string)                                       { f.do() }
func (f *fake) Now() time.Time                                            { f.do(); return time.UnixMilli(7) }
func (f *fake) AnswerSimulatedPhone(bool) error                           { return f.do() }
func (f *fake) SimulatedPhone() (phonesim.State, error)                   { return phonesim.State{}, f.do() }
func (f *fake) Subscribe(l func(desk.Event))                              { f.listener = l }
func (f *fake) Close() error                                              { f.closed++; return nil }
func (f *fake) BeginEnrolment(context.Context, string, string, mfa.Road) (desk.Ceremony, error) {
	return *f.running, f.do()
}
func (f *fake) ScanWithSimulatedPhone(_ context.Context, picture []byte) (phonesim.State, error) {
	f.picture = picture
	return phonesim.State{Phase: phonesim.PhaseReading}, f.do()
}
func (f *fake) SetSimulatedPhone(phonesim.Behaviour, phonesim.Model) (phonesim.State, error) {
	return phonesim.State{}, f.do()
}

// bound is an API over a back end that is open, with what it logs.
func bound(t *testing.T, b Backend) (*API, *bytes.Buffer) {
	t.Helper()
	seat := NewSeat(func() (Backend, error) { return b, nil })
	seat.Open()
	return over(t, seat)
}

func over(t *testing.T, seat *Seat) (*API, *bytes.Buffer) {
	t.Helper()
	log := &bytes.Buffer{}
	pictures := Pictures{
		Provider: func(mfa.AAGUID) string { return "Some Provider" },
		Draw: func(text string) ([]string, error) {
			if text == "undrawable" {
				return nil, errors.New("too long")
			}
			return []string{"10", "01"}, nil
		},
	}
	return New(Config{Context: t.Context(), Seat: seat, Version: "1.2.3", Pictures: pictures, Dialogs: closed{}, Log: slog.New(slog.NewTextHandler(log, nil))}), log
}

// closed is a person who closes every dialog.
type closed struct{}

func (closed) OpenFile(string) (string, error)         { return "", nil }
func (closed) SaveFile(string, string) (string, error) { return "", nil }

// everything is a state in which each field says something.
func everything() desk.State {
	at := time.UnixMilli(1_700_000_000_123)
	return desk.State{
		Phase: desk.PhaseHome, Sandbox: true, HasSandbox: true,
		Account: &mfa.Account{ID: "123456789012", Alias: "acme", RPID: "keyferry.internal", FrozenAt: at, Sandbox: true, Version: 4, Settings: mfa.DefaultSettings()},
		Person: &desk.Person{Session: mfa.Session{PrincipalID: "P", StartedAt: at, MFAAt: at.Add(time.Second), RecoveredAt: at, Limit: mfa.LimitSetUpDevice},
			Principal: mfa.Principal{Kind: mfa.Root, Email: "a@b.example"}, Device: "pixel", Administrator: true,
			Verdict: enforcement.Verdict{State: enforcement.Grace, Reason: enforcement.NoDevice, Deadline: at.Add(time.Hour)}},
		Vault: &vault.State{Status: vault.Open, System: "Keyring", Store: mfa.CodeVaultStoreLocked,
			Slots: []mfa.KeySlot{{ID: "S", Kind: mfa.SlotSystem, CreatedAt: at}}},
		Ended:        desk.EndedIdle,
		LastIdentity: &mfa.Identity{Kind: mfa.User, Name: "ada"},
		Backups:      []string{"one.db"},
	}
}

func running() *desk.Ceremony {
	state := everything()
	return &desk.Ceremony{ID: 3, Purpose: desk.PurposeEnrol, Name: "pixel", Stage: mfa.StageShowQR, Reached: []mfa.Stage{mfa.StageNeedsBluetooth},
		QR: "FIDO:/1", Until: time.UnixMilli(5), Radio: "hci0", Signal: -40, Candidate: &ceremony.Candidate{Provider: "P", Synced: true, OnPhone: true},
		Device: &mfa.Device{ID: "d", Kind: mfa.KindPasskey, Passkey: &mfa.Credential{}}, State: &state, Failure: mfa.Fail(mfa.CodeNameTaken, "name", "x")}
}

func deviceOf() mfa.Device {
	return mfa.Device{ID: "d", Kind: mfa.KindPasskey, Name: "pixel", Passkey: &mfa.Credential{Algorithm: -8}}
}
