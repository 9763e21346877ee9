package report

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Config is what a Service is made of.
type Config struct {
	Store    mfa.Store
	Accounts *account.Service
	Clock    func() time.Time
}

// Service makes reports. It is safe for concurrent use.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

// Row is one principal in the report.
type Row struct {
	Kind            mfa.PrincipalKind
	User            string // RootAccount for root
	ARN             string
	CreatedAt       time.Time
	PasswordEnabled bool
	PasswordUsedAt  time.Time // zero: never
	PasswordAt      time.Time // zero: there is none
	MFAActive       bool      // at least one device
	Passkeys        int
	Apps            int
	Tokens          int
	LastUsedAt      time.Time // the last use of any device; zero: never
}

// RootAccount is what AWS's report calls the root user.
const RootAccount = "<root_account>"

// Make makes the report as of now, root first, then by name, and writes down that it
// was made. access-denied, or as account.May fails.
func (s *Service) Make(ctx context.Context, who mfa.Session) ([]Row, error) {
	acting, err := s.Accounts.May(ctx, who, mfa.OpCredentialReport, "")
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Overviews(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(all))
	for i, o := range all {
		rows[i] = Row{Kind: o.Kind, User: o.Name, ARN: mfa.PrincipalARN(acting.Account, mfa.Principal{Kind: o.Kind, Path: o.Path, Name: o.Name}),
			CreatedAt: o.CreatedAt, PasswordEnabled: o.HasPassword, PasswordUsedAt: o.PasswordUsedAt, PasswordAt: o.PasswordAt,
			MFAActive: o.Devices() > 0, Passkeys: o.Passkeys, Apps: o.Apps, Tokens: o.Tokens, LastUsedAt: o.LastUsedAt}
		if o.Kind == mfa.Root {
			rows[i].User = RootAccount
		}
	}
	return rows, s.Store.AddEvent(ctx, mfa.Event{At: s.Clock(), Kind: mfa.EventReportMade, PrincipalID: who.PrincipalID})
}
