package bind

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
)

// fake is a back end that answers from its fields.
type fake struct {
	state    desk.State
	devices  []mfa.Device
	running  *desk.Ceremony
	err      error
	panics   any
	secret   *mfa.Secret // what SignIn and CreateAccount were given
	typed    string
	picture  []byte
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

func (f *fake) State() desk.State { f.do(); return f.state }
func (f *fake) CreateAccount(_ context.Context, n account.NewAccount) (desk.State, error) {
	f.secret, f.typed = n.Password, string(n.Password.Bytes())
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
	f.secret, f.typed = p, string(p.Bytes())
	return desk.SignIn{State: f.state, Devices: f.devices}, f.do()
}
func (f *fake) CancelSignIn() desk.State                          { return f.state }
func (f *fake) SignOut(context.Context) (desk.State, error)       { return f.state, f.do() }
func (f *fake) Devices(context.Context) ([]mfa.Device, error)     { return f.devices, f.do() }
func (f *fake) CheckDeviceName(context.Context, string) error     { return f.do() }
func (f *fake) RemoveDevice(context.Context, string, int64) error { return f.do() }
func (f *fake) Links(context.Context) ([]mfa.LinkedPhone, error)  { return nil, f.do() }
func (f *fake) ForgetLink(context.Context, string) error          { return f.do() }
func (f *fake) BeginPhoneSignIn(string) (desk.Ceremony, error)    { return *f.running, f.do() }
func (f *fake) NewCode() (desk.Ceremony, error)                   { return *f.running, f.do() }
func (f *fake) ConfirmDevice(bool) error                          { return f.do() }
func (f *fake) CancelCeremony()                                   {}
func (f *fake) Ceremony() *desk.Ceremony                          { return f.running }
func (f *fake) AnswerSimulatedPhone(bool) error                   { return f.do() }
func (f *fake) SimulatedPhone() (phonesim.State, error)           { return phonesim.State{}, f.do() }
func (f *fake) Subscribe(l func(desk.Event))                      { f.listener = l }
func (f *fake) Close() error                                      { f.closed++; return nil }
func (f *fake) RenameDevice(context.Context, string, int64, string) (mfa.Device, error) {
	return mfa.Device{}, f.do()
}
func (f *fake) BeginEnrolment(context.Context, string) (desk.Ceremony, error) {
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
	return New(Config{Context: t.Context(), Seat: seat, Version: "1.2.3", Pictures: pictures, Log: slog.New(slog.NewTextHandler(log, nil))}), log
}

// everything is a state in which each field says something.
func everything() desk.State {
	at := time.UnixMilli(1_700_000_000_123)
	return desk.State{
		Phase: desk.PhaseHome, Sandbox: true, HasSandbox: true,
		Account:      &mfa.Account{ID: "123456789012", Alias: "acme", RPID: "keyferry.internal", FrozenAt: at, Sandbox: true},
		Session:      &mfa.Session{StartedAt: at, MFAAt: at.Add(time.Second)},
		Principal:    &mfa.Principal{Kind: mfa.Root, Email: "a@b.example"},
		Device:       "pixel",
		LastIdentity: &mfa.Identity{Kind: mfa.User, Name: "ada"},
		Backups:      []string{"one.db"},
	}
}

func running() *desk.Ceremony {
	state := everything()
	return &desk.Ceremony{ID: 3, Purpose: desk.PurposeEnrol, Name: "pixel", Stage: mfa.StageShowQR, Reached: []mfa.Stage{mfa.StageNeedsBluetooth},
		QR: "FIDO:/1", Until: time.UnixMilli(5), Radio: "hci0", Signal: -40, Candidate: &ceremony.Candidate{Provider: "P", Synced: true, OnPhone: true},
		Device: &mfa.Device{ID: "d", Kind: mfa.KindPasskey}, State: &state, Failure: mfa.Fail(mfa.CodeNameTaken, "name", "x")}
}

func deviceOf() mfa.Device {
	return mfa.Device{ID: "d", Kind: mfa.KindPasskey, Name: "pixel", Passkey: &mfa.Credential{Algorithm: -8}}
}
