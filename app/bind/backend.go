package bind

import (
	"context"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
)

// Backend is the part of desk.Desk that the page uses. The failure codes of
// each method stand there.
type Backend interface {
	Session
	Devices
	Ceremonies
	SimulatedPhone
	// Subscribe sets the one receiver of events.
	Subscribe(func(desk.Event))
	// Close ends a running ceremony and shuts the data.
	Close() error
}

// Session is who sits here.
type Session interface {
	State() desk.State
	CreateAccount(context.Context, account.NewAccount) (desk.State, error)
	OpenSandbox(context.Context) desk.State
	LeaveSandbox(context.Context) desk.State
	SignIn(context.Context, mfa.Identity, *mfa.Secret) (desk.SignIn, error)
	CancelSignIn() desk.State
	SignOut(context.Context) (desk.State, error)
}

// Devices is what belongs to the person who is signed in.
type Devices interface {
	Devices(context.Context) ([]mfa.Device, error)
	CheckDeviceName(ctx context.Context, name string) error
	RenameDevice(ctx context.Context, id string, version int64, name string) (mfa.Device, error)
	RemoveDevice(ctx context.Context, id string, version int64) error
	Links(context.Context) ([]mfa.LinkedPhone, error)
	ForgetLink(ctx context.Context, id string) error
}

// Ceremonies is the one ceremony that runs.
type Ceremonies interface {
	BeginEnrolment(ctx context.Context, name string) (desk.Ceremony, error)
	BeginPhoneSignIn(linkedID string) (desk.Ceremony, error)
	NewCode() (desk.Ceremony, error)
	ConfirmDevice(yes bool) error
	CancelCeremony()
	Ceremony() *desk.Ceremony
}

// SimulatedPhone is there in the evaluation sandbox only: not-found elsewhere.
type SimulatedPhone interface {
	ScanWithSimulatedPhone(ctx context.Context, picture []byte) (phonesim.State, error)
	AnswerSimulatedPhone(approve bool) error
	SetSimulatedPhone(phonesim.Behaviour, phonesim.Model) (phonesim.State, error)
	SimulatedPhone() (phonesim.State, error)
}

// Pictures is what a DTO needs that is not in the domain.
type Pictures struct {
	// Draw gives the rows of a QR code without its quiet zone, "1" is dark.
	Draw func(text string) ([]string, error)
	// Provider names the model of an authenticator, "" when it is not known.
	Provider func(mfa.AAGUID) string
}
