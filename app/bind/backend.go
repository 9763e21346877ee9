package bind

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/archive"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/simkey"
	"github.com/keyferry/keyferry/backend/stock"
)

// Backend is desk.Desk as the page needs it. The failure codes of each method stand
// there. What only needs somebody to be signed in goes through Seat straight to the
// use case.
type Backend interface {
	Seats
	SignIns
	Ceremonies
	Apps
	Previews
	Files
	Secrets
	SecurityKeys
	SimulatedPhone
	SimulatedKey
	// Now is the time that codes go by.
	Now() time.Time
	// Subscribe sets the one receiver of events.
	Subscribe(func(desk.Event))
	// Close ends a running ceremony and shuts the data.
	Close() error
}

// Seats is who sits here, and where.
type Seats interface {
	State() desk.State
	OpenSandbox(context.Context) desk.State
	LeaveSandbox(context.Context) desk.State
	Seat() (*desk.House, mfa.Session, error)
	Touch()
	Refresh(context.Context) error
	Removed(mfa.Session)
}

// SignIns is the way to a session and back.
type SignIns interface {
	CreateAccount(context.Context, account.NewAccount) (desk.State, error)
	SignIn(context.Context, mfa.Identity, *mfa.Secret) (desk.SignIn, error)
	SignInWithCode(ctx context.Context, code string) (desk.SignIn, error)
	SignInWithRecovery(ctx context.Context, code *mfa.Secret) (desk.SignIn, error)
	ResyncAtSignIn(ctx context.Context, deviceID, first, second string) error
	CancelSignIn() desk.State
	SignOut(context.Context) (desk.State, error)
}

// Ceremonies is the one ceremony that runs.
type Ceremonies interface {
	BeginEnrolment(ctx context.Context, targetID, name string, road mfa.Road) (desk.Ceremony, error)
	BeginSecondFactor(road mfa.Road, linkedID string) (desk.Ceremony, error)
	BeginPasskeySignIn(context.Context, mfa.Road) (desk.Ceremony, error)
	ComputerAlone(context.Context) (bool, error)
	GivePIN(*mfa.Secret) error
	ChooseAccount(question, account int) error
	NewCode() (desk.Ceremony, error)
	ConfirmDevice(yes bool) error
	CancelCeremony()
	Ceremony() *desk.Ceremony
}

// Apps is the one authenticator app that is being added.
type Apps interface {
	CreateApp(ctx context.Context, targetID, name string) (ceremony.NewApp, error)
	ShowApp(func(uri, key *mfa.Secret) error) error
	EnableApp(ctx context.Context, deviceID, first, second string) (mfa.Device, error)
	CancelApp(context.Context) error
}

// Previews is what was read from files and not imported yet.
type Previews interface {
	ShowTokens(mfa.Session, *stock.Preview) (id string, err error)
	UseTokens(ctx context.Context, id string, do func(context.Context, *stock.Preview) error) error
	ShowUsers(mfa.Session, *account.UserList) (id string, err error)
	UseUsers(ctx context.Context, id string, do func(context.Context, *account.UserList) error) error
	ClosePreview(id string)
	Progress(id string) func(done, total int)
	Download(ctx context.Context, session mfa.Session, do func(context.Context) error) error
	CancelDownload()
}

// Files is what the person chose.
type Files interface {
	Choose(path string) (desk.File, error)
	Drop(paths []string)
	ReadFile(id string, max int) (desk.File, []byte, error)
	RehearseBackup(ctx context.Context, fileID string, passphrase *mfa.Secret) (archive.Summary, error)
	RestoreBackup(ctx context.Context, fileID string, passphrase *mfa.Secret, replaceOther bool) (desk.State, error)
}

// Secrets is the vault.
type Secrets interface {
	Unlock(ctx context.Context, passphrase *mfa.Secret) (desk.State, error)
	UnlockWithFile(ctx context.Context, fileID string) (desk.State, error)
	SetPassphrase(ctx context.Context, passphrase *mfa.Secret) (desk.State, error)
	RemoveSlot(ctx context.Context, id string) (desk.State, error)
	MakeRecoveryFile(ctx context.Context, ask func() (bool, error), save func(*mfa.Secret) error) error
}

// SecurityKeys is what is plugged in.
type SecurityKeys interface {
	Keys(context.Context) ([]keys.Key, error)
	ResetKey(ctx context.Context, id string) error
	CancelReset()
}

// SimulatedKey is there in the evaluation sandbox only: not-found elsewhere.
type SimulatedKey interface {
	TouchSimulatedKey() error
	PlugSimulatedKey(on bool) (simkey.State, error)
	SetSimulatedKey(simkey.Model) (simkey.State, error)
	SimulatedKey() (simkey.State, error)
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

// Dialogs are the system's own. Both give "" when the person closed them.
type Dialogs interface {
	OpenFile(title string) (path string, err error)
	SaveFile(title, name string) (path string, err error)
}
